// Unexpected behaviour of devices, found by trying: times, scales, stray bytes and the temperature of chips.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { decimalText } from '../../core/decimal.ts';
import { parseMessage } from '../../core/message.ts';

const NOW = Date.parse('2026-11-29T13:45:00Z');
const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const context = { deviceId: 'd', site: 'lab', receivedAt: NOW, traceId: 't' };

/** `metric=value` of all readings, with the seconds before the arrival if they have their own time; or the reason. */
function shown(bytes: string | Buffer, levels: object = {}): string {
  const rawPayload = Buffer.from(bytes).toString('base64');
  const { accepted, rejected } = parseMessage({ rawPayload, ...context, ...levels }, limits);
  const readings = accepted.map(({ metrics, timestamp }) => {
    const values = metrics.map(({ name, value }) => `${name}=${decimalText(value)}`);
    return [...(timestamp === NOW ? [] : [`-${(NOW - timestamp) / 1000}s`]), ...values].join(' ');
  });
  return [...readings, ...rejected.map(({ reason }) => reason)].join(' | ');
}

const at = NOW - 5000;
const cases: readonly (readonly [fact: string, payload: string | Buffer, expected: string])[] = [
  [
    'a timestamp beside the time of Tasmota',
    `{"timestamp":${at},"Time":"2026-11-29T14:44:00","BME280":{"Temperature":5},"TempUnit":"C"}`,
    '-5s BME280_Temperature=5',
  ],
  [
    'a timestamp that is too old, in a known format',
    '{"timestamp":"2020-01-01T00:00:00Z","Time":"2026-11-29T14:44:00","BME280":{"Temperature":5}}',
    'too-late',
  ],
  [
    'a timestamp of AirGradient',
    `{"timestamp":${at},"pm02":3,"rco2":447,"wifi":-46,"serialno":"x"}`,
    '-5s pm02=3 rco2=447 wifi=-46',
  ],
  ['a timestamp of Shelly', `{"timestamp":${at},"switch:0":{"id":0,"apower":3}}`, '-5s switch_0_apower=3'],
  [
    'Fahrenheit of a flat Tasmota',
    '{"Time":"2026-11-29T14:44:00","Temperature":71.2,"Light":10,"TempUnit":"F"}',
    'Temperature_F=71.2 Light=10',
  ],
  [
    'Fahrenheit of a probe',
    '{"Time":"2026-11-29T14:44:00","MAX31855":{"ProbeTemperature":71.2},"TempUnit":"F"}',
    'MAX31855_ProbeTemperature_F=71.2',
  ],
  ['Fahrenheit by a member beside it', '{"temperature":72.5,"unit":"F"}', 'temperature_F=72.5'],
  [
    'Fahrenheit of Zigbee2MQTT',
    '{"temperature":70.2,"temperature_unit":"fahrenheit","linkquality":77}',
    'temperature_F=70.2 linkquality=77',
  ],
  ['Fahrenheit by a member in the plural', '{"temp":41,"temp_units":"degF"}', 'temp_F=41'],
  ['Fahrenheit by its scale', '{"temperature":41,"scale":"F"}', 'temperature_F=41'],
  ['a scale that is a number', '{"temperature":41,"scale":2}', 'temperature=41 scale=2'],
  ['the zero that ends a text in C', '{"temperature":5}\0', 'temperature=5'],
  ['a bare number with that zero', '21.5\0', 'value=21.5'],
  ['a degree sign of one byte', Buffer.from('{"temperature":5,"unit":"\xb0C"}', 'latin1'), 'temperature=5'],
  ['a bare number with its unit', '21.5 °C', 'value=21.5'],
  [
    'the chip temperature of an OpenMQTTGateway',
    '{"uptime":5,"version":"v1.8","freemem":120000,"rssi":-60,"SSID":"x","tempc":53.3,"modules":["BT"]}',
    'uptime=5 freemem=120000 rssi=-60 chip_tempc=53.3',
  ],
  ['a line of a log', 'ERROR code=5', 'not-json-object'],
  ['a line of a log with a level in brackets', '[warn] heap=5', 'not-json-object'],
  ['a point without tags and time', 'weather temp=5', 'temp=5'],
  ['a point with a word of logs and a tag', 'status,room=a temp=5', 'temp=5'],
  [
    'a sensor of airRohr that did not answer',
    '{"sensordatavalues":[{"value_type":"temperature","value":"-128.00"},{"value_type":"humidity","value":"-1.00"},{"value_type":"SDS_P1","value":"4.2"}]}',
    'SDS_P1=4.2',
  ],
  ['a time in milliseconds under its own name', `{"ts_ms":${at},"temperature":5}`, '-5s temperature=5'],
  ['a time deeper in the payload', `{"temperature":5,"meta":{"ts":${at},"fw":3}}`, 'temperature=5 meta_fw=3'],
  [
    'an uplink with only normalized values',
    '{"end_device_ids":{"device_id":"n"},"uplink_message":{"decoded_payload":{},"normalized_payload":[{"air":{"temperature":21.5}}]}}',
    'air_temperature=21.5',
  ],
  [
    'the internal temperature of a relay',
    '{"wifi_sta":{"rssi":-60},"mac":"AABBCC","relays":[{"ison":true}],"temperature":64.1}',
    'wifi_sta_rssi=-60 relays_0_ison=1 device_temperature=64.1',
  ],
];
for (const [fact, payload, expected] of cases) {
  test(`${fact} gives ${expected}`, () => assert.equal(shown(payload), expected));
}

const broken: readonly (readonly [payload: string, detail: RegExp])[] = [
  ['{"a":[{"b":1}],"b":{"c":}}', /at character 25, after ".*\\"c\\":}": Unexpected token '}'/],
  ['{"a":1,"b":tru}', /at character 15, after/],
  ['{"a":1', /at character 7, after/],
  ['{"a":', /at its end, after 5 characters/],
];
for (const [payload, detail] of broken) {
  test(`${payload} says where it stops being JSON`, () => {
    const rawPayload = Buffer.from(payload).toString('base64');
    const [rejection] = parseMessage({ rawPayload, ...context }, limits).rejected;
    assert.match(rejection!.detail, detail);
  });
}
