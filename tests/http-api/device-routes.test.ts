// Removing devices over HTTP, over the local DynamoDB, and the order of lists.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createAlertHistory } from '../../adapters/alert-history.ts';
import { createAlertStore } from '../../adapters/alert-store.ts';
import { createDeviceStore } from '../../adapters/device-store.ts';
import { createPresenceLog } from '../../adapters/presence-log.ts';
import { createLearnedItems } from '../../adapters/learned-items.ts';
import { createRuleStore } from '../../adapters/rule-store.ts';
import { createWindowHistory } from '../../adapters/window-history.ts';
import type { Severity } from '../../core/alert-rule.ts';
import { stateAfter } from '../../core/alert-step.ts';
import { alertRoutes } from '../../http-api/alert-routes.ts';
import { createHttpApi } from '../../http-api/app.ts';
import { deviceRoutes } from '../../http-api/device-routes.ts';
import { createFindDevices } from '../../pipeline/find-devices.ts';
import { createRemoveDevice } from '../../pipeline/remove-device.ts';
import { openTables, type Tables } from '../adapters/tables.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const now = () => NOW;

let tables: Tables;
let call: (
  method: string,
  path: string,
  more?: { readonly body?: unknown; readonly isGuest?: boolean },
) => Promise<{ status: number; body: Record<string, unknown> }>;
let alerts: ReturnType<typeof createAlertStore>;
let devices: ReturnType<typeof createDeviceStore>;
let history: ReturnType<typeof createAlertHistory>;

