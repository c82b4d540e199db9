// What is refused of an alert rule whose form is right, field by field.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertRule, Level } from '../../core/alert-rule.ts';
import { faultsOf } from '../../core/rule-faults.ts';

const rule = (levels: readonly Level[], more: Partial<AlertRule> = {}): AlertRule => ({
  id: 'r',
  metric: 'temperature',
  stat: 'max',
  levels,
  channels: ['email'],
  ...more,
});
const level = (limits: Partial<Level>): Level => ({ severity: 'minor', ...limits });

const cases: [title: string, rule: AlertRule, names: string[]][] = [
  ['a limit above', rule([level({ above: 8 })]), []],
  ['a band with clear limits', rule([level({ above: 8, clearBelow: 7, below: 0, clearAbove: 1 })]), []],
  ['a count without a metric', rule([level({ below: 3 })], { metric: undefined, stat: 'count' }), []],
  ['a mean without a metric', rule([level({ below: 3 })], { metric: undefined, stat: 'mean' }), ['metric']],
  ['no limit', rule([level({})]), ['levels.0.above']],
  ['a limit with too many decimals', rule([level({ above: 1e-16 })]), ['levels.0.above']],
  ['an infinite limit', rule([level({ below: -Infinity })]), ['levels.0.below']],
  ['a clear limit over its limit', rule([level({ above: 8, clearBelow: 9 })]), ['levels.0.clearBelow']],
  ['a clear limit under its limit', rule([level({ below: 0, clearAbove: -1 })]), ['levels.0.clearAbove']],
  ['a clear limit without its limit', rule([level({ above: 8, clearAbove: 1 })]), ['levels.0.clearAbove']],
  ['a band upside down', rule([level({ above: 0, below: 8 })]), ['levels.0.below']],
  [
    'clear limits that never hold together',
    rule([level({ above: 8, clearBelow: 3, below: 0, clearAbove: 4 })]),
    ['levels.0.clearAbove'],
  ],
  [
    'levels that do not ascend',
    rule([level({ above: 8 }), level({ above: 10 }), { severity: 'warning', above: 12 }]),
    ['levels.1.severity', 'levels.2.severity'],
  ],
];
for (const [title, given, names] of cases) {
  test(`${title}: ${names.length > 0 ? `refused for ${names.join(', ')}` : 'accepted'}`, () => {
    assert.deepEqual(
      faultsOf(given).map(({ name }) => name),
      names,
    );
  });
}
