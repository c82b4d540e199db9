// Each failure is announced: an alarm for each failure path of the template, with a line that says what to do.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import type { ResolvedResource } from '../../packages/local-cloud/template/resolved.ts';
import { failurePaths, signalsOf, unwatched, type Resources } from './failure-paths.ts';
import { loadTidegate } from './tidegate-template.ts';

const modes = ['direct', 'stream'] as const;
const resourcesOf = (IngestMode: (typeof modes)[number]): Resources => loadTidegate({ IngestMode }).resources;
const alarmsIn = (resources: Resources) =>
  [...resources.values()].filter(({ type }) => type === 'AWS::CloudWatch::Alarm');
const topicArn = resourcesOf('direct').get('AlarmsTopic')!.arn;

/** What the functions count themselves, and tables: nothing in the template says that it can fail, so it is named here. */
const ownCounts = [
  'Tidegate ReadingsRejected tidegate',
  'Tidegate DevicesNotSwept tidegate',
  'Tidegate HoursAtRisk tidegate',
  'Tidegate ParsingFaults tidegate',
  'Tidegate HoursBehind tidegate',
  'Tidegate DaysUnsealed tidegate',
  'Tidegate RegistrationsRefused tidegate',
  'Tidegate NotificationsFailed tidegate',
  'Tidegate RulesUnreadable tidegate',
  'Tidegate AlertStatesUnreadable tidegate',
];

for (const mode of modes) {
  test(`${mode}: every failure path has an alarm`, () => {
    const resources = resourcesOf(mode);
    assert.deepEqual(unwatched(resources, 'AlarmsTopic'), []);
    // Each kind of resource is among them, or the test would prove little.
    const kinds = new Set([...failurePaths(resources)].map(([signal]) => signal.split(' ')[0]));
    assert.ok(kinds.size >= 5, [...kinds].join(' '));
  });

  test(`${mode}: if an alarm is missing, the metric that it watched is named`, () => {
    const resources = resourcesOf(mode);
    // Of tables nothing says that they can fail; and the API's alarm rings with that of the function for the login.
    const beside = ['TableThrottlesAlarm', 'RollupThrottlesAlarm', 'AttachPolicyErrorsAlarm'];
    const needed = alarmsIn(resources).filter(
      (alarm) =>
        !beside.includes(alarm.logicalId) &&
        !signalsOf(alarm, topicArn).every((signal) => ownCounts.includes(signal)),
    );
    assert.ok(needed.length >= 23, String(needed.length));
    for (const { logicalId } of needed) {
      const without = new Map(resources);
      without.delete(logicalId);
      assert.notDeepEqual(unwatched(without, 'AlarmsTopic'), [], logicalId);
    }
  });

  test(`${mode}: an alarm without a recipient, or on another metric, does not count`, () => {
    const resources = resourcesOf(mode);
    const alarm = resources.get('IngestGaveUpAlarm')!;
    const changed = (properties: Record<string, unknown>) =>
      new Map(resources).set('IngestGaveUpAlarm', {
        ...alarm,
        properties: { ...alarm.properties, ...properties },
      });
    const expected = ['IngestFunction: AWS/Lambda AsyncEventsDropped tidegate-IngestFunction'];
    assert.deepEqual(unwatched(changed({ AlarmActions: [] }), 'AlarmsTopic'), expected);
    assert.deepEqual(unwatched(changed({ MetricName: 'Errors' }), 'AlarmsTopic'), expected);
  });
}

/** Resources that somebody might add, each as a copy of one that there is. */
const additions: readonly (readonly [copy: string, of: string, missing: readonly string[]])[] = [
  [
    'NewRule',
    'PresenceRule',
    ['AWS/IoT Failure NewRule', 'AWS/IoT ErrorActionFailure NewRule', 'AWS/IoT RuleMessageThrottled NewRule'],
  ],
  ['NewTopic', 'AlertsTopic', ['AWS/SNS NumberOfNotificationsFailed NewTopic']],
  [
    'NewFunction',
    'PresenceFunction',
    [
      'AWS/Lambda Throttles NewFunction',
      'AWS/Lambda Errors NewFunction',
      'AWS/Lambda DestinationDeliveryFailures NewFunction',
      'AWS/Lambda AsyncEventsDropped NewFunction',
    ],
  ],
  [
    'NewDelivery',
    'RawDeliveryStream',
    [
      'AWS/Firehose DeliveryToS3.Success NewDelivery',
      'AWS/Firehose DeliveryToS3.DataFreshness NewDelivery',
      'AWS/Firehose ThrottledRecords NewDelivery',
    ],
  ],
  ['NewStream', 'ReadingsStream', ['AWS/Kinesis WriteProvisionedThroughputExceeded NewStream']],
];
for (const [copy, of, missing] of additions) {
  test(`a ${copy} without alarms is named`, () => {
    const resources = resourcesOf('stream');
    const added: ResolvedResource = {
      ...resources.get(of)!,
      ...{ logicalId: copy, name: copy, ref: copy, arn: `arn:${copy}` },
    };
    assert.deepEqual(
      unwatched(new Map(resources).set(copy, added), 'AlarmsTopic'),
      missing.map((signal) => `${copy}: ${signal}`),
    );
  });
}

test('metrics that functions write themselves, and throttled tables, have alarms', () => {
  const signals = alarmsIn(resourcesOf('direct')).flatMap((alarm) => signalsOf(alarm, topicArn));
  for (const own of ownCounts) assert.ok(signals.includes(own), own);
  for (const table of loadTidegate().ofType('AWS::DynamoDB::Table')) {
    assert.ok(
      signals.some(
        (signal) =>
          /^AWS\/DynamoDB (Read|Write)ThrottleEvents /.test(signal) && signal.endsWith(` ${table.name}`),
      ),
      table.name,
    );
  }
});

const operations = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

test('every alarm says in its mail what it means and what to do, and has an entry in docs/operations.md', () => {
  const entries = operations.split('\n').filter((line) => line.startsWith('- **`'));
  for (const { logicalId, properties } of alarmsIn(resourcesOf('stream'))) {
    const description = String(properties['AlarmDescription']);
    assert.ok(description.length > 60 && description.length <= 1024 && description.endsWith('.'), logicalId);
    assert.ok(
      entries.some((entry) => entry.includes(`\`${logicalId}\``)),
      `${logicalId} is not in the list of alarms`,
    );
  }
});

test('the documents name no alarm that does not exist', () => {
  const known = new Set(alarmsIn(resourcesOf('stream')).map(({ logicalId }) => logicalId));
  const pages = globSync(new URL('../../docs/*.md', import.meta.url).pathname).map((file) =>
    readFileSync(file, 'utf8'),
  );
  assert.ok(pages.includes(operations));
  const named = [...pages.join('\n').matchAll(/`([A-Za-z]+Alarm)`/g)].map(([, name]) => name!);
  assert.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  );
});

test('an expression takes ten metrics at most, and a query no OR', () => {
  for (const { logicalId, properties } of alarmsIn(resourcesOf('stream'))) {
    const metrics = (properties['Metrics'] ?? []) as { MetricStat?: unknown; Expression?: string }[];
    assert.ok(metrics.filter(({ MetricStat }) => MetricStat).length <= 10, logicalId);
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
    for (const { Expression = '' } of metrics)
      assert.ok(!Expression.startsWith('SELECT') || !/\bOR\b/i.test(Expression), logicalId);
  }
});
