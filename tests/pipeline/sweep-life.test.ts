// Changes over time: silence, reminders, quiet hours, and rules that end or cannot be read.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { RuleData } from '../../core/rule-data.ts';
import type { Snooze } from '../../pipeline/ports.ts';
import { assertAnnounced } from './alert-record.ts';
import { createAlertWorld, MINUTE, START } from './alert-world.ts';

const high = { metric: 'temperature', stat: 'max', above: 8, clearBelow: 7 } as const;
type Rule = Omit<RuleData, 'id'>;

/** A world of one environment. */
function life(...rules: readonly Rule[]) {
  const world = createAlertWorld({ rules });
  const environment = world.environment();
  return {
    ...world,
    /** A message of the device with the n-th window. */
    async report(n: number, temperature: number, device?: string): Promise<void> {
      await environment.judge([await world.measure(n, temperature, device)], `event-${n}`);
    },
    /** A sweep in each of so many minutes. */
    async minutes(count: number): Promise<void> {
      for (let minute = 0; minute < count; minute += 1) {
        world.clock.time += MINUTE;
        await environment.sweep(`sweep-${minute}`);
      }
    },
    /** The same, with a message of the device in each minute where `isHeard` says so. */
    async whileHeard(count: number, isHeard: (minute: number) => boolean): Promise<void> {
      for (let minute = 0; minute < count; minute += 1) {
        if (isHeard(minute)) {
          const n = Math.floor((world.clock.time - START) / 10_000);
          await world.measure(n, 4);
        }
        world.clock.time += MINUTE;
        await environment.sweep(`heard-${minute}`);
      }
    },
    async snooze(minutes: number): Promise<void> {
      const snooze: Snooze = { by: 'ann', until: world.clock.time + minutes * MINUTE };
      await world.services.alerts.snooze('device', minutes > 0 ? snooze : undefined);
    },
    announced: () => world.sent.map(({ notification }) => notification.transition),
  };
}

test('a silent device is announced once, and once more after it has been back for as long', async () => {
  const world = life({ noDataFor: '3m' });
  await world.whileHeard(1, () => true);
  await world.minutes(2);
  assert.deepEqual(world.log(), []);
  await world.minutes(1);
  assert.deepEqual(world.log(), ['raised 240']);
  await world.minutes(30);
  await world.whileHeard(10, () => true);
  assert.deepEqual(world.announced(), ['raised', 'cleared']);
  await assertAnnounced(world);
});

for (const [rhythm, isHeard] of [
  ['every fourth minute', (minute: number) => minute % 4 === 0],
  ['for two minutes, and then not for four', (minute: number) => minute % 6 < 2],
] as const) {
  test(`a device that sends ${rhythm} is announced once, not each time`, async () => {
    const world = life({ noDataFor: '3m' });
    await world.whileHeard(60, isHeard);
    assert.deepEqual(world.announced(), ['raised']);
    await assertAnnounced(world);
  });
}

test('reminders are sent until somebody acknowledges, and an escalation once, over its own channels', async () => {
  const world = life({ ...high, channels: ['email'], repeatEvery: '10m', escalateAfter: '15m' });
  await world.report(0, 9);
  await world.minutes(30);
  assert.deepEqual(world.announced(), ['raised', 'repeated', 'escalated', 'repeated']);
  const channels = world.sent.map(({ notification }) => notification.channels.join());
  assert.deepEqual(channels, ['email', 'email', 'email,sms', 'email']);
  await world.acknowledge('device');
  await world.minutes(60);
  assert.equal(world.sent.length, 4);
  await assertAnnounced(world);
});

test('a snoozed device is announced at the end of the snooze if the alarm is still active', async () => {
  const world = life(high);
  await world.snooze(10);
  await world.report(0, 9);
  await world.minutes(9);
  assert.deepEqual(world.announced(), []);
  await world.minutes(1);
  assert.deepEqual(world.announced(), ['raised']);
  await assertAnnounced(world);
});

test('a removed snooze ends at once', async () => {
  const world = life(high);
  await world.snooze(600);
  await world.report(0, 9);
  await world.snooze(0);
  await world.minutes(1);
  assert.deepEqual(world.announced(), ['raised']);
});

