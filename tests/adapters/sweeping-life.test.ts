// What only time brings about: silence, reminders, quiet spells, and rules that end or cannot be read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertTold, createAlertWorld, MINUTE } from './alert-world.ts';

const high = { metric: 'temperature', stat: 'max', above: 8, clearBelow: 7 } as const;

test('alerts of a rule that cannot be read stay, what they owe is sent, and each sweep fails by its name', async () => {
  const world = createAlertWorld({ rules: [high, { ...high, above: 20, clearBelow: 20 }] });
  const failing = world.environment((_n, action) => (action === 'publish' ? 'refused' : undefined));
  await assert.rejects(failing.judge([await world.measure(0, 9)], 'event-1'));
  const [rule, other] = world.rules.data;
  world.rules.data = [other!];
  world.rules.unreadable = [{ id: rule!.id, problem: 'above is not as it must be' }];
  const environment = world.environment();
  const told: string[] = [];
  const sweep = async () => environment.sweep('sweep', { onUnreadable: ({ message }) => told.push(message) });
  await assert.rejects(sweep(), /^UnreadableRuleError: Rule rule-0 of the rules table judges nothing/);
  await environment.judge([await world.measure(1, 21)], 'event-2');
  world.clock.time += 10 * MINUTE;
  await assert.rejects(sweep(), /UnreadableRuleError/);
  assert.deepEqual(world.log(), ['raised 9', 'raised 21']);
  assert.equal(told.length, 2);
  world.rules.data = [rule!, other!];
  world.rules.unreadable = [];
  await sweep();
  assert.deepEqual(world.log(), ['raised 9', 'raised 21']);
  await assertTold(world);
});
