// The life of devices: created from a table, listed by site and by name, deleted with their alerts.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { callApi } from '../../packages/local-cloud/tests/http-api/call-api.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { connectDevice, runScript, startTidegate, type Tidegate } from './tidegate.ts';

const folder = temporaryFolder();
const certs = path.join(folder, 'certs');
let tidegate: Tidegate;
const device = (...args: string[]) =>
  runScript('device-sim/device.ts', [...args, '--local', '--data-dir', tidegate.dataDir]);
const alerts = async () =>
  (await runScript('commands/alerts.ts', ['--format', 'csv', '--data-dir', tidegate.dataDir])).stdout;

async function devices(query: Record<string, string>): Promise<string[]> {
  const { body } = await callApi(tidegate.endpoints.outputs['ApiUrl']!, { path: '/devices', query });
  return (JSON.parse(body) as { devices: { deviceId: string }[] }).devices.map(({ deviceId }) => deviceId);
}

async function publish(name: string, site: string, temperature: number) {
  const client = await connectDevice(tidegate, name, certs);
  await client.publishAsync(`telemetry/${site}/${name}`, JSON.stringify({ temperature }), { qos: 1 });
  return client;
}

beforeAll(async () => {
  tidegate = await startTidegate(temporaryFolder());
});

afterAll(async () => {
  await tidegate.stop();
});

test('devices of a table send, are listed by site, and are forgotten with their alerts', async () => {
  const table = path.join(folder, 'devices.csv');
  writeFileSync(table, 'name,type,units\nb-1,sensor,temperature=°C\na-1,sensor,\nc-1,probe,\n');
  const made = await device('create', '--from', table, '--out', certs);
  assert.equal(made.code, 0, made.stderr);
  const open = [
    await publish('b-1', 'north', 11),
    await publish('a-1', 'north', 4),
    await publish('c-1', 'south', 4),
  ];
  await eventually('the alert', async () => /\ncritical,b-1,temperature-high,/.test(await alerts()));
  await eventually('all devices', async () => (await devices({ state: 'online' })).length === 3);
  assert.deepEqual(await devices({ site: 'north' }), ['a-1', 'b-1']);
  assert.deepEqual(await devices({ type: 'prob*' }), ['c-1']);
  assert.deepEqual(await devices({ state: 'alarm' }), ['b-1']);

  const deleted = await device('delete', 'b-1', '--out', certs, '--yes');
  assert.match(
    deleted.stdout,
    /^deleted {2}b-1: thing, 1 certificate, record, alerts ended: temperature-high, 2 files in /,
  );
  assert.equal(await alerts(), 'severity,device,rule,since,value,acknowledged by,snoozed until\n');
  assert.deepEqual(await devices({}), ['a-1', 'c-1']);
  assert.ok(!existsSync(path.join(certs, 'b-1.key.pem')));
  const again = await device('delete', 'b-1', '--out', certs, '--yes');
  assert.match(again.stdout, /^b-1: nothing to delete\n/);
  const { status } = await callApi(tidegate.endpoints.outputs['ApiUrl']!, { path: '/devices/b-1/windows' });
  assert.equal(status, 200); // what it sent stays
  for (const client of open.slice(1)) await client.endAsync();
  open[0]!.end(true);
});
