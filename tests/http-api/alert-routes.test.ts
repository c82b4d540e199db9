// Alert routes over the local DynamoDB: history, comments, snoozes, and dry runs.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createAlertHistory } from '../../adapters/alert-history.ts';
import { createAlertStore } from '../../adapters/alert-store.ts';
import { createDeviceStore } from '../../adapters/device-store.ts';
import { alertRoutes } from '../../http-api/alert-routes.ts';
import { createHttpApi } from '../../http-api/app.ts';
import { ruleRoutes } from '../../http-api/rule-routes.ts';
import { createDryRun } from '../../pipeline/dry-run.ts';
import { createSampleMetrics } from '../../pipeline/sent-metrics.ts';
import { createRuleStore } from '../../adapters/rule-store.ts';
import { createWindowHistory } from '../../adapters/window-history.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import { emptyState, stateAfter, type Step } from '../../core/alert-step.ts';
import type { HistoryEntry } from '../../core/alert-state.ts';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { deltaOf } from '../../core/window.ts';
import { openTables, type Tables } from '../adapters/tables.ts';

type Json = Record<string, unknown>;

const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;

let tables: Tables;
let call: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: Json }>;
beforeAll(async () => {
  tables = await openTables();
  const { client } = tables;
  const now = () => NOW;
  const history = createWindowHistory({ client, table: 'windows', windowSeconds: 10, now });
  const devices = createDeviceStore({ client, table: 'devices' });
  const api = createHttpApi([
    ...alertRoutes({
      alerts: createAlertStore({ client, table: 'alerts' }),
      history: createAlertHistory({ client, table: 'history', retentionDays: 30 }),
      now,
    }),
    ...ruleRoutes({
      rules: createRuleStore({ client, table: 'rules', defaults: [] }),
      runDry: createDryRun({ devices, history, windowSeconds: 10 }),
      sampleMetrics: createSampleMetrics({ devices, history }),
      now,
    }),
  ]);
  const served = {
    resolve: async () => ({ id: 'ann', isGuest: false, group: 'admin' as const }),
    onError: (error: unknown) => assert.fail(String(error)),
  };
  call = async (method, path, body) => {
    const request = new Request(`https://api.example${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const response = await api(request, served);
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Json) };
  };
});
afterAll(() => tables.close());

const entry = (deviceId: string, at: number, entryId: string): HistoryEntry => ({
  ...{ deviceId, at, entryId },
  ...{ ruleId: 'warm', what: 'raised', severity: 'minor' },
});
const idsOf = (body: Json) => (body['entries'] as HistoryEntry[]).map(({ entryId }) => entryId);

/** All pages of a history. */
async function pages(path: string): Promise<string[]> {
  const ids: string[] = [];
  let next: string | undefined;
  do {
    const joined = `${path}${next === undefined ? '' : `&next=${encodeURIComponent(next)}`}`;
    const { status, body } = await call('GET', joined);
    assert.equal(status, 200);
    ids.push(...idsOf(body));
    next = body['next'] as string | undefined;
  } while (next !== undefined);
  return ids;
}

test('the history of a device and of all devices is listed newest first, in pages without gap or overlap', async () => {
  const history = createAlertHistory({ client: tables.client, table: 'history', retentionDays: 30 });
  const midnight = NOW - (NOW % DAY);
  await history.record([
    entry('past-1', midnight - 1, 'aa'),
    entry('past-2', midnight, 'bb'),
    entry('past-1', midnight, 'cc'),
    entry('past-1', midnight - 2 * DAY, 'dd'),
    entry('past-1', NOW - 8 * DAY, 'ee'),
    entry('past-1', NOW, 'ff'),
  ]);
  for (const limit of [1, 2, 3, 100]) {
    assert.deepEqual(await pages(`/devices/past-1/alerts/history?limit=${limit}`), ['cc', 'aa', 'dd']);
    assert.deepEqual(await pages(`/alerts/history?limit=${limit}`), ['cc', 'bb', 'aa', 'dd']);
    const long = `/alerts/history?limit=${limit}&from=${NOW - 100 * DAY}&to=${NOW + 1}`;
    assert.deepEqual(await pages(long), ['ff', 'cc', 'bb', 'aa', 'dd', 'ee']);
  }
  assert.deepEqual(await pages(`/alerts/history?from=${midnight}&to=${midnight + 1}`), ['cc', 'bb']);
  assert.equal((await call('GET', '/alerts/history?next=yesterday')).status, 400);
  assert.equal((await call('GET', `/alerts/history?from=${NOW}&to=${NOW}`)).status, 400);
});

const raised: Step = {
  ...{
    transition: 'raised',
    deviceId: 'fridge',
    site: 'seattle',
    severity: 'major',
    windowStart: 1,
    since: 1,
  },
  finding: { metric: 'temperature', stat: 'max', value: '9', side: 'above', limit: '8' },
};

test('a comment is in the history with its author, and the alert is unchanged', async () => {
  const alerts = createAlertStore({ client: tables.client, table: 'alerts' });
  const state = stateAfter({ id: 'warm', channels: ['email'] }, undefined, raised, { now: NOW - 1000 });
  assert.ok(await alerts.transition(undefined, state));
  const path = '/devices/fridge/alerts';
  const { status, body } = await call('POST', `${path}/warm/comment`, { comment: 'door was open' });
  assert.deepEqual([status, body['state'], body['since'], body['raisedAt']], [200, 'alarm', 1, NOW - 1000]);
  const taken = await call('POST', `${path}/warm/acknowledge`, {});
  assert.deepEqual(
    [taken.body['state'], taken.body['acknowledged']],
    ['acknowledged', { by: 'ann', at: NOW }],
  );
  const past = (await call('GET', `${path}/history?to=${NOW + 1}`)).body['entries'] as HistoryEntry[];
  const announced = past.map(({ what, by, comment, value }) => [what, by, comment, value]);
  assert.deepEqual(
    announced.toSorted((a, b) => (a[0]! < b[0]! ? -1 : 1)),
    [
      ['acknowledged', 'ann', undefined, undefined],
      ['commented', 'ann', 'door was open', undefined],
      ['raised', undefined, undefined, '9'],
    ],
  );
  assert.equal((await call('POST', `${path}/warm/comment`, {})).status, 400);
  assert.equal((await call('POST', `${path}/never/comment`, { comment: 'x' })).status, 404);
  assert.deepEqual((await call('GET', '/alerts?severity=minor')).body['alerts'], []);
  assert.equal(((await call('GET', '/alerts?severity=major')).body['alerts'] as Json[]).length, 1);
});

test('a pending alert is not active', async () => {
  const alerts = createAlertStore({ client: tables.client, table: 'alerts' });
  await alerts.transition(undefined, { ...emptyState('soon', 'warm'), state: 'pending', version: 1 });
  const { alerts: active } = (await call('GET', '/alerts')).body as { alerts: Json[] };
  assert.ok(!active.some(({ deviceId }) => deviceId === 'soon'));
  const { alerts: all } = (await call('GET', '/devices/soon/alerts')).body as { alerts: Json[] };
  assert.deepEqual(all, [
    { deviceId: 'soon', ruleId: 'warm', state: 'pending', value: '0', pendingNotifications: 0 },
  ]);
});

test('a snooze is shown until it ends or is removed', async () => {
  const path = '/devices/noisy/snooze';
  const until = NOW + 3_600_000;
  const made = { until, by: 'ann', comment: 'cleaning' };
  const put = await call('PUT', path, { until: new Date(until).toISOString(), comment: 'cleaning' });
  assert.deepEqual([put.status, put.body], [200, made]);
  assert.deepEqual((await call('GET', '/devices/noisy/alerts')).body, { alerts: [], snooze: made });
  await call('PUT', '/devices/noisier/snooze', { until: until - 1 });
  const sooner = { deviceId: 'noisier', until: until - 1, by: 'ann' };
  const listed = async () => (await call('GET', '/snoozes')).body;
  assert.deepEqual(await listed(), { snoozes: [sooner, { deviceId: 'noisy', ...made }] });
  assert.equal((await call('DELETE', path)).status, 204);
  assert.deepEqual((await call('GET', '/devices/noisy/alerts')).body, { alerts: [] });
  const alerts = createAlertStore({ client: tables.client, table: 'alerts' });
  await alerts.snooze('noisy', { until: NOW, by: 'ann' });
  assert.deepEqual((await call('GET', '/devices/noisy/alerts')).body, { alerts: [] });
  assert.deepEqual(await listed(), { snoozes: [sooner] });
});

for (const until of [NOW, NOW + 31 * DAY, 'tomorrow', true, -1]) {
  test(`nothing is snoozed until ${until}`, async () => {
    const { status, body } = await call('PUT', '/devices/noisy/snooze', { until });
    assert.equal(status, 400);
    assert.match(String(body['detail']), /^`until` /);
  });
}

test('a dry run lists when a rule would have sent notifications, for the devices that it matches', async () => {
  const windows = createWindowStore({
    client: tables.client,
    table: 'windows',
    fingerprintsTable: 'fingerprints',
    windowSeconds: 10,
    retentionDays: 30,
  });
  const devices = createDeviceStore({ client: tables.client, table: 'devices' });
  for (const deviceId of ['dry-1', 'dry-2']) {
    await devices.noteSeen(deviceId, 'seattle', NOW);
    for (const [n, temperature] of [4, 9, 9.5, 4, 4].entries()) {
      const reading = {
        ...{ deviceId, site: 'seattle', timestamp: NOW - 60_000 + n * 10_000 },
        fingerprint: fingerprint(`${deviceId}/${n}`),
        metrics: [{ name: 'temperature', value: decimalOf(temperature)! }],
      };
      await windows.apply(deltaOf(reading, 10));
    }
  }
  const rule = { metric: 'temperature', above: 8, clearBelow: 7, forWindows: 2, match: { device: 'dry-1' } };
  const { status, body } = await call('POST', '/rules/warm/dry-run', rule);
  assert.equal(status, 200);
  const { notifications, ...rest } = body as { notifications: Json[] };
  assert.deepEqual(rest, {
    summary: '`temperature` is in 5 of 5 windows of the last 24 hours from 1 device; 1 of them sent it',
    ...{ devices: 1, windows: 5, windowsWithMetric: 5, devicesWithMetric: 1, isComplete: true },
  });
  assert.deepEqual(
    notifications.map(({ transition, at, value, limit }) => [transition, at, value, limit]),
    [
      ['raised', NOW - 30_000, '9.5', '8'],
      ['cleared', NOW - 20_000, '4', '7'],
    ],
  );
  const silent = await call('POST', '/rules/s/dry-run?hours=1', {
    noDataFor: '10s',
    match: { device: 'dry-*' },
  });
  assert.deepEqual(
    (silent.body['notifications'] as Json[]).map(({ transition, at }) => [transition, at]),
    [
      ['raised', NOW - 9_999],
      ['raised', NOW - 9_999],
    ],
  );
  assert.equal((await call('POST', '/rules/s/dry-run', { offlineFor: '10m' })).status, 400);
  assert.equal((await call('POST', '/rules/s/dry-run?hours=169', { noDataFor: '10m' })).status, 400);
  assert.equal((await call('POST', '/rules/s/dry-run', { noDataFor: 'long' })).status, 400);
  assert.deepEqual((await call('GET', '/rules')).body, { rules: [], unreadable: [] });
});

test('a rule with one limit is stored unchanged, and errors name their fields', async () => {
  const rule = {
    ...{ id: 'fridge-warm', metric: 'temperature', stat: 'max', above: 8, clearBelow: 7, forWindows: 3 },
    ...{ severity: 'critical', match: { site: 'seattle', device: 'store-*' }, channels: ['email', 'sms'] },
    ...{ repeatEvery: '30m', escalateAfter: '15m' },
  };
  const { status, body } = await call('PUT', '/rules/fridge-warm', rule);
  const warnings = ['No device matches this rule, so it judges nothing yet'];
  assert.deepEqual([status, body], [200, { ...rule, warnings }]);
  assert.deepEqual((await call('GET', '/rules/fridge-warm')).body, rule);
  const wrong = await call('PUT', '/rules/other', { ...rule, clearBelow: 9, noDataFor: '1m' });
  assert.equal(wrong.status, 400);
  const names = (wrong.body['errors'] as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(
    names.toSorted((a, b) => (a < b ? -1 : 1)),
    ['above', 'clearBelow', 'forWindows', 'id', 'stat'],
  );
  for (const [body, detail] of [
    [{ ...rule, comment: '\ud800' }, '`comment` must be Unicode text'],
    [{ ...rule, match: { site: '\udfff' } }, '`match.site` must be Unicode text'],
    [
      { ...rule, enabledFrom: null },
      '`enabledFrom` must be a time such as 2026-11-20T13:00:00Z, or epoch milliseconds',
    ],
    [
      { ...rule, enabledFrom: '-1h' },
      '`enabledFrom` must not count from now: write a time such as 2026-11-20 14:00 Europe/Berlin',
    ],
    [
      { ...rule, enabledFrom: '2026-11-20 14:00 Europe/Berlin', enabledUntil: '2026-11-20T13:00Z' },
      '`enabledUntil` must be after enabledFrom',
    ],
  ] as const)
    assert.equal((await call('PUT', '/rules/fridge-warm', body)).body['detail'], detail);
});