beforeAll(async () => {
  tables = await openTables();
  const { client } = tables;
  alerts = createAlertStore({ client, table: 'alerts' });
  devices = createDeviceStore({ client, table: 'devices' });
  history = createAlertHistory({ client, table: 'history', retentionDays: 30 });
  const rules = createRuleStore({ client, table: 'rules', defaults: [] });
  const api = createHttpApi([
    ...deviceRoutes({
      devices,
      history: createWindowHistory({ client, table: 'windows', windowSeconds: 10, now }),
      find: createFindDevices({ devices, alerts }),
      presence: createPresenceLog({ client, table: 'history' }),
      remove: createRemoveDevice({
        devices,
        alerts,
        history,
        rules,
        learnedItems: createLearnedItems({ client, table: 'alerts' }),
        now,
      }),
    }),
    ...alertRoutes({ alerts, history, now }),
  ]);
  call = async (method, path, { body, isGuest = false } = {}) => {
    const request = new Request(`https://api.example${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const resolve = async () => ({
      id: 'ann',
      isGuest,
      group: isGuest ? ('viewer' as const) : ('admin' as const),
    });
    const answer = await api(request, { resolve, onError: (error) => assert.fail(String(error)) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
});
afterAll(() => tables.close());

async function raise(deviceId: string, ruleId: string, severity: Severity, since: number): Promise<void> {
  const finding = { silence: 'silent', value: '1000', limit: '900' } as const;
  const step = { deviceId, site: 'seattle', severity, windowStart: since, since, finding };
  const state = stateAfter(
    { id: ruleId, channels: ['email'] },
    undefined,
    { ...step, transition: 'raised' },
    { now: NOW - 1000 },
  );
  assert.ok(await alerts.transition(undefined, state));
}

test('a device that is removed is forgotten, its alerts end and its snooze with them', async () => {
  await devices.noteSeen('old', 'seattle', NOW - 1_000_000);
  await raise('old', 'silent', 'major', NOW - 1_000_000);
  await raise('old', 'gone', 'minor', NOW - 1_000_000);
  await alerts.snooze('old', { until: NOW + 60_000, by: 'ann' });
  const removed = await call('DELETE', '/devices/old');
  assert.deepEqual(removed, {
    status: 200,
    body: { deviceId: 'old', isRemoved: true, ended: ['gone', 'silent'] },
  });
  assert.equal((await call('GET', '/devices/old')).status, 404);
  const { states, snooze } = await alerts.load('old');
  assert.deepEqual(
    [...states.values()].map(({ state }) => state),
    ['ok', 'ok'],
  );
  assert.equal(snooze, undefined);
  const { entries } = await history.read({ deviceId: 'old', from: NOW - 1, to: NOW + 1, limit: 9 });
  assert.deepEqual(entries.map(({ what, ruleId }) => `${what} ${ruleId}`).sort(), [
    'ended gone',
    'ended silent',
  ]);
});

test('to remove a device again changes nothing, and a message of it makes it known again', async () => {
  await devices.noteSeen('twice', 'seattle', NOW);
  await call('DELETE', '/devices/twice');
  const again = await call('DELETE', '/devices/twice');
  assert.deepEqual(again.body, { deviceId: 'twice', isRemoved: false, ended: [] });
  // Another environment: this one remembers for ten minutes that it has noted the device.
  await createDeviceStore({ client: tables.client, table: 'devices' }).noteSeen('twice', 'seattle', NOW);
  assert.equal((await call('GET', '/devices/twice')).status, 200);
});

test('the alerts of a device end also when only its record was removed before', async () => {
  await raise('half', 'silent', 'major', NOW - 1_000_000);
  assert.deepEqual((await call('DELETE', '/devices/half')).body, {
    ...{ deviceId: 'half', isRemoved: false, ended: ['silent'] },
  });
});

test('an alert that cannot be read is named once all else is done', async () => {
  await devices.noteSeen('broken', 'seattle', NOW);
  await raise('broken', 'silent', 'major', NOW - 1_000_000);
  const Item = { deviceId: { S: 'broken' }, ruleId: { S: 'edited' }, state: { S: 'wrong' } };
  await tables.client.send(new PutItemCommand({ TableName: 'alerts', Item }));
  const { status, body } = await call('DELETE', '/devices/broken');
  assert.equal(status, 409);
  assert.match(String(body['detail']), /rule edited and device broken cannot be read/);
  assert.equal((await alerts.load('broken')).states.get('silent')?.state, 'ok');
  assert.equal(await devices.load('broken'), undefined);
});

test('guests remove nothing, and do not learn from a filter which devices have alerts', async () => {
  await devices.noteSeen('kept', 'seattle', NOW);
  assert.equal((await call('DELETE', '/devices/kept', { isGuest: true })).status, 403);
  assert.ok(await devices.load('kept'));
  for (const state of ['alarm', 'silent'])
    assert.equal((await call('GET', `/devices?state=${state}`, { isGuest: true })).status, 403);
  assert.equal((await call('GET', '/devices?state=online', { isGuest: true })).status, 200);
});

test('alerts are listed with the worst first, then the oldest', async () => {
  const severities = ['minor', 'critical', 'warning', 'major'] as const;
  for (let n = 0; n < 24; n += 1)
    await raise(`s${n}`, 'order', severities[n % 4]!, NOW - ((n * 7) % 24) * 1000);
  const { alerts: shown } = (await call('GET', '/alerts?limit=5')).body as { alerts: { since: number }[] };
  const first = [1, 5, 9, 13, 17, 21].map((n) => ({ n, since: NOW - ((n * 7) % 24) * 1000 }));
  first.sort((a, b) => a.since - b.since);
  assert.deepEqual(
    shown.map(({ since }) => since),
    first.slice(0, 5).map(({ since }) => since),
  );
  const { body } = await call('GET', '/alerts?limit=1000');
  assert.equal(body['isComplete'], false); // one of them cannot be read
  const ranks = (body['alerts'] as { severity: string }[]).map(({ severity }) => severity);
  assert.deepEqual([...new Set(ranks)], ['critical', 'major', 'minor', 'warning']);
});

for (const [until, time] of [
  ['2h', NOW + 7_200_000],
  ['30m', NOW + 1_800_000],
  ['2026-11-21 14:00 Europe/Berlin', NOW + 3_600_000],
  [NOW + 5, NOW + 5],
] as const) {
  test(`a device is snoozed until ${until}`, async () => {
    const { status, body } = await call('PUT', '/devices/nap/snooze', { body: { until } });
    assert.deepEqual([status, body['until']], [200, time]);
  });
}

for (const until of ['-1h', 'now', '31d', 'tomorrow', true]) {
  test(`nothing is snoozed until ${until}`, async () => {
    const { status, body } = await call('PUT', '/devices/nap/snooze', { body: { until } });
    assert.equal(status, 400);
    assert.match(String(body['detail']), /^`until` must be a time/);
  });
}
