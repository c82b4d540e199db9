// The permissions that calls of the other services need, by the operation and the resource in the request.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

import { arnIn, type Need, type Place } from './need.ts';

export interface ServiceRequest {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly place: Place;
}

type NeedsOf = (request: ServiceRequest) => readonly Need[];

const textOf = ({ input }: ServiceRequest, name: string): string | undefined => {
  const value = input[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** The value of the first of `names` that the request has: a name or an ARN. */
function named(request: ServiceRequest, names: readonly string[]): string | undefined {
  const found = names.map((name) => textOf(request, name)).find((value) => value !== undefined);
  return found?.startsWith('arn:')
    ? found
        .split(':')
        .slice(5)
        .join(':')
        .replace(/^[a-z]+\//, '')
    : found;
}

/**
 * Operations with one resource, named in the input; without a name the action is on all resources.
 *
 * @param names members of the input that have its name or ARN
 * @param resourceOf the last part of the ARN
 */
const onNamed =
  (service: string, names: readonly string[], resourceOf: (name: string) => string): NeedsOf =>
  (request) => {
    const name = named(request, names);
    const resource = name === undefined ? '*' : arnIn(request.place, service, resourceOf(name));
    return [{ action: `${service}:${request.operation}`, resource }];
  };

const QUEUE_ACTIONS: Readonly<Record<string, string>> = {
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
  DeleteMessageBatch: 'DeleteMessage',
  SendMessageBatch: 'SendMessage',
};

const queues: NeedsOf = (request) => {
  const name = textOf(request, 'QueueName') ?? textOf(request, 'QueueUrl')?.split('/').at(-1);
  const action = QUEUE_ACTIONS[request.operation] ?? request.operation;
  return [
    { action: `sqs:${action}`, resource: name === undefined ? '*' : arnIn(request.place, 'sqs', name) },
  ];
};

const topics: NeedsOf = (request) => {
  const { operation, place } = request;
  const action = operation === 'PublishBatch' ? 'Publish' : operation;
  const subscription = textOf(request, 'SubscriptionArn')?.split(':').slice(0, 6).join(':');
  const created =
    operation === 'CreateTopic' ? arnIn(place, 'sns', textOf(request, 'Name') ?? '') : undefined;
  const resource = textOf(request, 'TopicArn') ?? textOf(request, 'TargetArn') ?? created ?? subscription;
  const tagged = resource ?? textOf(request, 'ResourceArn');
  return [{ action: `sns:${action}`, resource: tagged ?? '*' }];
};

/** A call with an iterator names no stream, so it cannot be judged. */
const BY_ITERATOR = new Set(['GetRecords', 'DescribeStreamConsumer']);
const STREAM_LISTS = new Set(['ListStreams', 'DescribeLimits']);

const streams: NeedsOf = (request) => {
  const name = named(request, ['StreamName', 'StreamARN']);
  if (name === undefined && BY_ITERATOR.has(request.operation)) return [];
  if (STREAM_LISTS.has(request.operation)) return [{ action: `kinesis:${request.operation}`, resource: '*' }];
  return [
    {
      action: `kinesis:${request.operation}`,
      resource: name === undefined ? '*' : arnIn(request.place, 'kinesis', `stream/${name}`),
    },
  ];
};

const logs: NeedsOf = (request) => {
  const name = named(request, ['logGroupName', 'logGroupIdentifier'])
    ?.replace(/^log-group:/, '')
    .replace(/:\*$/, '');
  const stream = textOf(request, 'logStreamName');
  const suffix = request.operation === 'PutLogEvents' && stream !== undefined ? `log-stream:${stream}` : '*';
  const resource = name === undefined ? '*' : arnIn(request.place, 'logs', `log-group:${name}:${suffix}`);
  return [{ action: `logs:${request.operation}`, resource }];
};

const ON_ALARMS = new Set([
  ...['PutMetricAlarm', 'SetAlarmState', 'DeleteAlarms', 'DescribeAlarms', 'DescribeAlarmHistory'],
  ...['EnableAlarmActions', 'DisableAlarmActions'],
]);

const watching: NeedsOf = (request) => {
  const { operation, input, place } = request;
  const list = Array.isArray(input['AlarmNames']) ? (input['AlarmNames'] as unknown[]).map(String) : [];
  const one = textOf(request, 'AlarmName');
  const all = one === undefined ? list : [one];
  const resources = ON_ALARMS.has(operation)
    ? (all.length > 0 ? all : ['*']).map((name) => arnIn(place, 'cloudwatch', `alarm:${name}`))
    : ['*'];
  return resources.map((resource) => ({ action: `cloudwatch:${operation}`, resource }));
};

const keys: NeedsOf = (request) =>
  // The local KMS has no aliases, and refuses them itself.
  textOf(request, 'KeyId')?.includes('alias/') ? [] : onNamed('kms', ['KeyId'], (id) => `key/${id}`)(request);

/** Of the JSON and the query protocols, by the service that a request is signed for. */
const SERVICES: Readonly<Record<string, NeedsOf>> = {
  acm: onNamed('acm', ['CertificateArn'], (name) => `certificate/${name}`),
  cloudformation: onNamed('cloudformation', ['StackName'], (name) => `stack/${name}/*`),
  'cognito-identity': onNamed('cognito-identity', ['IdentityPoolId'], (id) => `identitypool/${id}`),
  'cognito-idp': onNamed('cognito-idp', ['UserPoolId'], (id) => `userpool/${id}`),
  firehose: onNamed('firehose', ['DeliveryStreamName'], (name) => `deliverystream/${name}`),
  kinesis: streams,
  kms: keys,
  logs,
  monitoring: watching,
  sns: topics,
  sqs: queues,
  // Every identity may call GetCallerIdentity.
  sts: (request) => (request.operation === 'GetCallerIdentity' ? [] : onNamed('sts', [], String)(request)),
};

/** Services whose operation and input are in `X-Amz-Target` and the body. */
export const isJudgedByBody = (service: string): boolean => Object.hasOwn(SERVICES, service);

/** @param service as `isJudgedByBody` has it */
export const needsOfService = (service: string, request: ServiceRequest): readonly Need[] =>
  SERVICES[service]!(request);
