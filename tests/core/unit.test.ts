// Units: the spellings of devices become those that people read, belong to the metric, and are never guessed.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { celsiusOfFahrenheit } from '../../core/celsius.ts';
import { decimalFromText, decimalText } from '../../core/decimal.ts';
import type { Mapped } from '../../core/mapping.ts';
import { parseMessage } from '../../core/message.ts';
import { asciiUnits, unitOf, unitsOf, unitsOfAttribute } from '../../core/unit.ts';

const spellings: readonly (readonly [text: string, unit: string | undefined])[] = [
  ['Cel', '°C'],
  ['C', '°C'],
  ['celsius', '°C'],
  ['CELSIUS', '°C'],
  ['℃', '°C'],
  ['[degF]', '°F'],
  ['FAH', '°F'],
  ['%RH', '%'],
  ['percent', '%'],
  ['ug/m3', 'µg/m³'],
  ['mW', 'mW'],
  ['MW', 'MW'],
  ['VAr', 'var'],
  ['lux', 'lx'],
  [' hPa ', 'hPa'],
  ['furlong', 'furlong'],
  ['', undefined],
  ['-', undefined],
  ['1', undefined],
  ['a text that is not a unit', undefined],
  ['a\u202Eb', undefined],
];
for (const [text, unit] of spellings) {
  test(`"${text}" is ${unit ?? 'not a unit'}`, () => assert.equal(unitOf(text), unit));
}

test('the spelling for people stays the same, and every unit fits a text message', () => {
  const property = fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
    const unit = unitOf(text);
    if (unit !== undefined) assert.equal(unitOf(unit), unit);
  });
  fc.assert(property, { numRuns: 5000, seed: 3 });
  for (const [text, unit] of spellings)
    if (unit !== undefined) assert.match(asciiUnits(unitOf(text)!), /^[ -~]+$/);
});

const NOW = 1_790_000_000_000;
const LIMITS = { maxLatenessSeconds: 60, maxSkewSeconds: 60 };
const CONTEXT = { deviceId: 'd', site: 's', receivedAt: NOW, traceId: 't' };

function shown(payload: string, mapped?: Mapped): string {
  const rawPayload = Buffer.from(payload).toString('base64');
  const { accepted, rejected } = parseMessage({ rawPayload, ...CONTEXT }, LIMITS, mapped);
  const metrics = accepted.flatMap((reading) => reading.metrics);
  const values = metrics.map(
    ({ name, value, unit }) => `${name}=${decimalText(value)}${unit === undefined ? '' : ` ${unit}`}`,
  );
  return [...values, ...rejected.map(({ reason }) => reason)].join(', ');
}

const payloads: readonly (readonly [what: string, payload: string, metrics: string])[] = [
  ['a number without a unit', '{"temperature":21.5}', 'temperature=21.5'],
  ['text with a unit', '{"temperature":"21.5 °C","humidity":"51%"}', 'temperature=21.5 °C, humidity=51 %'],
  ['a unit beside a temperature', '{"temperature":21.5,"fan":3,"unit":"C"}', 'temperature=21.5 °C, fan=3'],
  ['a unit beside a value', '{"value":51,"count":2,"unit":"percent"}', 'value=51 %, count=2'],
  ['a unit that is not one of temperature', '{"temperature":21.5,"unit":"kg"}', 'temperature=21.5'],
  ['units by name', '{"a":1,"b":2,"units":{"a":"hPa","c":"V"}}', 'a=1 hPa, b=2'],
  ['a unit deeper in the payload', '{"co2":{"value":420,"unit":"ppm"}}', 'co2_value=420 ppm'],
  ['Fahrenheit', '{"temperature":"41 °F"}', 'temperature_F=41 °F'],
  ['Kelvin', '{"temperature":"278.15","unit":"K"}', 'temperature_K=278.15 K'],
  [
    'SenML',
    '[{"bn":"urn:dev:ow:10e2/","n":"temperature","u":"Cel","v":23.1},{"n":"rh","u":"%RH","v":51}]',
    'temperature=23.1 °C, rh=51 %',
  ],
  [
    'Tasmota in Celsius',
    '{"Time":"2026-11-29T14:44:00","BME280":{"Temperature":21.2,"Pressure":991.4},"PressureUnit":"hPa","TempUnit":"C"}',
    'BME280_Temperature=21.2 °C, BME280_Pressure=991.4 hPa',
  ],
  [
    'Tasmota in Fahrenheit',
    '{"Time":"2026-11-29T14:44:00","BME280":{"Temperature":70.2},"TempUnit":"F"}',
    'BME280_Temperature_F=70.2 °F',
  ],
  ['Shelly', '{"temperature:0":{"id":0,"tC":5.1,"tF":41.2}}', 'temperature_0_tC=5.1 °C'],
  [
    'Home Assistant',
    '{"entity_id":"sensor.attic","state":"21.5","attributes":{"unit_of_measurement":"°C","device_class":"temperature"}}',
    'temperature=21.5 °C',
  ],
  [
    'NGSI-LD',
    '{"id":"urn:ngsi-ld:D:1","type":"D","t":{"type":"Property","value":5,"unitCode":"CEL"}}',
    't=5 °C',
  ],
];
for (const [what, payload, metrics] of payloads) {
  test(`${what} gives ${metrics}`, () => assert.equal(shown(payload), metrics));
}

