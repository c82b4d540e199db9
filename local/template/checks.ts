// What AWS would only notice when a message comes: rules without permission to call, and names of nothing.

import type { ResolvedResource, ResolvedTemplate } from './load.ts';
import { StartError } from '../start-error.ts';

type Properties = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldOf = (value: unknown, key: string): unknown =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;

const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** Where an action of a rule leads: the property that names the target, and how it names it. */
const targets: Readonly<Record<string, readonly [property: string, type: string, by: 'name' | 'arn']>> = {
  Firehose: ['DeliveryStreamName', 'AWS::KinesisFirehose::DeliveryStream', 'name'],
  Lambda: ['FunctionArn', 'AWS::Serverless::Function', 'arn'],
  S3: ['BucketName', 'AWS::S3::Bucket', 'name'],
  Sns: ['TargetArn', 'AWS::SNS::Topic', 'arn'],
};

interface RuleAction {
  readonly kind: string;
  readonly properties: unknown;
  readonly path: readonly (string | number)[];
}

function actionsOf({ logicalId, properties, at }: ResolvedResource): RuleAction[] {
  const payload = properties['TopicRulePayload'];
  const actions = fieldOf(payload, 'Actions');
  const path = ['TopicRulePayload', 'Actions'];
  if (!Array.isArray(actions)) throw new StartError(`${at(...path)}: ${logicalId}: Actions must be a list`);
  const errorAction = fieldOf(payload, 'ErrorAction');
  const all = [
    ...actions.map((action: unknown, index) => ({ action, path: [...path, index] as (string | number)[] })),
    ...(errorAction === undefined
      ? []
      : [{ action: errorAction, path: ['TopicRulePayload', 'ErrorAction'] }]),
  ];
  return all.map(({ action, path }) => {
    const [only, ...others] = isObject(action) ? Object.entries(action) : [];
    if (only && others.length === 0) return { kind: only[0], properties: only[1], path: [...path, only[0]] };
    throw new StartError(
      `${at(...path)}: ${logicalId}: an action is one kind with its properties, such as Lambda:`,
    );
  });
}

/** Permissions are granted per function, source and account. */
function isPermitted(
  permission: ResolvedResource,
  target: ResolvedResource,
  rule: ResolvedResource,
  accountId: string,
) {
  const { Action, FunctionName, Principal, SourceAccount, SourceArn } = permission.properties;
  return (
    (Action === 'lambda:InvokeFunction' || Action === 'lambda:*') &&
    (FunctionName === target.name || FunctionName === target.arn) &&
    Principal === 'iot.amazonaws.com' &&
    (SourceArn === undefined || SourceArn === rule.arn) &&
    (SourceAccount === undefined || SourceAccount === accountId)
  );
}

function requireTargets(template: ResolvedTemplate): void {
  const permissions = template.ofType('AWS::Lambda::Permission');
  for (const rule of template.ofType('AWS::IoT::TopicRule')) {
    for (const { kind, properties, path } of actionsOf(rule)) {
      const known = Object.hasOwn(targets, kind) ? targets[kind] : undefined;
      if (!known) continue; // The rules engine refuses the kinds that it has not.
      const [property, type, by] = known;
      const named = fieldOf(properties, property);
      const target = template.ofType(type).find((resource) => resource[by] === named);
      const where = `${rule.at(...path, property)}: ${rule.logicalId}`;
      if (!target) {
        throw new StartError(
          `${where}: ${property} is ${shown(named)}, but the template has no such ${type}: refer to one`,
        );
      }
      if (kind !== 'Lambda') continue;
      if (permissions.some((permission) => isPermitted(permission, target, rule, template.accountId)))
        continue;
      throw new StartError(
        `${where}: may not invoke ${target.logicalId}: add an AWS::Lambda::Permission for iot.amazonaws.com with this rule's Arn as SourceArn`,
      );
    }
  }
}

interface Reference {
  readonly from: string;
  readonly path: readonly string[];
  readonly to: readonly string[];
}

/** Properties that hold the ARN of another resource. */
const references: readonly Reference[] = [
  {
    from: 'AWS::KinesisFirehose::DeliveryStream',
    path: ['ExtendedS3DestinationConfiguration', 'BucketARN'],
    to: ['AWS::S3::Bucket'],
  },
  { from: 'AWS::SNS::Subscription', path: ['TopicArn'], to: ['AWS::SNS::Topic'] },
  {
    from: 'AWS::Serverless::Function',
    path: ['EventInvokeConfig', 'DestinationConfig', 'OnFailure', 'Destination'],
    to: ['AWS::S3::Bucket', 'AWS::SNS::Topic', 'AWS::Serverless::Function'],
  },
];

function requireReferences(template: ResolvedTemplate): void {
  for (const { from, path, to } of references) {
    const arns = new Set(to.flatMap((type) => template.ofType(type)).map(({ arn }) => arn));
    for (const { logicalId, properties, at } of template.ofType(from)) {
      const arn = path.reduce<unknown>(fieldOf, properties);
      if (arn === undefined || (typeof arn === 'string' && arns.has(arn))) continue;
      throw new StartError(
        `${at(...path)}: ${logicalId}: ${path.at(-1)} is ${shown(arn)}, but the template has no such ${to.join(' or ')}: refer to one`,
      );
    }
  }
}

function requireDistinctNames(template: ResolvedTemplate): void {
  const seen = new Map<string, ResolvedResource>();
  for (const resource of template.resources.values()) {
    const other = seen.get(resource.arn);
    if (other) {
      throw new StartError(
        `${resource.at()}: ${resource.logicalId} has the name of ${other.logicalId}, ${resource.name}: rename one of them`,
      );
    }
    seen.set(resource.arn, resource);
  }
}

/** @throws StartError with the template line, for a reference that leads nowhere or a call that nobody permitted. */
export function requireConsistent(template: ResolvedTemplate): void {
  requireDistinctNames(template);
  requireTargets(template);
  requireReferences(template);
}
