// Finds mistakes that AWS notices only when a message comes: rules without permission to invoke, and references to nothing.

import { streamArnOf } from '../dynamodb/stream-arn.ts';
import type { ResolvedResource, ResolvedTemplate } from './resolved.ts';
import { readAll, StartError } from '../start-error.ts';
import { routeProperties } from './support-http-api.ts';
import { queueEventProperties } from './support-queue.ts';

type Properties = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldOf = (value: unknown, key: string): unknown =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;

const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

const escaped = (text: string) => text.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
/** Compares ARNs as IAM does: `*` matches any text, `?` any character. */
const isLike = (pattern: string, arn: string) =>
  new RegExp(`^${escaped(pattern).replaceAll('*', '.*').replaceAll('?', '.')}$`).test(arn);

/** Permissions are granted per function, source and account. */
function isPermitted(
  permission: ResolvedResource,
  target: ResolvedResource,
  source: ResolvedResource,
  accountId: string,
) {
  const { Action, FunctionName, Principal, SourceAccount, SourceArn } = permission.properties;
  return (
    (Action === 'lambda:InvokeFunction' || Action === 'lambda:*') &&
    (FunctionName === target.name || FunctionName === target.arn) &&
    Principal === 'iot.amazonaws.com' &&
    (SourceArn === undefined || (typeof SourceArn === 'string' && isLike(SourceArn, source.arn))) &&
    (SourceAccount === undefined || SourceAccount === accountId)
  );
}

/** The functions that AWS IoT invokes for a resource, and the property that names each. */
type Invocations = { functionArn: unknown; path: (string | number)[] }[];

/** The actions of a rule that invoke a function. The rules engine refuses actions that it cannot read. */
function actionsOf({ properties }: ResolvedResource): Invocations {
  const actions = fieldOf(properties['TopicRulePayload'], 'Actions');
  return (Array.isArray(actions) ? actions : []).flatMap((action: unknown, index) => {
    const functionArn = fieldOf(fieldOf(action, 'Lambda'), 'FunctionArn');
    const path = ['TopicRulePayload', 'Actions', index, 'Lambda', 'FunctionArn'];
    return functionArn === undefined ? [] : [{ functionArn, path }];
  });
}

function hookOf({ properties }: ResolvedResource): Invocations {
  const functionArn = fieldOf(properties['PreProvisioningHook'], 'TargetArn');
  return functionArn === undefined ? [] : [{ functionArn, path: ['PreProvisioningHook', 'TargetArn'] }];
}

const INVOKERS: readonly (readonly [
  type: string,
  invocations: (resource: ResolvedResource) => Invocations,
])[] = [
  ['AWS::IoT::TopicRule', actionsOf],
  ['AWS::IoT::ProvisioningTemplate', hookOf],
];

function requirePermissions(template: ResolvedTemplate): void {
  const permissions = template.ofType('AWS::Lambda::Permission');
  const functions = template.ofType('AWS::Serverless::Function');
  const all = INVOKERS.flatMap(([type, invocationsOf]) =>
    template
      .ofType(type)
      .flatMap((source) => invocationsOf(source).map((invocation) => ({ source, ...invocation }))),
  );
  readAll(all, ({ source, functionArn, path }) => {
    const target = functions.find(({ arn }) => arn === functionArn);
    if (!target || permissions.some((given) => isPermitted(given, target, source, template.accountId)))
      return;
    const kind = source.type === 'AWS::IoT::TopicRule' ? 'rule' : 'template';
    throw new StartError(
      `${source.at(...path)}: ${source.logicalId} may not invoke ${target.logicalId}: add an AWS::Lambda::Permission for iot.amazonaws.com with this ${kind}'s Arn as SourceArn`,
    );
  });
}

/** The ARN of a table's stream, if it has one. */
const STREAM = 'AWS::DynamoDB::Table with a StreamSpecification';

function arnsOf(template: ResolvedTemplate, type: string): string[] {
  if (type !== STREAM) return template.ofType(type).map(({ arn }) => arn);
  const tables = template.ofType('AWS::DynamoDB::Table');
  return tables
    .filter(({ properties }) => properties['StreamSpecification'])
    .map(({ arn }) => streamArnOf(arn));
}

interface Reference {
  readonly from: string;
  readonly path: readonly string[];
  readonly to: readonly string[];
}