const mappings: readonly (readonly [what: string, mapped: Mapped, payload: string, metrics: string])[] = [
  [
    'the units of a mapping override those of the payload',
    { id: 'm', isFormat: true, units: { pressure: 'hPa' } },
    '{"pressure":"5 kPa","temperature":"21.5 °C"}',
    'pressure=5 hPa, temperature=21.5 °C',
  ],
  [
    'a mapping gives a unit if the payload has none',
    { id: 'm', isFormat: true, units: { temperature: 'Cel' } },
    '{"temperature":5,"humidity":51}',
    'temperature=5 °C, humidity=51',
  ],
  [
    'a mapping with Fahrenheit puts the scale into the name',
    { id: 'm', isFormat: true, units: { temperature: 'F' } },
    '{"temperature":41}',
    'temperature_F=41 °F',
  ],
  [
    'a mapping converts a format to Celsius',
    { id: 'm', isFormat: true, celsius: true },
    '{"Time":"2026-11-29T14:44:00","BME280":{"Temperature":41,"Humidity":51},"TempUnit":"F"}',
    'BME280_Temperature=5 °C, BME280_Humidity=51',
  ],
  [
    'a mapping converts a name that says Fahrenheit to Celsius',
    { id: 'm', isFormat: true, celsius: true, units: { tempf: '°F' } },
    '{"tempf":100}',
    'temp=37.777777777777778 °C',
  ],
  [
    'a mapping converts Kelvin to Celsius',
    { id: 'm', isFormat: true, celsius: true },
    '{"temperature":"278.15 K","temp":{"value":1}}',
    'temp_value=1',
  ],
  [
    'an expression gives units with its values',
    { id: 'm', output: { temperature: '5 °C', humidity: 51, units: { humidity: '%RH' } } },
    '{}',
    'temperature=5 °C, humidity=51 %',
  ],
  [
    'the units of a mapping apply to its expression',
    { id: 'm', output: { temperature: 41 }, units: { temperature: '°F' }, celsius: true },
    '{}',
    'temperature=5 °C',
  ],
];
for (const [fact, mapped, payload, metrics] of mappings) {
  test(fact, () => assert.equal(shown(payload, mapped), metrics));
}

test('Celsius is accurate to half of the fifteenth decimal', () => {
  const values: readonly (readonly [fahrenheit: string, celsius: string])[] = [
    ['32', '0'],
    ['212', '100'],
    ['-40', '-40'],
    ['41.9', '5.5'],
    ['0', '-17.777777777777778'],
    ['33', '0.555555555555556'],
    ['31', '-0.555555555555556'],
  ];
  for (const [fahrenheit, celsius] of values)
    assert.equal(decimalText(celsiusOfFahrenheit(decimalFromText(fahrenheit)!).value), celsius);
  const property = fc.property(fc.bigInt({ min: -(10n ** 31n), max: 10n ** 31n }), (value) => {
    const { value: celsius, isRounded } = celsiusOfFahrenheit(value);
    const error = celsius * 9n - (value - 32n * 10n ** 15n) * 5n;
    assert.ok(error >= -4n && error <= 4n);
    assert.equal(isRounded, error !== 0n);
  });
  fc.assert(property, { numRuns: 2000, seed: 5 });
});

test('a unit never changes the fingerprint, the time or the values of a reading', () => {
  const readingOf = (payload: object, mapped?: Mapped) =>
    parseMessage({ ...payload, ...CONTEXT }, LIMITS, mapped).accepted.map(({ metrics, ...reading }) => ({
      ...reading,
      metrics: metrics.map(({ name, value }) => ({ name, value })),
    }));
  const unit = fc.constantFrom('°C', 'hPa', '%', 'V', 'made up');
  const property = fc.property(
    fc.dictionary(fc.constantFrom('a', 'b', 'temp'), fc.double()),
    unit,
    (values, u) => {
      const units = { a: u, b: u, temp: u };
      const payload = { ...values, timestamp: NOW };
      assert.deepEqual(readingOf(payload, { id: 'm', isFormat: true, units }), readingOf(payload));
    },
  );
  fc.assert(property, { numRuns: 500, seed: 6 });
});

test('the attribute units of a thing is read part by part, and overrides the units in messages', () => {
  assert.deepEqual(unitsOfAttribute('temperature:C,humidity:percent,,x,9:V,flow:m3/h'), {
    ...{ temperature: '°C', humidity: '%', flow: 'm³/h' },
  });
  const device = { units: { temperature: '°F', rssi: 'dBm' }, attributes: { units: 'temperature:C' } };
  assert.deepEqual(unitsOf(device), { temperature: '°C', rssi: 'dBm' });
  assert.deepEqual(unitsOf({}), {});
});
