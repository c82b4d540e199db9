// The permissions that rules, delivery streams and schedules need of the roles that AWS's services assume for them.

import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { needsOfAction } from './action-needs.ts';
import { arnIn, type Need } from './need.ts';

/** One use of a role by a service. */
export interface RoleUse {
  /** Logical ID of the rule, stream or schedule. */
  readonly user: string;
  /** The place that names the role, such as `template.yaml:123`. */
  readonly at: string;
  readonly roleArn: string;
  /** Such as `iot.amazonaws.com`. */
  readonly service: string;
  /** The value of aws:SourceArn when the service assumes the role. */
  readonly sourceArn: string;
  /** Without these the use fails. */
  readonly needs: readonly Need[];
  /** Permissions that AWS also recommends, or that a service uses at times. */
  readonly uses: readonly Need[];
}

type Properties = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];
type UsesOf = (resource: ResolvedResource, template: ResolvedTemplate) => RoleUse[];

const isObject = (value: unknown): value is Properties => typeof value === 'object' && value !== null;
const within = (value: unknown, ...path: Path): unknown =>
  path.reduce<unknown>((found, key) => (isObject(found) ? found[key as string] : undefined), value);

function actionUses(rule: ResolvedResource, template: ResolvedTemplate, path: Path): RoleUse[] {
  const [[type, properties] = ['', {}]] = Object.entries(
    (within(rule.properties, ...path) ?? {}) as Record<string, Properties>,
  );
  const roleArn = within(properties, 'RoleArn');
  if (typeof roleArn !== 'string') return [];
  return [
    {
      ...{ user: rule.logicalId, at: rule.at(...path, type, 'RoleArn'), roleArn, uses: [] },
      ...{ service: 'iot.amazonaws.com', sourceArn: rule.arn },
      needs: needsOfAction(type, properties, template),
    },
  ];
}

const rule: UsesOf = (resource, template) => {
  const actions = within(resource.properties, 'TopicRulePayload', 'Actions');
  return [
    ...(Array.isArray(actions) ? actions : []).map((_action, index) => ['Actions', index]),
    ['ErrorAction'],
  ].flatMap((path) => actionUses(resource, template, ['TopicRulePayload', ...path]));
};

/** https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3 */
function firehoseNeeds(destination: Properties, template: ResolvedTemplate): Pick<RoleUse, 'needs' | 'uses'> {
  const bucket = String(destination['BucketARN']);
  const logs = destination['CloudWatchLoggingOptions'];
  const group = String(within(logs, 'LogGroupName'));
  const processors = within(destination, 'ProcessingConfiguration', 'Processors');
  const functions = (Array.isArray(processors) ? processors : [])
    .filter((processor) => within(processor, 'Type') === 'Lambda')
    .flatMap((processor) => (within(processor, 'Parameters') ?? []) as Properties[])
    .filter(({ ParameterName: name }) => name === 'LambdaArn')
    .map(({ ParameterValue: arn }) => String(arn));
  const onBucket = ['GetBucketLocation', 'ListBucket', 'ListBucketMultipartUploads'];
  return {
    needs: [
      { action: 's3:PutObject', resource: `${bucket}/prefix/object` },
      ...functions.map((resource) => ({ action: 'lambda:InvokeFunction', resource })),
    ],
    uses: [
      ...onBucket.map((action) => ({ action: `s3:${action}`, resource: bucket })),
      ...['AbortMultipartUpload', 'GetObject'].map((action) => ({
        ...{ action: `s3:${action}`, resource: `${bucket}/prefix/object` },
      })),
      ...functions.map((resource) => ({ action: 'lambda:GetFunctionConfiguration', resource })),
      ...(String(within(logs, 'Enabled')) === 'true'
        ? [
            {
              action: 'logs:PutLogEvents',
              resource: arnIn(template, 'logs', `log-group:${group}:log-stream:stream`),
            },
          ]
        : []),
    ],
  };
}

const deliveryStream: UsesOf = ({ logicalId, properties, arn, at }, template) =>
  ['S3DestinationConfiguration', 'ExtendedS3DestinationConfiguration'].flatMap((name) => {
    const destination = properties[name];
    if (!isObject(destination)) return [];
    const use = { user: logicalId, at: at(name, 'RoleARN'), roleArn: String(destination['RoleARN']) };
    const service = { service: 'firehose.amazonaws.com', sourceArn: arn };
    return [{ ...use, ...service, ...firehoseNeeds(destination, template) }];
  });

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role */
const schedule: UsesOf = ({ logicalId, properties, at }, template) => {
  const { Arn: arn, RoleArn: roleArn } = properties['Target'] as Properties;
  return [
    {
      ...{ user: logicalId, at: at('Target', 'RoleArn'), roleArn: String(roleArn), uses: [] },
      service: 'scheduler.amazonaws.com',
      // The group, not the schedule: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
      sourceArn: arnIn(template, 'scheduler', 'schedule-group/default'),
      needs: [{ action: 'lambda:InvokeFunction', resource: String(arn) }],
    },
  ];
};

const USERS: Readonly<Record<string, UsesOf>> = {
  'AWS::IoT::TopicRule': rule,
  'AWS::KinesisFirehose::DeliveryStream': deliveryStream,
  'AWS::Scheduler::Schedule': schedule,
};

/** In the order of the table above. */
export const roleUsesOf = (template: ResolvedTemplate): RoleUse[] =>
  Object.entries(USERS).flatMap(([type, usesOf]) =>
    template.ofType(type).flatMap((resource) => usesOf(resource, template)),
  );