/** Properties that have the ARN of another resource. */
const REFERENCES: readonly Reference[] = [
  {
    from: 'AWS::KinesisFirehose::DeliveryStream',
    path: ['ExtendedS3DestinationConfiguration', 'BucketARN'],
    to: ['AWS::S3::Bucket'],
  },
  {
    from: 'AWS::IoT::ProvisioningTemplate',
    path: ['PreProvisioningHook', 'TargetArn'],
    to: ['AWS::Serverless::Function'],
  },
  {
    from: 'AWS::Lambda::EventSourceMapping',
    path: ['EventSourceArn'],
    to: ['AWS::Kinesis::Stream', 'AWS::SQS::Queue', STREAM],
  },
  {
    from: 'AWS::Lambda::EventSourceMapping',
    path: ['DestinationConfig', 'OnFailure', 'Destination'],
    to: ['AWS::S3::Bucket', 'AWS::SNS::Topic', 'AWS::SQS::Queue'],
  },
  { from: 'AWS::Scheduler::Schedule', path: ['Target', 'Arn'], to: ['AWS::Serverless::Function'] },
  { from: 'AWS::SNS::Subscription', path: ['TopicArn'], to: ['AWS::SNS::Topic'] },
  {
    from: 'AWS::Serverless::Function',
    path: ['EventInvokeConfig', 'DestinationConfig', 'OnFailure', 'Destination'],
    to: ['AWS::S3::Bucket', 'AWS::SNS::Topic', 'AWS::SQS::Queue', 'AWS::Serverless::Function'],
  },
];

/** The properties that an event of a function may have, by its type. */
const EVENT_PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  HttpApi: Object.keys(routeProperties),
  SQS: Object.keys(queueEventProperties),
};

/** The support table has no types of events, so they are checked here. */
function requireFittingEvents(template: ResolvedTemplate): void {
  readAll(template.ofType('AWS::Serverless::Function'), ({ logicalId, properties, at }) => {
    for (const [name, event] of Object.entries((properties['Events'] ?? {}) as Properties)) {
      const type = shown(fieldOf(event, 'Type'));
      if (!Object.hasOwn(EVENT_PROPERTIES, type)) {
        const types = Object.keys(EVENT_PROPERTIES).join(' or ');
        throw new StartError(`${at('Events', name)}: ${logicalId}: event ${name} needs a Type: ${types}`);
      }
      const known = EVENT_PROPERTIES[type]!.map((path) => path.split('.')[3]);
      const given = Object.keys(fieldOf(event, 'Properties') ?? {});
      const other = given.find((property) => !known.includes(property));
      if (other !== undefined)
        throw new StartError(
          `${at('Events', name, 'Properties', other)}: ${logicalId}: ${other} is not a property of an event of type ${type}: take it out`,
        );
    }
  });
}

function requireReferences(template: ResolvedTemplate): void {
  readAll(REFERENCES, ({ from, path, to }) => {
    const arns = new Set(to.flatMap((type) => arnsOf(template, type)));
    readAll(template.ofType(from), ({ logicalId, properties, at }) => {
      const arn = path.reduce<unknown>(fieldOf, properties);
      if (arn === undefined || (typeof arn === 'string' && arns.has(arn))) return;
      throw new StartError(
        `${at(...path)}: ${logicalId}: ${path.at(-1)} is ${shown(arn)}, but the template has no such ${to.join(' or ')}: refer to one`,
      );
    });
  });
}

function requireDistinctNames(template: ResolvedTemplate): void {
  const seen = new Map<string, ResolvedResource>();
  for (const resource of template.resources.values()) {
    if (resource.type === 'AWS::Route53::RecordSet') continue; // one name has many, with their own type and SetIdentifier
    const other = seen.get(resource.arn);
    if (other) {
      throw new StartError(
        `${resource.at()}: ${resource.logicalId} has the name of ${other.logicalId}, ${resource.name}: rename one of them`,
      );
    }
    seen.set(resource.arn, resource);
  }
}

/** @throws StartError with the template line of each reference to nothing, and of each call without permission. */
export function requireConsistent(template: ResolvedTemplate): void {
  readAll([requireDistinctNames, requirePermissions, requireReferences, requireFittingEvents], (check) =>
    check(template),
  );
}
