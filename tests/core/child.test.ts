// The sensor behind a device and the metric that the deeper levels of a topic name.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { namedByLevels, sensorLevels } from '../../core/formats/child.ts';
import { parseMessage } from '../../core/message.ts';

const levelsOf = (topic: string) => (topic === '' ? [] : topic.split('/'));

const kinds: readonly (readonly [topic: string, sensor: string])[] = [
  ['', ''],
  ['fridge', 'fridge'],
  ['plug/SENSOR', 'plug'],
  ['plug/STATUS8', 'plug'],
  ['SENSOR', ''],
  ['dev1/up', 'dev1'],
  ['a84041/event/up', 'a84041'],
  ['shelly-1/events/rpc', 'shelly-1'],
  ['shelly-1/status/switch:0', 'shelly-1/switch:0'],
  ['status/switch:1', 'switch:1'],
  ['upstairs', 'upstairs'],
  ['status', 'status'],
];
for (const [topic, sensor] of kinds) {
  test(`of ${topic || 'no level'} a known format takes ${sensor || 'the device itself'}`, () =>
    assert.deepEqual(sensorLevels(levelsOf(topic)), levelsOf(sensor)));
}

const bare: readonly (readonly [topic: string, child: string, metric: string])[] = [
  ['', '', 'value'],
  ['temperature', '', 'temperature'],
  ['fridge/temperature', 'fridge', 'temperature'],
  ['sensor/kitchen_temperature/state', '', 'kitchen_temperature'],
  ['esp-1/binary_sensor/door/state', 'esp-1', 'door'],
  ['room/state', 'room', 'state'],
];
for (const [topic, child, metric] of bare) {
  test(`a bare value on ${topic || 'the topic of the device'} is ${metric}${child && ` of ${child}`}`, () =>
    assert.deepEqual(namedByLevels(levelsOf(topic)), { child: levelsOf(child), metric }));
}

const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const context = { deviceId: 'gw', site: 'lab', receivedAt: 1_790_000_000_000, traceId: 't' };

test('a sensor named by both topic and payload is named once', () => {
  const payload = {
    end_device_ids: { device_id: 'dev1' },
    uplink_message: { decoded_payload: { temperature: 4.5 } },
  };
  const levels = { topicLevel4: 'dev1', topicLevel5: 'up' };
  const { accepted } = parseMessage({ ...payload, ...context, ...levels }, limits);
  assert.deepEqual(
    accepted.map(({ deviceId }) => deviceId),
    ['gw:dev1'],
  );
});

test('Fahrenheit is in the name of the metric, so that no limit in Celsius judges it', () => {
  const namesOf = (payload: object) =>
    parseMessage({ ...payload, ...context }, limits).accepted.flatMap(({ metrics }) =>
      metrics.map(({ name }) => name),
    );
  assert.deepEqual(namesOf({ temperature: '40 °F', humidity: '40 %', temp_f: '39°F' }), [
    'temperature_F',
    'humidity',
    'temp_f',
  ]);
  const tasmota = { Time: '2026-11-29T13:45:00', SI7021: { Temperature: 40.1, Humidity: 44 }, TempUnit: 'F' };
  assert.deepEqual(namesOf(tasmota), ['SI7021_Temperature_F', 'SI7021_Humidity']);
});
