// The names of each resource type: physical name, ARN, and the values of Ref and Fn::GetAtt, the same at every start.

import { account } from '../account.ts';
import { streamArnOf } from '../dynamodb/stream-arn.ts';
import {
  type Attribute,
  certificateId,
  type StackDefaults,
  inLowerCase,
  joined,
  type Naming,
  queueHost,
  unnamed,
  uuid,
  within,
  withUnderscore,
} from './naming.ts';
import { webNamings } from './namings-web.ts';

export interface Identity {
  readonly name: string;
  readonly arn: string;
  readonly ref: string;
  readonly attributes: ReadonlyMap<string, Attribute>;
}

const THING_NAME = /^[a-zA-Z0-9:_-]{1,128}$/;
const id = (name: string) => ({ Id: name });

const NAMINGS: Readonly<Record<string, Naming>> = {
  ...webNamings,
  'AWS::IoT::ThingType': {
    nameProperty: 'ThingTypeName',
    pattern: THING_NAME,
    arn: within('iot', (name) => `thingtype/${name}`),
    attributes: id,
  },
  'AWS::IoT::ThingGroup': {
    nameProperty: 'ThingGroupName',
    pattern: THING_NAME,
    arn: within('iot', (name) => `thinggroup/${name}`),
    attributes: id,
  },
  'AWS::IoT::Policy': {
    nameProperty: 'PolicyName',
    pattern: /^[\w+=,.@-]{1,128}$/,
    arn: within('iot', (name) => `policy/${name}`),
    attributes: id,
  },
  'AWS::IoT::Thing': {
    nameProperty: 'ThingName',
    pattern: THING_NAME,
    arn: within('iot', (name) => `thing/${name}`),
    attributes: (name) => ({ Id: uuid('thing', name) }),
  },
  'AWS::IoT::Certificate': {
    generate: certificateId,
    arn: within('iot', (name) => `cert/${name}`),
    attributes: id,
  },
  'AWS::IoT::PolicyPrincipalAttachment': { arn: unnamed, hasArn: false },
  'AWS::IoT::ThingPrincipalAttachment': { arn: unnamed, hasArn: false },
  'AWS::IoT::ProvisioningTemplate': {
    nameProperty: 'TemplateName',
    pattern: /^[0-9A-Za-z_-]{1,36}$/,
    arn: within('iot', (name) => `provisioningtemplate/${name}`),
    hasArn: false,
    attributes: (_name, arn) => ({ TemplateArn: arn }),
  },
  'AWS::IoT::TopicRule': {
    nameProperty: 'RuleName',
    pattern: /^[a-zA-Z0-9_]{1,128}$/,
    generate: withUnderscore,
    arn: within('iot', (name) => `rule/${name}`),
  },
  'AWS::IoT::DomainConfiguration': {
    nameProperty: 'DomainConfigurationName',
    pattern: /^[\w.-]{1,128}$/,
    arn: within('iot', (name) => `domainconfiguration/${name}`),
    attributes: () => ({ DomainType: 'CUSTOMER_MANAGED' }),
  },
  'AWS::KinesisFirehose::DeliveryStream': {
    nameProperty: 'DeliveryStreamName',
    pattern: /^[a-zA-Z0-9._-]{1,64}$/,
    arn: within('firehose', (name) => `deliverystream/${name}`),
  },
  'AWS::Kinesis::Stream': {
    nameProperty: 'Name',
    pattern: /^[a-zA-Z0-9_.-]{1,128}$/,
    arn: within('kinesis', (name) => `stream/${name}`),
  },
  'AWS::Lambda::EventSourceMapping': {
    generate: uuid,
    arn: within('lambda', (name) => `event-source-mapping:${name}`),
    hasArn: false,
    attributes: (name, arn) => ({ Id: name, EventSourceMappingArn: arn }),
  },
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    pattern: /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    generate: inLowerCase,
    arn: (name) => `arn:aws:s3:::${name}`,
    attributes: (name) => ({ RegionalDomainName: `${name}.s3.${account.region}.amazonaws.com` }),
  },
  'AWS::DynamoDB::Table': {
    nameProperty: 'TableName',
    pattern: /^[a-zA-Z0-9_.-]{3,255}$/,
    arn: within('dynamodb', (name) => `table/${name}`),
    attributes: (_name, arn) => ({ StreamArn: streamArnOf(arn) }),
  },
  'AWS::SNS::Topic': {
    nameProperty: 'TopicName',
    pattern: /^[a-zA-Z0-9_-]{1,256}$/,
    arn: within('sns', (name) => name),
    ref: 'arn',
    hasArn: false,
    attributes: (name, arn) => ({ TopicArn: arn, TopicName: name }),
  },
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    pattern: /^(?=.{1,80}$)[\w-]+(?:\.fifo)?$/,
    arn: within('sqs', (name) => name),
    ref: (name, { region, accountId }) => `${queueHost(region)}/${accountId}/${name}`,
    attributes: (name, arn) => {
      const [, , , region, accountId] = arn.split(':');
      return { QueueName: name, QueueUrl: `${queueHost(region!)}/${accountId}/${name}` };
    },
  },
  'AWS::Serverless::Function': {
    nameProperty: 'FunctionName',
    pattern: /^[a-zA-Z0-9_-]{1,64}$/,
    arn: within('lambda', (name) => `function:${name}`),
  },
  'AWS::Serverless::LayerVersion': {
    nameProperty: 'LayerName',
    pattern: /^[a-zA-Z0-9_-]{1,140}$/,
    arn: within('lambda', (name) => `layer:${name}:1`),
    ref: 'arn',
    attributes: (_name, arn) => ({ LayerVersionArn: arn }),
  },
  'AWS::Events::Rule': {
    nameProperty: 'Name',
    pattern: /^[.\-_A-Za-z0-9]{1,64}$/,
    arn: within('events', (name) => `rule/${name}`),
  },
  'AWS::Scheduler::Schedule': {
    nameProperty: 'Name',
    pattern: /^[0-9a-zA-Z._-]{1,64}$/,
    arn: within('scheduler', (name) => `schedule/default/${name}`),
  },
  'AWS::IAM::Role': {
    nameProperty: 'RoleName',
    pattern: /^[\w+=,.@-]{1,64}$/,
    arn: (name, { accountId }) => `arn:aws:iam::${accountId}:role/${name}`,
  },
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    pattern: /^[.\-_/#A-Za-z0-9]{1,512}$/,
    // With the asterisk, as CloudFormation gives it: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-logs-loggroup.html
    arn: within('logs', (name) => `log-group:${name}:*`),
  },
  'AWS::CloudWatch::Alarm': {
    nameProperty: 'AlarmName',
    arn: within('cloudwatch', (name) => `alarm:${name}`),
  },
  'AWS::CloudWatch::Dashboard': {
    nameProperty: 'DashboardName',
    pattern: /^[a-zA-Z0-9_-]{1,255}$/,
    arn: (name, { accountId }) => `arn:aws:cloudwatch::${accountId}:dashboard/${name}`,
    hasArn: false,
  },
  'AWS::KMS::Key': {
    generate: uuid,
    arn: within('kms', (name) => `key/${name}`),
    attributes: (name) => ({ KeyId: name }),
  },
  'AWS::SNS::Subscription': { arn: within('sns', (name) => `subscription:${name}`), ref: 'arn' },
  'AWS::Logs::LogStream': { nameProperty: 'LogStreamName', arn: unnamed, hasArn: false },
  'AWS::IAM::Policy': { arn: unnamed, hasArn: false },
  'AWS::IAM::ManagedPolicy': {
    nameProperty: 'ManagedPolicyName',
    arn: (name, { accountId }) => `arn:aws:iam::${accountId}:policy/${name}`,
    ref: 'arn',
    hasArn: false,
    attributes: (_name, arn) => ({ PolicyArn: arn }),
  },
  'AWS::Lambda::LayerVersionPermission': { arn: unnamed, hasArn: false },
  'AWS::Lambda::Permission': { arn: unnamed, hasArn: false },
  'AWS::S3::BucketPolicy': { arn: unnamed, hasArn: false },
  'AWS::SNS::TopicPolicy': { arn: unnamed, hasArn: false },
  'AWS::SQS::QueuePolicy': { arn: unnamed, hasArn: false },
  'AWS::Glue::Database': { arn: unnamed, hasArn: false },
  'AWS::Glue::Table': { arn: unnamed, hasArn: false },
  'AWS::Athena::WorkGroup': { nameProperty: 'Name', arn: unnamed, hasArn: false },
  'AWS::Athena::NamedQuery': { arn: unnamed, hasArn: false },
};

export const resourceTypes: readonly string[] = Object.keys(NAMINGS);

/** The property that names a resource of this type; undefined where AWS always chooses. */
export const namePropertyOf = (type: string): string | undefined => NAMINGS[type]?.nameProperty;

/**
 * The names of a resource. `explicit` is the name that the template sets, if any.
 * @returns the problem of the name as text, when AWS would refuse it.
 */
export function identify(
  type: string,
  logicalId: string,
  explicit: string | undefined,
  defaults: StackDefaults,
): Identity | string {
  const naming = NAMINGS[type]!;
  const name = explicit ?? (naming.generate ?? joined)(defaults.stackName, logicalId, defaults);
  if (naming.pattern && !naming.pattern.test(name)) {
    return `is called ${JSON.stringify(name)}, which AWS refuses: it must match ${naming.pattern.source}`;
  }
  const arn = naming.arn(name, defaults);
  const attributes = new Map<string, Attribute>(Object.entries(naming.attributes?.(name, arn) ?? {}));
  if (naming.hasArn !== false) attributes.set('Arn', arn);
  const ref = naming.ref === 'arn' ? arn : (naming.ref?.(name, defaults) ?? name);
  return { name, arn, ref, attributes };
}
