// Alarms of a template over its metrics: which alarm fires when, its notifications, and its state after a restart.

import { describe, it, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { alarmsFromTemplate } from '../../cloudwatch/alarm-spec.ts';
import { withTemplate } from '../template/fixture.ts';
import { callJson, MINUTE, NOON, openFixture, templateOf } from './fixture.ts';

const topic = 'Topic: { Type: AWS::SNS::Topic }\n';
const alarmWith = (more: string) => `${topic}Errors:
  Type: AWS::CloudWatch::Alarm
  Properties:
    AlarmName: errors
    AlarmDescription: Something fails
    Namespace: AWS/Lambda
    MetricName: Errors
    Dimensions: [{ Name: FunctionName, Value: f }]
    Statistic: Sum
    Period: 60
    EvaluationPeriods: 1
    Threshold: 0
    ComparisonOperator: GreaterThanThreshold
    AlarmActions: [!Ref Topic]
    OKActions: [!Ref Topic]
${more}`;
const quiet = '    TreatMissingData: notBreaching\n';

async function open(resources: string, ...more: [dataDir?: string, now?: number]) {
  const fixture = await openFixture(resources, ...more);
  cleanup(() => fixture.close());
  const errors = fixture.metrics.meter('AWS/Lambda', 'Errors', { FunctionName: 'f' });
  const stateOf = async () => {
    const { MetricAlarms } = (await callJson(fixture.url, 'DescribeAlarms', {})) as {
      MetricAlarms: { StateValue: string; ActionsEnabled: boolean }[];
    };
    return MetricAlarms[0]!;
  };
  return { ...fixture, errors, stateOf };
}

test('an alarm fires and recovers, and says so to its topic', async () => {
  const { clock, errors, published, stateOf } = await open(alarmWith(quiet));
  assert.equal((await stateOf()).StateValue, 'INSUFFICIENT_DATA');
  await clock.advance(MINUTE);
  assert.equal((await stateOf()).StateValue, 'OK');
  assert.equal(published.length, 0);
  errors(1);
  errors(0);
  await clock.advance(MINUTE);
  assert.equal((await stateOf()).StateValue, 'ALARM');
  const [first] = published;
  assert.equal(first!.topicArn, 'arn:aws:sns:us-east-1:000000000000:tidegate-Topic');
  assert.equal(first!.subject, 'ALARM: "errors" in US East (N. Virginia)');
  assert.match(
    first!.text,
    /Something fails\n\nReason: Threshold Crossed: 1 out of the last 1 datapoints \[1\.0 /,
  );
  const { AlarmName, NewStateValue, OldStateValue, Trigger } = first!.document;
  assert.deepEqual([AlarmName, NewStateValue, OldStateValue], ['errors', 'ALARM', 'OK']);
  assert.deepEqual((Trigger as { Dimensions: object }).Dimensions, [{ value: 'f', name: 'FunctionName' }]);
  // The newest point there is counts as long as it is in the range, as on AWS.
  await clock.advance(2 * MINUTE);
  assert.equal(published.length, 1);
  await clock.advance(MINUTE);
  assert.deepEqual(
    published.map(({ subject }) => subject.split(':')[0]),
    ['ALARM', 'OK'],
  );
});

test('a restart announces nothing twice, and knows the values from before', async () => {
  const before = await open(alarmWith(quiet));
  before.errors(1);
  await before.clock.advance(MINUTE);
  assert.equal(before.published.length, 1);
  before.errors(3);
  await before.close();
  const { clock, published, stateOf } = await open(alarmWith(quiet), before.dataDir, NOON + MINUTE + 5_000);
  assert.equal((await stateOf()).StateValue, 'ALARM');
  await clock.advance(MINUTE);
  assert.equal((await stateOf()).StateValue, 'ALARM');
  assert.equal(published.length, 0);
});

test('data that is missing because the stack did not run breaches nothing', async () => {
  const more = '    TreatMissingData: breaching\n';
  const { clock, published } = await open(
    alarmWith(more).replace('EvaluationPeriods: 1', 'EvaluationPeriods: 3'),
  );
  await clock.advance(2 * MINUTE);
  assert.equal(published.length, 0);
  await clock.advance(2 * MINUTE);
  assert.equal(published[0]?.subject, 'ALARM: "errors" in US East (N. Virginia)');
});

test('a failing action is logged and in the history, and the state still changes', async () => {
  const { clock, errors, fault, log, stateOf, url } = await open(alarmWith(quiet));
  fault.message = 'the disk is full';
  errors(1);
  await clock.advance(MINUTE);
  assert.equal((await stateOf()).StateValue, 'ALARM');
  assert.ok(
    log.lines.some(({ level, fields }) => level === 'error' && fields?.['reason'] === 'the disk is full'),
  );
  const { AlarmHistoryItems } = (await callJson(url, 'DescribeAlarmHistory', { AlarmName: 'errors' })) as {
    AlarmHistoryItems: { HistorySummary: string }[];
  };
  assert.deepEqual(
    AlarmHistoryItems.map(({ HistorySummary }) => HistorySummary),
    [
      'Failed to execute action arn:aws:sns:us-east-1:000000000000:tidegate-Topic',
      'Alarm updated from INSUFFICIENT_DATA to ALARM',
    ],
  );
});

test('a state can be set until the next evaluation, and actions can be disabled', async () => {
  const { clock, published, stateOf, url } = await open(alarmWith(quiet));
  await clock.advance(MINUTE);
  await callJson(url, 'SetAlarmState', { AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'a test' });
  assert.equal(published.length, 1);
  assert.match(published[0]!.text, /Reason: a test/);
  await callJson(url, 'DisableAlarmActions', { AlarmNames: ['errors'] });
  await clock.advance(MINUTE);
  assert.deepEqual(await stateOf(), { ...(await stateOf()), StateValue: 'OK', ActionsEnabled: false });
  assert.equal(published.length, 1);
});

test('an alarm over an expression hands its event to a function', async () => {
  const { accepted, clock, metrics } = await open(`
Take:
  Type: AWS::Serverless::Function
  Metadata: { BuildMethod: esbuild }
  Properties: { Handler: take.handler, Runtime: nodejs24.x }
Failures:
  Type: AWS::CloudWatch::Alarm
  Properties:
    Metrics:
      - Id: q
        Expression: SELECT SUM(Failure) FROM SCHEMA("AWS/IoT", ActionType, RuleName) WHERE RuleName = 'R'
        Period: 60
    EvaluationPeriods: 1
    Threshold: 2
    ComparisonOperator: GreaterThanOrEqualToThreshold
    AlarmActions: [!GetAtt Take.Arn]
`);
  for (const ActionType of ['S3', 'Lambda'])
    metrics.meter('AWS/IoT', 'Failure', { ActionType, RuleName: 'R' })(1);
  await clock.advance(MINUTE);
  const [{ arn, event } = { arn: '', event: {} }] = accepted;
  assert.match(arn, /:function:tidegate-Take$/);
  assert.equal(event['source'], 'aws.cloudwatch');
  const { alarmName, state } = event['alarmData'] as { alarmName: string; state: { value: string } };
  assert.deepEqual([alarmName, state.value], ['tidegate-Failures', 'ALARM']);
});

describe('an alarm is refused by line', () => {
  const refusalOf = (resources: string) => {
    try {
      withTemplate(templateOf(resources), {}, alarmsFromTemplate);
      return 'taken';
    } catch (error) {
      return (error as Error).message;
    }
  };
  it.each([
    [
      'Period: 60',
      'Period: 10',
      /^template.yaml:13: Errors: Period cannot be evaluated: The period 10 is not supported/,
    ],
    ['Statistic: Sum', 'ExtendedStatistic: p99', /^template.yaml:12: .* ExtendedStatistic is not supported/],
    [
      'EvaluationPeriods: 1',
      'EvaluationPeriods: 1\n    DatapointsToAlarm: 2',
      /DatapointsToAlarm must not be greater/,
    ],
    ['EvaluationPeriods: 1', 'EvaluationPeriods: 1441', /EvaluationPeriods look back more than a day/],
    ['Threshold: 0', 'Threshold: high', /^template.yaml:15: Errors: Threshold must be a number$/],
    [
      '!Ref Topic',
      'arn:aws:automate:us-east-1:ec2:stop',
      /AlarmActions has arn:aws:automate:us-east-1:ec2:stop, which is not a topic or/,
    ],
  ])('%s as %s', (from, to, message) => assert.match(refusalOf(alarmWith('').replace(from, to)), message));

  test('when its expression cannot be evaluated', () => {
    const metrics = "Metrics: [{ Id: e, Expression: 'ANOMALY_DETECTION_BAND(a)' }]";
    const text = `A:\n  Type: AWS::CloudWatch::Alarm\n  Properties: { ${metrics}, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: LessThanThreshold }\n`;
    assert.match(
      refusalOf(text),
      /A: Metrics cannot be evaluated: The local cloud has no function ANOMALY_DETECTION_BAND/,
    );
  });
});
