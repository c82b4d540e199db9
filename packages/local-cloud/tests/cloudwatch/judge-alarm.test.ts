// The state of an alarm for the data points that it finds, among them the tables of AWS's page about missing data.

import { describe, it, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { TreatMissing } from '../../cloudwatch/alarm-spec.ts';
import { judge } from '../../cloudwatch/judge-alarm.ts';

const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;

const rule = (evaluationPeriods: number, datapointsToAlarm: number, treatMissing: TreatMissing) => ({
  ...{ evaluationPeriods, datapointsToAlarm, treatMissing },
  ...{ threshold: 1, comparison: 'GreaterThanThreshold' as const },
});

/** `X` breaches, `0` does not, `-` is missing; the newest is last. */
const pointsOf = (text: string) =>
  text.split(' ').map((sign, index) => ({
    at: Date.UTC(2026, 0, 1, 12, index),
    value: { X: 2, 0: 0 }[sign],
  }));

const [ALARM, OK, NONE, KEEP] = ['ALARM', 'OK', 'INSUFFICIENT_DATA', 'keep'];

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html */
describe('three of three data points', () => {
  it.each([
    ['0 - X - X', OK, OK, OK, OK],
    ['0 - - - -', OK, OK, OK, OK],
    ['- - - - -', NONE, KEEP, ALARM, OK],
    ['0 X X - X', ALARM, ALARM, ALARM, ALARM],
    ['- - X - -', ALARM, KEEP, ALARM, OK],
    ['- - - - X', OK, OK, ALARM, OK],
  ])('%s', (text, ...states) => {
    assert.deepEqual(
      TREATMENTS.map((treat) => judge(rule(3, 3, treat), pointsOf(text), 0).state),
      states,
    );
  });
});

describe('two of three data points', () => {
  it.each([
    ['0 - X - X', ALARM, ALARM, ALARM, ALARM],
    ['0 0 X 0 X', ALARM, ALARM, ALARM, ALARM],
    ['0 - X - -', OK, OK, ALARM, OK],
    ['- - - - 0', OK, OK, ALARM, OK],
    ['- - - X -', ALARM, KEEP, ALARM, OK],
  ])('%s', (text, ...states) => {
    assert.deepEqual(
      TREATMENTS.map((treat) => judge(rule(3, 2, treat), pointsOf(text), 0).state),
      states,
    );
  });
});

test('missing data from before the start breach nothing', () => {
  const points = pointsOf('- - - - -');
  const breaching = rule(3, 3, 'breaching');
  assert.equal(judge(breaching, points, points[3]!.at).state, KEEP);
  assert.equal(judge(breaching, points, points[2]!.at).state, ALARM);
  assert.equal(judge(breaching, pointsOf('X X X - -'), points[4]!.at).state, ALARM);
});

test('the reason is in the words of CloudWatch', () => {
  const reasonOf = (text: string, treat: TreatMissing, periods = 3, before: 'OK' | 'ALARM' = 'OK') =>
    judge(rule(periods, Math.min(periods, 2), treat), pointsOf(text), 0).reason(before);
  assert.equal(
    reasonOf('X', 'missing', 1),
    'Threshold Crossed: 1 out of the last 1 datapoints [2.0 (01/01/26 12:00:00)] was greater than the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition).',
  );
  assert.equal(
    reasonOf('0 X 0', 'missing', 3, 'ALARM'),
    'Threshold Crossed: 3 out of the last 3 datapoints [0.0 (01/01/26 12:02:00), 2.0 (01/01/26 12:01:00), 0.0 (01/01/26 12:00:00)] were not greater than the threshold (1.0) (minimum 2 datapoints for ALARM -> OK transition).',
  );
  assert.equal(
    reasonOf('- - -', 'breaching'),
    'Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching].',
  );
  assert.equal(reasonOf('-', 'missing', 1), 'Insufficient Data: 1 datapoint was unknown.');
});

it.each([
  ['GreaterThanThreshold', '0 1'],
  ['GreaterThanOrEqualToThreshold', '1 1'],
  ['LessThanThreshold', '0 0'],
  ['LessThanOrEqualToThreshold', '1 0'],
] as const)('%s', (comparison, expected) => {
  const states = [1, 2].map((value) => {
    const points = [{ at: 0, value }];
    return judge({ ...rule(1, 1, 'missing'), comparison }, points, 0).state === ALARM ? 1 : 0;
  });
  assert.equal(states.join(' '), expected);
});
