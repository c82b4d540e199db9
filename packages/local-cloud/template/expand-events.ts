// Expands the events of a function as SAM does: into rules, mappings, schedules, subscriptions or notifications.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html

import type { Declaration } from './declarations.ts';
import type { Entry, MapNode, Node, Place } from './document.ts';
import { attributeNode, listNode, mapNode, refNode, textNode } from './nodes.ts';
import type { Fail } from './sections.ts';

/** One event of a function, as in the template. */
export interface FunctionEvent {
  readonly owner: Declaration;
  readonly name: string;
  readonly type: string;
  readonly place: Place;
  readonly properties: MapNode;
  readonly fail: Fail;
}

/** A resource that SAM adds. */
export interface Added {
  /** Added to the function's own logical ID. */
  readonly suffix: string;
  readonly type: string;
  readonly properties: MapNode;
}

/** The result of an event: resources, or notifications of a bucket that the template declares. */
export interface Expanded {
  readonly resources: readonly Added[];
  readonly notification?: { readonly bucket: string; readonly at: Place; readonly entries: readonly Node[] };
}

interface EventKind {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  readonly expand: (event: FunctionEvent) => Expanded;
}

const memberOf = ({ properties }: FunctionEvent, name: string) => properties.entries.get(name);

/** The members with these names that exist. */
const copied = (event: FunctionEvent, names: readonly string[]): Record<string, Entry<Node> | undefined> =>
  Object.fromEntries(names.map((name) => [name, memberOf(event, name)]));

const functionArn = ({ owner, place }: FunctionEvent) => attributeNode(owner.logicalId, 'Arn', place);

/** The permission that SAM adds, so that the source may invoke the function. */
function permission(event: FunctionEvent, principal: string, sourceArn?: Node): Added {
  const { owner, name, place } = event;
  return {
    suffix: `${name}Permission`,
    type: 'AWS::Lambda::Permission',
    properties: mapNode(
      {
        Action: textNode('lambda:InvokeFunction', place),
        FunctionName: refNode(owner.logicalId, place),
        Principal: textNode(principal, place),
        SourceArn: sourceArn,
      },
      place,
    ),
  };
}

const arnOfAdded = ({ owner, name, place }: FunctionEvent) =>
  attributeNode(owner.logicalId + name, 'Arn', place);

function iotRule(event: FunctionEvent): Expanded {
  const { name, place } = event;
  const action = mapNode({ Lambda: mapNode({ FunctionArn: functionArn(event) }, place) }, place);
  const payload = mapNode(
    { ...copied(event, ['Sql', 'AwsIotSqlVersion']), Actions: listNode([action], place) },
    place,
  );
  const properties = mapNode({ TopicRulePayload: payload }, place);
  return {
    resources: [
      { suffix: name, type: 'AWS::IoT::TopicRule', properties },
      permission(event, 'iot.amazonaws.com', arnOfAdded(event)),
    ],
  };
}

/** `Enabled: false`, which SAM accepts besides `State: DISABLED`. */
function stateOf(event: FunctionEvent): Node | Entry<Node> | undefined {
  const enabled = memberOf(event, 'Enabled');
  if (!enabled) return memberOf(event, 'State');
  if (memberOf(event, 'State')) event.fail(enabled.place, 'Enabled and State say the same: take one out');
  const { value } = enabled;
  if (value.kind !== 'scalar')
    return event.fail(enabled.place, 'Enabled must be true or false here: use State for an intrinsic');
  return textNode(value.text === 'true' ? 'ENABLED' : 'DISABLED', enabled.place);
}

function schedule(event: FunctionEvent): Expanded {
  const { name, place } = event;
  const target = mapNode(
    {
      Arn: functionArn(event),
      Id: textNode(`${name}LambdaTarget`, place),
      ...copied(event, ['Input', 'RetryPolicy']),
    },
    place,
  );
  const properties = mapNode(
    {
      ScheduleExpression: memberOf(event, 'Schedule'),
      State: stateOf(event),
      ...copied(event, ['Name', 'Description']),
      Targets: listNode([target], place),
    },
    place,
  );
  return {
    resources: [
      { suffix: name, type: 'AWS::Events::Rule', properties },
      permission(event, 'events.amazonaws.com', arnOfAdded(event)),
    ],
  };
}

const roleNode = (event: FunctionEvent) =>
  memberOf(event, 'RoleArn') ??
  textNode(`arn:aws:iam::000000000000:role/${event.owner.logicalId}${event.name}Role`, event.place);

function scheduleV2(event: FunctionEvent): Expanded {
  const { owner, name, place } = event;
  const target = mapNode(
    { Arn: functionArn(event), RoleArn: roleNode(event), ...copied(event, ['Input', 'RetryPolicy']) },
    place,
  );
  const properties = mapNode(
    {
      // SAM's name where the template has none.
      Name: memberOf(event, 'Name') ?? textNode(owner.logicalId + name, place),
      FlexibleTimeWindow:
        memberOf(event, 'FlexibleTimeWindow') ?? mapNode({ Mode: textNode('OFF', place) }, place),
      ...copied(event, ['ScheduleExpression', 'ScheduleExpressionTimezone', 'State', 'Description']),
      Target: target,
    },
    place,
  );
  return { resources: [{ suffix: name, type: 'AWS::Scheduler::Schedule', properties }] };
}

const MAPPING_MEMBERS = [
  ...['BatchSize', 'BisectBatchOnFunctionError', 'DestinationConfig', 'Enabled', 'FilterCriteria'],
  ...['FunctionResponseTypes', 'MaximumBatchingWindowInSeconds', 'MaximumRecordAgeInSeconds'],
  ...['MaximumRetryAttempts', 'ParallelizationFactor'],
];

