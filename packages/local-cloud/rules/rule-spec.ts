// Reads the rules of the template, and refuses actions and properties of actions that the local cloud does not support.

import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { OLD_VERSION, type SqlVersion } from './sql-version.ts';

type Template = Pick<ResolvedTemplate, 'resources' | 'ofType'>;

export interface ActionSpec {
  /** The action's name in the template, such as `Lambda`. */
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Physical name of the resource that it delivers to, where the template declares it. */
  readonly target?: string;
  /** The error that stops the start; names the template line of `property`. */
  readonly refuse: (problem: string, property?: string) => StartError;
}

export interface RuleSpec {
  readonly name: string;
  readonly sql: string;
  /** 2016-03-23 if absent. */
  readonly version?: SqlVersion;
  readonly disabled: boolean;
  readonly actions: readonly ActionSpec[];
  readonly errorAction?: ActionSpec;
  readonly refuse: (problem: string, property?: string) => StartError;
}

/** The value under a path such as `PutItem.TableName`. */
export function fieldAt(properties: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    const isMap = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    return isMap ? (value as Record<string, unknown>)[name] : undefined;
  }, properties);
}

export const isTemplate = (value: unknown): boolean => typeof value === 'string' && value.includes('${');

interface ActionKind {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** The properties in which AWS substitutes; of a map, also in its values. */
  readonly substituted: readonly string[];
  /** The property that names another resource of the template, and the types that it may have. */
  readonly target?: {
    readonly property: string;
    readonly by: 'name' | 'arn' | 'ref';
    readonly types: readonly string[];
  };
}

const KINDS: Readonly<Record<string, ActionKind>> = {
  Lambda: {
    required: ['FunctionArn'],
    optional: [],
    substituted: ['FunctionArn'],
    target: {
      property: 'FunctionArn',
      by: 'arn',
      types: ['AWS::Serverless::Function', 'AWS::Lambda::Function'],
    },
  },
  Firehose: {
    required: ['DeliveryStreamName', 'RoleArn'],
    optional: ['Separator', 'BatchMode'],
    substituted: ['DeliveryStreamName'],
    target: { property: 'DeliveryStreamName', by: 'name', types: ['AWS::KinesisFirehose::DeliveryStream'] },
  },
  Kinesis: {
    // AWS accepts a rule without PartitionKey, and does not document where its records go.
    required: ['StreamName', 'PartitionKey', 'RoleArn'],
    optional: [],
    substituted: ['StreamName', 'PartitionKey'],
    target: { property: 'StreamName', by: 'name', types: ['AWS::Kinesis::Stream'] },
  },
  S3: {
    required: ['BucketName', 'Key', 'RoleArn'],
    optional: ['CannedAcl'],
    substituted: ['BucketName', 'Key', 'CannedAcl'],
    target: { property: 'BucketName', by: 'name', types: ['AWS::S3::Bucket'] },
  },
  Sns: {
    required: ['TargetArn', 'RoleArn'],
    optional: ['MessageFormat'],
    substituted: ['TargetArn'],
    target: { property: 'TargetArn', by: 'arn', types: ['AWS::SNS::Topic'] },
  },
  Sqs: {
    required: ['QueueUrl', 'RoleArn'],
    optional: ['UseBase64'],
    substituted: ['QueueUrl'],
    target: { property: 'QueueUrl', by: 'ref', types: ['AWS::SQS::Queue'] },
  },
  Republish: {
    required: ['Topic', 'RoleArn'],
    optional: ['Qos', 'Headers'],
    substituted: ['Topic', 'Headers'],
  },
  DynamoDB: {
    required: ['TableName', 'HashKeyField', 'HashKeyValue', 'RoleArn'],
    optional: ['HashKeyType', 'RangeKeyField', 'RangeKeyType', 'RangeKeyValue', 'PayloadField', 'Operation'],
    substituted: [
      ...['TableName', 'HashKeyField', 'HashKeyValue', 'RangeKeyField', 'RangeKeyValue', 'PayloadField'],
    ],
    target: { property: 'TableName', by: 'name', types: ['AWS::DynamoDB::Table'] },
  },
  Http: {
    required: ['Url'],
    // The endpoint does not have to confirm: the local cloud posts only to hosts that are named at its start.
    optional: ['ConfirmationUrl', 'Headers'],
    substituted: ['Url', 'Headers'],
  },
  DynamoDBv2: {
    required: ['PutItem'],
    optional: ['RoleArn'],
    substituted: ['PutItem'],
    target: { property: 'PutItem.TableName', by: 'name', types: ['AWS::DynamoDB::Table'] },
  },
  CloudwatchLogs: {
    required: ['LogGroupName', 'RoleArn'],
    optional: ['BatchMode'],
    substituted: ['LogGroupName'],
    target: { property: 'LogGroupName', by: 'name', types: ['AWS::Logs::LogGroup'] },
  },
};

