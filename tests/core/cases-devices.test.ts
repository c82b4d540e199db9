// The payloads in cases/devices.tsv, as real firmware publishes them: format, device, time and metrics of each, or the rejection.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readCases } from '../support/device-cases.ts';
import { parseText, summary } from '../support/format-cases.ts';

const LIMITS = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };

/** The format, its readings as `summary` writes them (`@now` is the device's own time), and, if it matters, what is skipped. */
type Expected = readonly [format: string | undefined, readings: string, skipped?: readonly string[]];

const expected: Readonly<Record<string, Expected>> = {
  'tasmota-sensor-bme280': [
    'tasmota',
    'dev@arrival BME280_Temperature=21.2 BME280_Humidity=64.5 BME280_DewPoint=14.3 BME280_Pressure=991.4',
    ['Time unused-time', 'TempUnit not-measured'],
  ],
  'tasmota-state': [
    'tasmota',
    'dev@arrival POWER=1 Wifi_RSSI=78 Wifi_Signal=-61',
    ['Time unused-time', 'UptimeSec not-measured', 'MqttCount not-measured'],
  ],
  'shelly-gen1-plain-number': ['value', 'dev@arrival value=21.5'],
  'shelly-gen2-status-switch0': [
    'shelly',
    'dev@arrival output=1 apower=12.5 voltage=230.1 freq=50 current=0.08 aenergy_total=42 temperature_tC=42.5',
    ['id not-measured', 'aenergy/minute_ts not-measured', 'temperature/tF not-measured'],
  ],
  'shelly-gen2-notifystatus': [
    'shelly',
    'dev@now.040 switch_0_apower=8.25',
    ['params/switch:0/id not-measured'],
  ],
  'shelly-ht-temperature0': ['shelly', 'dev@arrival tC=21.4', ['id not-measured', 'tF not-measured']],
  'zigbee2mqtt-th': [
    'zigbee2mqtt',
    'dev@arrival battery=91 voltage=2985 temperature=23.5 humidity=46.08 pressure=915.5 linkquality=10',
  ],
  'zigbee2mqtt-lastseen': [
    'zigbee2mqtt',
    'dev@now.000 battery=100 linkquality=120 temperature=17.1 humidity=60.1',
    ['update not-measured'],
  ],
  'zigbee2mqtt-contact-only': ['general', 'dev@arrival contact=1'],
  'zigbee2mqtt-bulb': [
    'zigbee2mqtt',
    'dev@arrival brightness=254 color_hue=42 color_saturation=42 color_x=0.3 color_y=0.3 color_temp=500 linkquality=255 state=1',
  ],
  'esphome-sensor-state-plain': ['value', 'dev@arrival value=23.4'],
  'esphome-json-nan': ['general', 'dev@arrival humidity=44.1', ['temperature no-value']],
  'openmqttgateway-ble': [
    'theengs',
    'dev:A4:C1:38:00:11:22@arrival rssi=-60 tempc=21.5 hum=45.2 batt=80 volt=2.9',
    ['tempf not-measured', 'id not-measured'],
  ],
  'ruuvi-decoded': [
    'ruuvi',
    'dev:AA:BB:CC:00:11:22@arrival temperature=25.58 humidity=32.8425 pressure=98702 accelX=0.012 accelY=-0.004 accelZ=1.008 movementCounter=21 voltage=3.013 txPower=4 rssi=-43 measurementSequenceNumber=62865',
    ['dataFormat not-measured'],
  ],
  'chirpstack-v4-up': [
    'chirpstack',
    'dev:em300@now.000 temperature=21.1 humidity=50',
    ['dr not-measured', 'fCnt not-measured', 'fPort not-measured', 'rxInfo not-measured'],
  ],
  'milesight-em300-decoded': ['general', 'dev@arrival battery=92 temperature=30.8 humidity=50.5'],
  'milesight-gateway': [
    'milesight-gateway',
    'dev:24e124136b000000@now.000 battery=92 temperature=30.8 humidity=50.5',
    ['gatewayTime not-measured', 'applicationID not-measured'],
  ],
  'aws-lorawan-uplink': [
    'aws-lorawan',
    'no-metrics: PayloadData of AWS IoT Core for LoRaWAN holds the bytes of the device: let the rule of the destination decode it and send transformed_payload',
  ],
  'senml-array': [
    'senml',
    'dev:urn:dev:ow:10e2073a01080063@now.000 voltage=120.1 current=1.2',
    ['0/bn not-measured', '1/u not-measured'],
  ],
  'senml-old-object': ['senml', 'dev:urn:dev:x@now.000 temperature=22.5 light=135'],
  'aws-docs-sample': [
    'general',
    'dev@arrival temp=54.98 humidity=32.43 coords_latitude=47.615694 coords_longitude=-122.3359976',
    ['deviceid text'],
  ],
  'aws-docs-arrays': ['general', 'dev@arrival humidity=61', ['city text', 'temperature structure']],
  'aws-device-simulator-vehicle': [
    'general',
    'dev@now.000 geolocation_latitude=38.9 geolocation_longitude=-77.1 acceleration=13.79 steeringWheelAngle=0 vehicleSpeed=26.1 engineSpeed=400 fuelLevel=76.8',
    ['creationTimestamp unused-time'],
  ],
  'thingsboard-ts-values': ['thingsboard', 'dev@now.000 temperature=26.1 humidity=50'],
  'owntracks-location': ['owntracks', 'dev@now.000 lat=52.52 lon=13.4 acc=12 batt=88 vel=0'],
  'sensorthings-observation': [
    'sensorthings',
    'dev:5@now.000 result=21.5',
    ['resultTime not-measured', 'Datastream not-measured'],
  ],
  'telegraf-json': ['telegraf', 'dev:pi@now.000 usage_idle=90.1', ['name not-measured']],
  'advantech-wise-4012': [
    'wise-4000',
    'dev@now.000 ai1=2.5 ai2=3.25 di1=1',
    ['s not-measured', 'q not-measured'],
  ],
  'teltonika-rut-modbus': ['teltonika-modbus', 'dev@now.000 temp=215', ['name not-measured']],
  airgradient: [
    'airgradient',
    'dev@arrival pm01=3 pm02=7 pm10=8 atmp=25.87 rhum=43 rco2=447 wifi=-46',
    ['serialno not-measured', 'boot not-measured'],
  ],
  'pm-dot-name': ['general', 'dev@arrival PM2_5=12.1 PM10=20.2 temperature=21'],
  'hyphen-name': ['general', 'dev@arrival temp_c=21.5 humidity=40'],
  'space-name': ['general', 'dev@arrival Room_Temperature=21.5'],
  'underscore-first': ['general', 'dev@arrival rssi=-60 temperature=21.5'],
  'strings-only': ['general', 'dev@arrival temperature=21.5 humidity=40'],
  'readings-object': ['general', 'dev@arrival temperature=21.5 humidity=40'],
  'data-wrapper': ['general', 'dev@now.000 data_temperature=21.5', ['device text']],
  'float-noise-16': ['general', 'dev@arrival temperature=5.6'],
  'math-random': ['general', 'dev@arrival load=0.723174202997147'],
  'python-uniform': ['general', 'dev@arrival temperature=24.123456789012344 pressure=1013.2512345678902'],
  'shadow-reported': ['aws-shadow', 'dev@arrival temperature=21.5'],
  'greengrass-style': ['general', 'dev@now.000 sequence=7', ['message text']],
  'victron-value': ['general', 'dev@arrival value=12.8'],
  'modbus-large-counter': ['general', 'dev@arrival power=5', ['energy_wh out-of-range']],
  'empty-object': ['general', 'no-metrics: reading has no number to record'],
  'utf8-bom': ['general', 'dev@arrival temperature=21.5'],
  'trailing-comma': ['general', 'dev@arrival temperature=21.5'],
  'single-quotes': [
    undefined,
    `not-json-object: the payload stops being JSON at character 2, after "{'": Expected property name or '}'`,
  ],
  csv: [
    undefined,
    'not-json-object: the payload "21.5,40.2,1013" is not JSON: send an object such as {"temperature": 4.2}',
  ],
  'line-protocol': ['line-protocol', 'too-late: timestamp is over 604800 s before its arrival'],
  'two-json-lines': ['general', 'dev@arrival temperature=21.5'],
  'nested-33-metrics': [
    'general',
    `dev@arrival ${Array.from({ length: 32 }, (_, n) => `a${n + 1}=1`).join(' ')}`,
    ['a33 too-many'],
  ],
};

