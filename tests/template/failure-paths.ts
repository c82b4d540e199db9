// Parts of a template that can fail unseen, and the alarms that watch them, both derived from the resources.

import type { ResolvedResource } from '../../packages/local-cloud/template/resolved.ts';

export type Resources = ReadonlyMap<string, ResolvedResource>;
type Json = Readonly<Record<string, unknown>>;

/** Such as `AWS/Lambda Errors tidegate-IngestFunction`; `without data: ` before it where an alarm takes silence for bad. */
export type Signal = string;

const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const object = (value: unknown): Json => (value ?? {}) as Json;
const ofType = (resources: Resources, type: string) =>
  [...resources.values()].filter((resource) => resource.type === type);

const QUERY = /^SELECT SUM\((\w+)\) FROM SCHEMA\("([^"]+)", [\w, ]+\) WHERE \w+ = '([^']+)'$/;

function metricOf({ Namespace, MetricName, Dimensions }: Json): Signal {
  const values = list(Dimensions).map(({ Value }) => String(Value));
  return [Namespace, MetricName, ...values].join(' ');
}

/** The metrics that an alarm watches, if it notifies `topicArn`. */
export function signalsOf({ properties }: ResolvedResource, topicArn: string): readonly Signal[] {
  if (!(properties['AlarmActions'] as readonly unknown[] | undefined)?.includes(topicArn)) return [];
  if (properties['MetricName'] !== undefined) {
    const signal = metricOf(properties);
    const isHeartbeat =
      properties['TreatMissingData'] === 'breaching' &&
      String(properties['ComparisonOperator']).startsWith('LessThan');
    return isHeartbeat ? [`without data: ${signal}`] : [signal];
  }
  const expressions = list(properties['Metrics']).map(({ Expression = '' }) => String(Expression));
  return list(properties['Metrics']).flatMap(({ Id, MetricStat, Expression }) => {
    const isUsed = expressions.some((each) => new RegExp(`\\b${String(Id)}\\b`).test(each));
    if (MetricStat) return isUsed ? [metricOf(object(object(MetricStat)['Metric']))] : [];
    const [, metric, namespace, value] = QUERY.exec(String(Expression)) ?? [];
    return metric ? [`${namespace} ${metric} ${value}`] : [];
  });
}

/** What has to be watched, each with the resource that it is of. */
export function failurePaths(resources: Resources): ReadonlyMap<Signal, string> {
  const found = new Map<Signal, string>();
  const need = ({ logicalId }: ResolvedResource, ...signals: readonly Signal[]) => {
    for (const signal of signals) found.set(signal, logicalId);
  };
  const byArn = new Map([...resources.values()].map((resource) => [resource.arn, resource]));
  const functionOf = (arn: unknown) => byArn.get(String(arn));

  const rules = ofType(resources, 'AWS::IoT::TopicRule');
  const schedules = ofType(resources, 'AWS::Scheduler::Schedule');
  const mappings = ofType(resources, 'AWS::Lambda::EventSourceMapping');
  const scheduled = new Set(schedules.map(({ properties }) => object(properties['Target'])['Arn']));
  const asynchronous = new Set([
    ...scheduled,
    ...rules.flatMap(({ properties }) =>
      list(object(properties['TopicRulePayload'])['Actions']).map(
        ({ Lambda }) => object(Lambda)['FunctionArn'],
      ),
    ),
  ]);

  for (const each of ofType(resources, 'AWS::Serverless::Function')) {
    const { name, arn, properties } = each;
    need(each, `AWS/Lambda Throttles ${name}`);
    const isOfApi = Object.values(object(properties['Events'])).some(
      (event) => object(event)['Type'] === 'HttpApi',
    );
    const isOfQueues = Object.values(object(properties['Events'])).some(
      (event) => object(event)['Type'] === 'SQS',
    );
    // API Gateway answers 5xx for the one; what the other does not do grows old in its queue.
    if (!isOfApi && !isOfQueues) need(each, `AWS/Lambda Errors ${name}`);
    if (!asynchronous.has(arn) && properties['EventInvokeConfig'] === undefined) continue;
    need(each, `AWS/Lambda DestinationDeliveryFailures ${name}`);
    // The next minute does what a scheduled one did not.
    if (!scheduled.has(arn)) need(each, `AWS/Lambda AsyncEventsDropped ${name}`);
  }
  for (const each of schedules) {
    const target = functionOf(object(each.properties['Target'])['Arn']);
    need(each, `without data: AWS/Lambda Invocations ${target?.name}`);
  }
  for (const each of rules) {
    for (const metric of ['Failure', 'ErrorActionFailure', 'RuleMessageThrottled'])
      need(each, `AWS/IoT ${metric} ${each.name}`);
  }
  for (const each of mappings) {
    const name = String(each.properties['FunctionName']).split(':').at(-1);
    need(
      each,
      `AWS/Lambda IteratorAge ${name}`,
      `AWS/Lambda OnFailureDestinationDeliveredEventCount ${each.ref}`,
      `AWS/Lambda DestinationDeliveryFailures ${name}`,
    );
  }
  for (const each of ofType(resources, 'AWS::SQS::Queue'))
    need(each, `AWS/SQS ApproximateAgeOfOldestMessage ${each.name}`);
  for (const each of ofType(resources, 'AWS::Kinesis::Stream'))
    need(each, `AWS/Kinesis WriteProvisionedThroughputExceeded ${each.name}`);
  for (const each of ofType(resources, 'AWS::KinesisFirehose::DeliveryStream')) {
    for (const metric of ['DeliveryToS3.Success', 'DeliveryToS3.DataFreshness', 'ThrottledRecords'])
      need(each, `AWS/Firehose ${metric} ${each.name}`);
  }
  for (const each of ofType(resources, 'AWS::SNS::Topic'))
    need(each, `AWS/SNS NumberOfNotificationsFailed ${each.name}`);
  for (const each of ofType(resources, 'AWS::SNS::Subscription'))
    if (each.properties['Protocol'] === 'sms') need(each, 'AWS/SNS SMSMonthToDateSpentUSD');
  for (const each of ofType(resources, 'AWS::Serverless::HttpApi'))
    need(each, `AWS/ApiGateway 5xx ${each.ref}`);
  return found;
}

/** The failure paths that no alarm watches, with the resource in front. */
export function unwatched(resources: Resources, topicId: string): string[] {
  const topicArn = resources.get(topicId)!.arn;
  const alarms = ofType(resources, 'AWS::CloudWatch::Alarm');
  const watched = new Set(alarms.flatMap((alarm) => signalsOf(alarm, topicArn)));
  return [...failurePaths(resources)].flatMap(([signal, logicalId]) =>
    watched.has(signal) ? [] : [`${logicalId}: ${signal}`],
  );
}
