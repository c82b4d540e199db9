// The permissions that Lambda itself needs of a function's role: to write logs, read event sources and send failed events.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html

import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import type { Need } from './need.ts';

export interface LambdaNeed extends Need {
  /** The place that declares it, such as `template.yaml:123`. */
  readonly declaredAt: string;
}

type Properties = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Properties => typeof value === 'object' && value !== null;
const within = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((found, key) => (isObject(found) ? found[key] : undefined), value);

/** By the service of the source's ARN. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html */
const SOURCE_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  dynamodb: ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'],
  kinesis: ['DescribeStream', 'DescribeStreamSummary', 'GetRecords', 'GetShardIterator', 'ListShards'],
  sqs: ['DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'],
};

function sourceNeeds(arn: unknown, declaredAt: string): LambdaNeed[] {
  if (typeof arn !== 'string') return [];
  const service = arn.split(':')[2] ?? '';
  const actions = Object.hasOwn(SOURCE_ACTIONS, service) ? SOURCE_ACTIONS[service]! : [];
  return actions.map((action) => ({ action: `${service}:${action}`, resource: arn, declaredAt }));
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
const DESTINATIONS: Readonly<Record<string, (arn: string) => readonly Need[]>> = {
  lambda: (arn) => [{ action: 'lambda:InvokeFunction', resource: arn }],
  s3: (arn) => [
    { action: 's3:PutObject', resource: `${arn}/aws/lambda/async/function/date/object` },
    { action: 's3:ListBucket', resource: arn },
  ],
  sns: (arn) => [{ action: 'sns:Publish', resource: arn }],
  sqs: (arn) => [{ action: 'sqs:SendMessage', resource: arn }],
};

function destinationNeeds(arn: unknown, declaredAt: string): LambdaNeed[] {
  if (typeof arn !== 'string') return [];
  const service = arn.split(':')[2] ?? '';
  const needs = Object.hasOwn(DESTINATIONS, service) ? DESTINATIONS[service]!(arn) : [];
  return needs.map((need) => ({ ...need, declaredAt }));
}

function mappingNeeds(template: ResolvedTemplate, { name, arn }: ResolvedResource): LambdaNeed[] {
  return template
    .ofType('AWS::Lambda::EventSourceMapping')
    .filter(({ properties }) => [name, arn].includes(String(properties['FunctionName'])))
    .flatMap(({ properties, at }) => [
      ...sourceNeeds(properties['EventSourceArn'], at('EventSourceArn')),
      ...destinationNeeds(
        within(properties, 'DestinationConfig', 'OnFailure', 'Destination'),
        at('DestinationConfig', 'OnFailure', 'Destination'),
      ),
    ]);
}

function eventNeeds({ properties, at }: ResolvedResource): LambdaNeed[] {
  return Object.keys(isObject(properties['Events']) ? properties['Events'] : {}).flatMap((event) => {
    const arn = ['Queue', 'Stream'].map((member) =>
      within(properties, 'Events', event, 'Properties', member),
    );
    return sourceNeeds(
      arn.find((each) => each !== undefined),
      at('Events', event),
    );
  });
}

const TRACES = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];

/** @param resource an AWS::Serverless::Function */
export function lambdaNeedsOf(template: ResolvedTemplate, resource: ResolvedResource): LambdaNeed[] {
  const { properties, at, name } = resource;
  const given = within(properties, 'LoggingConfig', 'LogGroup');
  const group = typeof given === 'string' ? given : `/aws/lambda/${name}`;
  const stream = `arn:aws:logs:${template.region}:${template.accountId}:log-group:${group}:log-stream:stream`;
  const destination = ['DestinationConfig', 'OnFailure', 'Destination'];
  return [
    ...['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => ({
      ...{ action, resource: stream, declaredAt: at('LoggingConfig') },
    })),
    ...destinationNeeds(
      within(properties, 'EventInvokeConfig', ...destination),
      at('EventInvokeConfig', ...destination),
    ),
    ...mappingNeeds(template, resource),
    ...eventNeeds(resource),
    ...(properties['Tracing'] === 'Active'
      ? TRACES.map((action) => ({ action, resource: '*', declaredAt: at('Tracing') }))
      : []),
  ];
}
