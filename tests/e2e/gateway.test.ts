// Real devices on the real program: a gateway publishes only for its own sensors, and rejections are visible.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { MqttClient } from 'mqtt';
import { callApi } from '../../packages/local-cloud/tests/http-api/call-api.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  connectDevice,
  createDevice,
  filesOf,
  queryWindows,
  startTidegate,
  whenClosed,
  type Tidegate,
} from './tidegate.ts';

type Json = Record<string, unknown>;

const certs = temporaryFolder();
let tidegate: Tidegate;

beforeAll(async () => {
  tidegate = await startTidegate(temporaryFolder());
  for (const name of ['gw-1', 'gw-2', 'esp-1', 'tasmota-1']) await createDevice(tidegate, name, certs);
});
afterAll(async () => {
  await tidegate.stop();
});

async function connected(name: string, work: (client: MqttClient) => Promise<void>): Promise<void> {
  const client = await connectDevice(tidegate, name, certs);
  await work(client);
  await client.endAsync();
}

const publish = (client: MqttClient, topic: string, payload: string) =>
  client.publishAsync(topic, payload, { qos: 1 });

/** Until a window of the device has that maximum. */
const hasMaximum = (deviceId: string, metric: string, value: string) =>
  eventually(`${metric} ${value} of ${deviceId}`, async () => {
    const items = await queryWindows(tidegate, deviceId);
    return items.some((item) => item[`${metric}.max`]?.N === value);
  });

async function get(path: string): Promise<Json> {
  const { status, body } = await callApi(tidegate.endpoints.outputs['ApiUrl']!, { path });
  return status === 200 ? (JSON.parse(body) as Json) : {};
}

function mails(): string[] {
  const folder = path.join(tidegate.dataDir, 'mail');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => readFileSync(path.join(folder, file), 'utf8'));
}

test("a gateway's sensor has its own windows, from JSON and from bare numbers", async () => {
  await connected('gw-1', async (client) => {
    await publish(client, 'telemetry/lab/gw-1/attic', '{"humidity":51,"battery":91}');
    await publish(client, 'telemetry/lab/gw-1/attic/temperature', '21.5');
    await publish(client, 'telemetry/lab/gw-1/temperature', '3.5');
    await hasMaximum('gw-1:attic', 'humidity', '51');
    await hasMaximum('gw-1:attic', 'temperature', '21.5');
    await hasMaximum('gw-1', 'temperature', '3.5');
  });
  const sensor = await get('/devices/gw-1:attic');
  assert.deepEqual([sensor['deviceId'], sensor['site']], ['gw-1:attic', 'lab']);
});

test('a deeper topic of Basic Ingest is the same sensor', async () => {
  await connected('gw-1', async (client) => {
    await publish(client, '$aws/rules/TelemetryRule/telemetry/lab/gw-1/cellar', '{"temperature":7.5}');
    await publish(client, '$aws/rules/TelemetryRule/telemetry/lab/gw-1/cellar/north', '{"temperature":6.5}');
    await hasMaximum('gw-1:cellar', 'temperature', '7.5');
    await hasMaximum('gw-1:cellar:north', 'temperature', '6.5');
  });
});

for (const topic of [
  'telemetry/lab/gw-1',
  'telemetry/lab/gw-1/gw-2',
  'telemetry/lab/gw-1/gw-2/temperature',
  'telemetry/lab/gw-1/attic/gw-2',
  '$aws/rules/TelemetryRule/telemetry/lab/gw-1/gw-2',
  '$aws/rules/MalformedRule/telemetry/lab/gw-2',
]) {
  test(`a device that publishes on ${topic}, which is not its own, is disconnected`, async () => {
    const client = await connectDevice(tidegate, 'gw-2', certs);
    const closed = whenClosed(client);
    client.publish(topic, '{"temperature":99}', { qos: 1 });
    await closed;
    await client.endAsync(true);
    for (const deviceId of ['gw-1', 'gw-1:gw-2', 'gw-1:attic:gw-2']) {
      const items = await queryWindows(tidegate, deviceId);
      assert.ok(!items.some((item) => item['temperature.max']?.N === '99'));
    }
  });
}

test('nan in the text of a message leaves its neighbour, and is named', async () => {
  await connected('esp-1', async (client) => {
    await publish(client, 'telemetry/lab/esp-1', '{"temperature":nan,"humidity":44.1}');
    await hasMaximum('esp-1', 'humidity', '44.1');
  });
  const device = await eventually('what was skipped', async () => {
    const found = await get('/devices/esp-1');
    return found['skipped'] !== undefined && found;
  });
  assert.deepEqual(device['skipped'], ['temperature (no-value)']);
});

test('a rejected reading is on the device with the reason and the remedy, and in the errors bucket under its name', async () => {
  await connected('esp-1', async (client) => {
    await publish(client, 'telemetry/lab/esp-1', '{"timestamp":0,"temperature":4}');
    await publish(client, 'telemetry/lab/esp-1', "{'temperature': 4}");
  });
  const rejections = await eventually('both reasons', async () => {
    const { rejections: found = [] } = await get('/devices/esp-1/rejections');
    return (found as Json[]).length === 2 && (found as Json[]);
  });
  const byReason = new Map(rejections.map((rejection) => [rejection['reason'], rejection]));
  assert.equal(
    byReason.get('timestamp-not-positive')?.['remedy'],
    "set the device's clock before it sends a timestamp, or leave the timestamp out",
  );
  assert.match(String(byReason.get('not-json-object')?.['detail']), /stops being JSON at character 2/);
  const { lastRejection } = await get('/devices/esp-1');
  assert.deepEqual(lastRejection, rejections[0]);
  const kept = filesOf(tidegate, 'ErrorsBucket').filter((file) => file.includes('/rejected/esp-1/'));
  assert.equal(kept.length, 2);
});

test("an alert rises for the temperature that Tasmota's sensor measures", async () => {
  await connected('tasmota-1', async (client) => {
    const payload =
      '{"Time":"2026-11-29T13:45:00","BME280":{"Temperature":21.2,"Humidity":64.5},"TempUnit":"C"}';
    await publish(client, 'telemetry/lab/tasmota-1', payload);
    await hasMaximum('tasmota-1', 'BME280_Temperature', '21.2');
    await eventually('the mail', () =>
      mails().some((mail) => /BME280_Temperature 21\.2 \S+ above 8 \S+.*tasmota-1/s.test(mail)),
    );
  });
});