/** The mapping of a data stream, or of the stream of a table. */
function stream(event: FunctionEvent): Expanded {
  const { owner, name, place } = event;
  const properties = mapNode(
    {
      EventSourceArn: memberOf(event, 'Stream'),
      FunctionName: refNode(owner.logicalId, place),
      StartingPosition: memberOf(event, 'StartingPosition') ?? textNode('LATEST', place),
      ...copied(event, MAPPING_MEMBERS),
    },
    place,
  );
  return { resources: [{ suffix: name, type: 'AWS::Lambda::EventSourceMapping', properties }] };
}

function sns(event: FunctionEvent): Expanded {
  const { name, place } = event;
  const properties = mapNode(
    {
      TopicArn: memberOf(event, 'Topic'),
      Protocol: textNode('lambda', place),
      Endpoint: functionArn(event),
      ...copied(event, ['FilterPolicy', 'FilterPolicyScope', 'RedrivePolicy']),
    },
    place,
  );
  return {
    resources: [
      { suffix: name, type: 'AWS::SNS::Subscription', properties },
      permission(event, 'sns.amazonaws.com', memberOf(event, 'Topic')!.value),
    ],
  };
}

/** "The bucket must be declared in the same template": SAM writes the notification into it. */
function s3(event: FunctionEvent): Expanded {
  const { owner, name, fail } = event;
  const bucket = memberOf(event, 'Bucket')!;
  const { value } = bucket;
  if (value.kind !== 'call' || value.name !== 'Ref' || value.argument.kind !== 'scalar')
    return fail(
      bucket.place,
      `${owner.logicalId}: Bucket of ${name} must be a !Ref to an AWS::S3::Bucket of this template`,
    );
  const kinds = memberOf(event, 'Events')!.value;
  const entries = (kinds.kind === 'list' ? kinds.items : [kinds]).map((kind) => {
    const filter = memberOf(event, 'Filter');
    return mapNode(
      { Event: kind, Function: functionArn(event), ...(filter && { Filter: filter }) },
      kind.place,
    );
  });
  return {
    resources: [permission(event, 's3.amazonaws.com')],
    notification: { bucket: value.argument.text, at: bucket.place, entries },
  };
}

/** Events that become resources. The services themselves read HttpApi and SQS. */
const KINDS: Readonly<Record<string, EventKind>> = {
  IoTRule: { required: ['Sql'], optional: ['AwsIotSqlVersion'], expand: iotRule },
  Schedule: {
    required: ['Schedule'],
    optional: ['Input', 'Enabled', 'State', 'Name', 'Description', 'RetryPolicy'],
    expand: schedule,
  },
  ScheduleV2: {
    required: ['ScheduleExpression'],
    optional: [
      ...['ScheduleExpressionTimezone', 'FlexibleTimeWindow', 'Input', 'State', 'Name', 'Description'],
      ...['RoleArn', 'RetryPolicy'],
    ],
    expand: scheduleV2,
  },
  Kinesis: { required: ['Stream', 'StartingPosition'], optional: MAPPING_MEMBERS, expand: stream },
  DynamoDB: { required: ['Stream', 'StartingPosition'], optional: MAPPING_MEMBERS, expand: stream },
  S3: { required: ['Bucket', 'Events'], optional: ['Filter'], expand: s3 },
  SNS: {
    required: ['Topic'],
    optional: ['FilterPolicy', 'FilterPolicyScope', 'RedrivePolicy'],
    expand: sns,
  },
};

/** Types of events that stay with their function. */
const OWN_EVENTS: readonly string[] = ['HttpApi', 'SQS'];

/** What to write in place of an unsupported event. */
const REMEDIES: Readonly<Record<string, string>> = {
  Api: 'a REST API does not run here; use an event of type HttpApi',
  EventBridgeRule:
    'there is no event bus here; use Schedule for a time, or an AWS::IoT::TopicRule for messages',
  CloudWatchEvent:
    'there is no event bus here; use Schedule for a time, or an AWS::IoT::TopicRule for messages',
  CloudWatchLogs: 'log subscriptions do not run here; remove it',
  Cognito: 'triggers of user pools do not run here; remove it',
  AlexaSkill: 'Alexa does not run here; remove it',
};

/** @throws StartError for a type, or a property, that the local cloud does not support; undefined for an event that stays as it is. */
export function expandEvent(event: FunctionEvent): Expanded | undefined {
  const { owner, name, type, place, properties, fail } = event;
  if (OWN_EVENTS.includes(type)) return undefined;
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type]! : undefined;
  if (!kind) {
    const known = [...Object.keys(KINDS), ...OWN_EVENTS].join(', ');
    const remedy = REMEDIES[type] ?? `the local cloud runs ${known}`;
    return fail(
      place,
      `${owner.logicalId}: event ${name} is of type ${type}, which is not supported: ${remedy}`,
    );
  }
  const missing = kind.required.find((each) => !properties.entries.has(each));
  if (missing !== undefined)
    fail(place, `${owner.logicalId}: event ${name} of type ${type} needs ${missing}`);
  for (const [property, entry] of properties.entries) {
    if (kind.required.includes(property) || kind.optional.includes(property)) continue;
    const known = [...kind.required, ...kind.optional].join(', ');
    fail(
      entry.place,
      `${owner.logicalId}: ${property} of event ${name} is not supported by the local cloud: ${type} takes ${known}`,
    );
  }
  return kind.expand(event);
}