test('an alarm that begins and ends within a snooze is not announced but is in the history', async () => {
  const world = life(high);
  await world.snooze(10);
  for (const [n, temperature] of [9, 4, 4].entries()) await world.report(n, temperature);
  await world.minutes(20);
  assert.deepEqual(world.announced(), []);
  assert.deepEqual(
    world.decided.map(({ entry }) => entry.what),
    ['raised', 'cleared'],
  );
  await assertAnnounced(world);
});

// The start is at 14:13:20 UTC.
test('alerts in quiet hours are announced at their end', async () => {
  const world = life({ ...high, quietHours: { from: '14:00', to: '14:20', timeZone: 'UTC' } });
  await world.report(0, 9);
  await world.minutes(6);
  assert.deepEqual(world.announced(), []);
  await world.minutes(1);
  assert.deepEqual(world.announced(), ['raised']);
  await assertAnnounced(world);
});

/** What may happen to a rule while its alarm is active. */
const endings: Readonly<Record<string, (rule: RuleData) => RuleData[]>> = {
  'is removed': () => [],
  'is switched off': (rule) => [{ ...rule, enabled: false }],
  'holds no longer': (rule) => [{ ...rule, enabledUntil: START + MINUTE }],
  'matches others only': (rule) => [{ ...rule, match: { device: 'other-*' } }],
  'matches a type that the device does not have': (rule) => [{ ...rule, match: { type: 'freezer' } }],
};
for (const [what, change] of Object.entries(endings)) {
  for (const rule of [high, { noDataFor: '1m' }] as const) {
    test(`an alarm of ${JSON.stringify(rule)} ends once when its rule ${what}`, async () => {
      const world = life(rule);
      await world.report(0, 9);
      await world.minutes('noDataFor' in rule ? 2 : 0);
      world.rules.data = change(world.rules.data[0]!);
      await world.minutes(3);
      assert.deepEqual(world.announced(), ['raised', 'ended']);
      await assertAnnounced(world);
    });
  }
}

/** Rules by which a window is judged only when it is closed, and a device's last window closes only by time. */
const closing: readonly (readonly [rule: Rule, announced: string])[] = [
  [{ metric: 'temperature', stat: 'mean', above: 8 }, 'raised 9'],
  [{ stat: 'count', below: 2 }, 'raised 1'],
  [{ metric: 'temperature', stat: 'last', above: 8 }, 'raised 9'],
  [{ metric: 'temperature', stat: 'max', below: 10 }, 'raised 9'],
];
for (const [rule, announced] of closing) {
  test(`the only window of a device is evaluated by ${JSON.stringify(rule)} once time has closed it`, async () => {
    const world = life(rule);
    await world.report(0, 9);
    await world.minutes(1);
    assert.deepEqual(world.log(), []);
    await world.minutes(20);
    assert.deepEqual(world.log(), [announced]);
    await assertAnnounced(world);
  });
}

test('a sweep that failed for some minutes still evaluates the last window of a silent device', async () => {
  const world = life({ metric: 'temperature', stat: 'mean', above: 8 });
  await world.report(0, 9);
  world.clock.time += 10 * MINUTE;
  await world.minutes(1);
  assert.deepEqual(world.log(), ['raised 9']);
});

test("alerts of an unreadable rule stay active, their pending notifications are sent, and each sweep fails with the rule's name", async () => {
  const world = createAlertWorld({ rules: [high, { ...high, above: 20, clearBelow: 20 }] });
  const failing = world.environment((_n, action) => (action === 'publish' ? 'refused' : undefined));
  await assert.rejects(failing.judge([await world.measure(0, 9)], 'event-1'));
  const [rule, other] = world.rules.data;
  world.rules.data = [other!];
  world.rules.unreadable = [{ id: rule!.id, problem: 'above is not as it must be' }];
  const environment = world.environment();
  const announced: string[] = [];
  const sweep = async () =>
    environment.sweep('sweep', { onUnreadable: ({ message }) => announced.push(message) });
  await assert.rejects(sweep(), /^UnreadableRuleError: Rule rule-0 in the rules table judges nothing/);
  await environment.judge([await world.measure(1, 21)], 'event-2');
  world.clock.time += 10 * MINUTE;
  await assert.rejects(sweep(), /UnreadableRuleError/);
  assert.deepEqual(world.log(), ['raised 9', 'raised 21']);
  assert.equal(announced.length, 2);
  world.rules.data = [rule!, other!];
  world.rules.unreadable = [];
  await sweep();
  assert.deepEqual(world.log(), ['raised 9', 'raised 21']);
  await assertAnnounced(world);
});
