// Which fields of a well-formed alert rule are refused.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Level } from '../../core/alert-rule.ts';
import type { RuleData } from '../../core/rule-data.ts';
import { faultsOf } from '../../core/rule-faults.ts';

const rule = (levels: readonly Level[], more: Partial<RuleData> = {}): RuleData => ({
  id: 'r',
  metric: 'temperature',
  stat: 'max',
  levels,
  channels: ['email'],
  ...more,
});
const level = (limits: Partial<Level>): Level => ({ severity: 'minor', ...limits });

const DEFROST = { at: ['06:00', '18:30'], timeZone: 'America/Los_Angeles', lasts: '25m' };

const cases: [title: string, rule: RuleData, names: string[]][] = [
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
    'clear limits that exclude each other',
    rule([level({ above: 8, clearBelow: 3, below: 0, clearAbove: 4 })]),
    ['levels.0.clearAbove'],
  ],
  [
    'levels that do not ascend',
    rule([level({ above: 8 }), level({ above: 10 }), { severity: 'warning', above: 12 }]),
    ['levels.1.severity', 'levels.2.severity'],
  ],
  [
    'a worse level that is easier to reach',
    rule([level({ above: 10 }), { severity: 'critical', above: 8 }]),
    ['levels.1.above'],
  ],
  [
    'a worse level with the same lower limit',
    rule([level({ below: 0 }), { severity: 'major', above: 9 }, { severity: 'critical', below: 0 }]),
    ['levels.2.below'],
  ],
  ['levels of different sides', rule([level({ above: 8 }), { severity: 'critical', below: 0 }]), []],
  [
    'an upper clear limit under the lower limit',
    rule([level({ above: 8, clearBelow: 0, below: 0 })]),
    ['levels.0.clearBelow'],
  ],
  [
    'a lower clear limit over the upper limit',
    rule([level({ above: 8, below: 0, clearAbove: 9 })]),
    ['levels.0.clearAbove'],
  ],
  ['a count that no window can have', { id: 'r', stat: 'count', below: 1 }, ['below']],
  ['a fall of a count', { id: 'r', stat: 'count', perMinute: true, below: -5 }, []],
  ['a flat rule', { id: 'r', metric: 'temperature', above: 8, clearBelow: 7, severity: 'critical' }, []],
  [
    'a flat rule with a clear limit over its limit',
    { id: 'r', metric: 't', above: 8, clearBelow: 9 },
    ['clearBelow'],
  ],
  ['a rule that judges nothing', { id: 'r', metric: 't' }, ['above']],
  ['levels beside a flat limit', rule([level({ above: 8 })], { above: 9 }), ['above']],
  ['silence', { id: 'r', noDataFor: '2m', severity: 'major' }, []],
  ['a device that is offline', { id: 'r', offlineFor: '1h' }, []],
  ['silence of seconds without a unit', { id: 'r', noDataFor: '120' }, ['noDataFor']],
  ['silence that is shorter than a sweep can detect', { id: 'r', noDataFor: '5s' }, ['noDataFor']],
  ['silence of a metric', { id: 'r', noDataFor: '2m', metric: 't' }, []],
  ['silence of a statistic', { id: 'r', noDataFor: '2m', metric: 't', stat: 'max' }, ['stat']],
  ['an offline metric', { id: 'r', offlineFor: '2m', metric: 't' }, ['metric']],
  ['a prediction', { id: 'r', predicted: { metric: 't', above: 8, within: '30m' }, severity: 'major' }, []],
  [
    'a prediction by an interval',
    { id: 'r', predicted: { metric: 't', below: 1, defrost: { every: '8h', from: '2026-11-20T02:00:00Z' } } },
    [],
  ],
  [
    'defrosts every minute, from no time on',
    { id: 'r', predicted: { metric: 't', below: 1, defrost: { every: '1m', from: 'noon' } } },
    ['predicted.defrost.every', 'predicted.defrost.from'],
  ],
  ['a prediction by times of day', { id: 'r', predicted: { metric: 't', below: 1, defrost: DEFROST } }, []],
  ['a prediction without a limit', { id: 'r', predicted: { metric: 't' } }, ['predicted.above']],
  [
    'a prediction on both sides',
    { id: 'r', predicted: { metric: 't', above: 8, below: 1 } },
    ['predicted.above'],
  ],
  ['a limit beside a prediction', { id: 'r', above: 8, predicted: { metric: 't', above: 8 } }, ['above']],
  [
    'a prediction of silence',
    { id: 'r', noDataFor: '2m', predicted: { metric: 't', above: 8 } },
    ['predicted'],
  ],
  [
    'a limit that no metric can reach',
    { id: 'r', predicted: { metric: 't', above: 1e16 } },
    ['predicted.above'],
  ],
  [
    'a prediction for a week',
    { id: 'r', predicted: { metric: 't', above: 8, within: '7d' } },
    ['predicted.within'],
  ],
  [
    'a prediction for a while',
    { id: 'r', predicted: { metric: 't', above: 8, within: 'soon' } },
    ['predicted.within'],
  ],
  [
    'defrosts with an invalid time and zone, lasting days',
    {
      id: 'r',
      predicted: {
        metric: 't',
        above: 8,
        defrost: { at: ['06:00', '25:00'], timeZone: 'Store', lasts: '2d' },
      },
    },
    ['predicted.defrost.at.1', 'predicted.defrost.timeZone', 'predicted.defrost.lasts'],
  ],
  ['an unusual metric', { id: 'r', unusual: { metric: 't' } }, []],
  [
    'an unusual metric for several windows',
    { id: 'r', unusual: { metric: 't' }, forWindows: 3 },
    ['forWindows'],
  ],
  ['silent and offline', { id: 'r', noDataFor: '2m', offlineFor: '2m' }, ['offlineFor']],
  ['a rate without a stat', { id: 'r', metric: 't', above: 1, perMinute: true }, ['stat']],
  [
    'reminders and an escalation',
    { id: 'r', noDataFor: '2m', repeatEvery: '30m', escalateAfter: '15m', escalateTo: ['oncall'] },
    [],
  ],
  ['an escalation without a time', { id: 'r', noDataFor: '2m', escalateTo: ['sms'] }, ['escalateTo']],
  ['reminders at an interval of zero', { id: 'r', noDataFor: '2m', repeatEvery: '0m' }, ['repeatEvery']],
  [
    'quiet hours over midnight',
    { id: 'r', noDataFor: '2m', quietHours: { from: '22:00', to: '06:30', timeZone: 'America/Los_Angeles' } },
    [],
  ],
  [
    'quiet hours that are wrong in all parts',
    { id: 'r', noDataFor: '2m', quietHours: { from: '24:00', to: '6:30', timeZone: 'Mars/Olympus' } },
    ['quietHours.from', 'quietHours.to', 'quietHours.timeZone'],
  ],
  [
    'a time that ends before it begins',
    { id: 'r', noDataFor: '2m', enabledFrom: '2026-12-01T00:00:00Z', enabledUntil: 1790000000000 },
    ['enabledUntil'],
  ],
  ['an invalid time', { id: 'r', noDataFor: '2m', enabledFrom: 'tomorrow' }, ['enabledFrom']],
];
for (const [title, given, names] of cases) {
  test(`${title}: ${names.length > 0 ? `refused for ${names.join(', ')}` : 'accepted'}`, () => {
    assert.deepEqual(
      faultsOf(given).map(({ name }) => name),
      names,
    );
  });
}
