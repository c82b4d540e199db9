// SNS and the history fail for hours while an alert flaps: the stored state stays small, the last state is announced, and all changes are counted.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { RuleData } from '../../core/rule-data.ts';
import type { Action } from './alert-environment.ts';
import { createAlertWorld, MINUTE, START } from './alert-world.ts';

const high: Omit<RuleData, 'id'> = { metric: 'temperature', stat: 'max', above: 8, clearBelow: 7 };
/** Of an item of DynamoDB 400 KB at most. */
const MOST_BYTES = 150_000;

async function outage(data: Omit<RuleData, 'id'>, away: readonly Action[], deviceId: string) {
  let isAway = true;
  const world = createAlertWorld({ rules: [data] });
  const environment = world.environment((_n, action) =>
    isAway && away.includes(action) ? 'refused' : undefined,
  );
  const stored = async () => (await world.services.alerts.load(deviceId)).states.get('rule-0')!;
  let most = 0;
  for (let n = 0; n < 300; n += 1) {
    world.clock.time = START + n * 10_000;
    const windows = [await world.measure(n, n % 2 === 0 ? 9 : 4, deviceId)];
    await environment.judge(windows, `event-${n}`).catch(() => {});
    most = Math.max(most, Buffer.byteLength(JSON.stringify(await stored())));
  }
  world.clock.time += 10_000;
  await environment.judge([await world.measure(300, 20, deviceId)], 'last').catch(() => {});
  isAway = false;
  world.clock.time += 2 * MINUTE;
  await environment.sweep('sweep');
  const span = { deviceId, from: 0, to: START * 2, limit: 10_000 };
  const { entries } = await world.services.history.read(span);
  return { world, most, entries, state: await stored() };
}

const total = (changes: readonly number[]) => changes.reduce((sum, each) => sum + each, 0);
const cases: [title: string, away: readonly Action[]][] = [
  ['SNS', ['publish']],
  ['the history', ['file']],
  ['SNS and the history', ['publish', 'file']],
];
for (const [title, away] of cases) {
  test(`with ${title} away for 300 changes the state stays small and nothing is lost uncounted`, async () => {
    const data = { ...high, channels: Array.from({ length: 10 }, (_, n) => `channel-${n}${'c'.repeat(22)}`) };
    const { world, most, entries, state } = await outage(data, away, 'd'.repeat(128));
    assert.ok(most < MOST_BYTES, `${most} bytes`);
    assert.equal(world.decided.length, 301);
    const sent = world.sent.map(({ notification }) => notification);
    assert.equal(total(sent.map(({ folded }) => folded?.changes ?? 1)), 301);
    assert.equal(total(entries.map(({ changes = 1 }) => changes)), 301);
    assert.deepEqual([sent.at(-1)!.transition, sent.at(-1)!.value], ['raised', '20']);
    assert.deepEqual([state.state, state.pending, state.unrecorded], ['alarm', [], []]);
  });
}

test('a hundred windows in one event are announced in as many emails as allowed, and the last email has the last state', async () => {
  const world = createAlertWorld({ rules: [high] });
  const windows = [];
  for (let n = 0; n < 100; n += 1) windows.push(await world.measure(n, n < 90 && n % 2 === 1 ? 4 : 20));
  await world.environment().judge(windows, 'event');
  const sent = world.sent.map(({ notification }) => notification);
  assert.equal(sent.length, 20);
  assert.deepEqual([sent.at(-1)!.transition, sent.at(-1)!.folded?.changes], ['raised', 72]);
});

test('the end of an announced alarm is announced, even after unannounced alarms in quiet hours', async () => {
  const quietHours = { from: '00:00', to: '23:59', timeZone: 'UTC' };
  const world = createAlertWorld({ rules: [high] });
  const environment = world.environment();
  await environment.judge([await world.measure(0, 9)], 'before');
  world.rules.data = world.rules.data.map((rule) => ({ ...rule, quietHours }));
  // Severities go up and down while no notification is sent, so that many are pending.
  const levels = [
    { severity: 'warning', above: 8, clearBelow: 7 },
    { severity: 'critical', above: 10 },
  ] as const;
  world.rules.data = [{ id: 'rule-0', metric: 'temperature', stat: 'max', levels, quietHours }];
  for (let n = 1; n < 60; n += 1) await environment.judge([await world.measure(n, n % 2 ? 12 : 9)], `e-${n}`);
  for (const [n, value] of [4, 12, 4, 12, 4].entries())
    await environment.judge([await world.measure(60 + n, value)], `end-${n}`);
  await environment.judge([await world.measure(65, 4)], 'last');
  world.rules.data = world.rules.data.map(({ quietHours: _none, ...rule }) => rule);
  world.clock.time += 2 * MINUTE;
  await environment.sweep('sweep');
  assert.deepEqual([world.log()[0], world.log().at(-1)], ['raised 9', 'cleared 4']);
});