const cases = readCases('devices.tsv');

test('every payload of the table has an expectation', () => {
  assert.deepEqual([...cases.keys()].sort(), Object.keys(expected).sort());
});

for (const [name, payload] of cases) {
  const [format, readings, skipped = []] = expected[name]!;
  test(`${name} is ${readings.slice(0, 80)}`, () => {
    const message = parseText(payload, {}, LIMITS);
    assert.equal(summary(message), readings.replaceAll(/@now(\.\d{3})/g, '@2026-11-29T13:45:00$1Z'));
    assert.equal(message.format, format);
    const named = new Set(message.skipped.map(({ name, reason }) => `${name} ${reason}`));
    assert.deepEqual(
      skipped.filter((each) => !named.has(each)),
      [],
    );
  });
}

test('all but five give readings, and those five say why not', () => {
  const refused = [...cases].filter(([, payload]) => parseText(payload, {}, LIMITS).accepted.length === 0);
  assert.deepEqual(
    refused.map(([name]) => name),
    ['aws-lorawan-uplink', 'empty-object', 'single-quotes', 'csv', 'line-protocol'],
  );
});

test('values that are left out are named, and rounded values are counted', () => {
  assert.equal(parseText(cases.get('float-noise-16')!).rounded, 1);
  assert.equal(parseText(cases.get('math-random')!).rounded, 1);
  assert.equal(parseText(cases.get('python-uniform')!).rounded, 0);
});