/** IoT Core quota: actions per rule. */
const MAX_ACTIONS = 10;
const SUPPORTED_ACTIONS = Object.keys(KINDS).join(', ');
type Properties = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

const isProperties = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function stop(rule: ResolvedResource, path: Path, problem: string): StartError {
  return new StartError(`${rule.at(...path)}: ${rule.logicalId}: ${problem}`);
}

function findTarget(template: Template, kind: ActionKind, properties: Properties): string | undefined {
  if (!kind.target) return undefined;
  const { property, by, types } = kind.target;
  const found = [...template.resources.values()].find(
    (resource) => types.includes(resource.type) && resource[by] === fieldAt(properties, property),
  );
  return found?.name;
}

interface ReadOptions {
  /** A rule that the API creates may deliver to what the API created: whether that exists is checked when a message comes. */
  readonly atRunTime?: boolean;
}

/** @throws StartError for a property that the action does not have or AWS does not substitute in, and for a missing one */
function checkProperties(
  rule: ResolvedResource,
  path: Path,
  type: string,
  { required, optional, substituted }: ActionKind,
  properties: Properties,
): void {
  for (const [name, value] of Object.entries(properties)) {
    const at = [...path, name];
    if (!required.includes(name) && !optional.includes(name)) {
      throw stop(rule, at, `${type}.${name} is not supported by the local cloud; take it out`);
    }
    if (isTemplate(value) && !substituted.includes(name)) {
      throw stop(rule, at, `AWS does not substitute in ${type}.${name}`);
    }
  }
  const missing = required.find((name) => properties[name] === undefined);
  if (missing) throw stop(rule, path, `the action ${type} needs ${missing}`);
}

/** The problem of a target that the template does not declare; what a substitution gives is known when a message comes. */
function targetProblem(type: string, kind: ActionKind, properties: Properties): string | undefined {
  if (!kind.target || isTemplate(fieldAt(properties, kind.target.property))) return undefined;
  const { property, types } = kind.target;
  return `${type}.${property} names no ${types.join(' or ')} of this template`;
}

function readAction(
  template: Template,
  rule: ResolvedResource,
  action: unknown,
  path: Path,
  { atRunTime = false }: ReadOptions,
): ActionSpec {
  const [type, ...others] = isProperties(action) ? Object.keys(action) : [];
  if (type === undefined || others.length > 0)
    throw stop(rule, path, 'an action has exactly one kind, such as Lambda');
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  const at = [...path, type];
  if (!kind)
    throw stop(rule, at, `the action ${type} is not supported by the local cloud: use ${SUPPORTED_ACTIONS}`);
  const properties = (action as Properties)[type];
  if (!isProperties(properties)) throw stop(rule, at, `the action ${type} has no properties`);
  checkProperties(rule, at, type, kind, properties);
  const target = findTarget(template, kind, properties);
  const problem = atRunTime || target !== undefined ? undefined : targetProblem(type, kind, properties);
  if (problem !== undefined) throw stop(rule, [...at, ...kind.target!.property.split('.')], problem);
  const refuse = (reason: string, property?: string) =>
    stop(rule, [...at, ...(property ? [property] : [])], reason);
  return { type, properties, target, refuse };
}

/** @throws StartError naming the template line of what is not supported */
export function readRule(template: Template, rule: ResolvedResource, options: ReadOptions = {}): RuleSpec {
  const path = ['TopicRulePayload'];
  const payload = rule.properties['TopicRulePayload'];
  if (!isProperties(payload)) throw stop(rule, [], 'a rule needs TopicRulePayload');
  const {
    Sql: sql,
    Actions: actions,
    AwsIotSqlVersion: version,
    ErrorAction: errorAction,
    RuleDisabled: disabled,
  } = payload;
  if (typeof sql !== 'string') throw stop(rule, path, 'a rule needs Sql');
  if (!Array.isArray(actions) || actions.length > MAX_ACTIONS) {
    throw stop(rule, [...path, 'Actions'], `a rule has a list of at most ${MAX_ACTIONS} Actions`);
  }
  return {
    name: rule.name,
    sql,
    // AWS uses the old version where the rule names none.
    version: version === '2016-03-23' ? version : OLD_VERSION,
    // Text where the value comes from a parameter.
    disabled: disabled === true || disabled === 'true',
    actions: actions.map((action, index) =>
      readAction(template, rule, action, [...path, 'Actions', index], options),
    ),
    errorAction:
      errorAction === undefined
        ? undefined
        : readAction(template, rule, errorAction, [...path, 'ErrorAction'], options),
    refuse: (problem, property) => stop(rule, property ? [...path, property] : [], problem),
  };
}

/** Every AWS::IoT::TopicRule of the template. @throws StartError naming the template line of what is not supported */
export function rulesFromTemplate(template: Template): RuleSpec[] {
  return readAll(template.ofType('AWS::IoT::TopicRule'), (rule) => readRule(template, rule));
}
