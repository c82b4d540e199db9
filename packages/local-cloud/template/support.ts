// Which properties of the template the local cloud honours, and which it accepts without effect and why; it refuses the
// rest. One entry a resource type, in the order of the template.

import { checkedBy, flag, oneOf, text, whole } from './property-check.ts';
import type { ResourceSupport, TypeSupport } from './property-check.ts';
import { dns } from './support-dns.ts';
import { domain } from './support-domain.ts';
import { fleet } from './support-fleet.ts';
import { httpApi, routeProperties } from './support-http-api.ts';
import { login } from './support-login.ts';
import { queue, queueEventProperties } from './support-queue.ts';
import { schedule } from './support-schedule.ts';
import { stream } from './support-stream.ts';

const tags = { 'Tags.**': 'nobody bills one machine by tag' };
const permissions = 'AWS permissions do not apply on one machine; device policies do';
const encryption = 'data lies on your own disk; encrypt the disk';
const logs = 'logs are files under the data directory';
const cost = 'one machine has one kind of storage';
const queries = 'Athena does not run here; read the files in the bucket with any engine, such as DuckDB';

const unchecked = (reason: string): { properties: TypeSupport } => ({
  properties: { honours: {}, ignores: { '**': reason } },
});

const devices: Readonly<Record<string, ResourceSupport>> = {
  'AWS::IoT::ThingType': {
    properties: {
      honours: {
        ThingTypeName: text,
        DeprecateThingType: flag,
        'ThingTypeProperties.ThingTypeDescription': text,
        'ThingTypeProperties.SearchableAttributes.*': text,
      },
      ignores: tags,
    },
  },
  'AWS::IoT::ThingGroup': {
    properties: {
      honours: {
        ThingGroupName: text,
        ParentGroupName: text,
        'ThingGroupProperties.ThingGroupDescription': text,
        'ThingGroupProperties.AttributePayload.Attributes.*': text,
      },
      ignores: tags,
    },
  },
  'AWS::IoT::Policy': {
    properties: {
      honours: { PolicyName: text, 'PolicyDocument.**': checkedBy('the policy evaluation') },
      ignores: tags,
      required: ['PolicyDocument'],
    },
  },
};

const rules: Readonly<Record<string, ResourceSupport>> = {
  'AWS::IoT::TopicRule': {
    properties: {
      honours: {
        RuleName: text,
        'TopicRulePayload.Description': text,
        'TopicRulePayload.Sql': text,
        'TopicRulePayload.AwsIotSqlVersion': oneOf('2016-03-23'),
        'TopicRulePayload.RuleDisabled': flag,
        'TopicRulePayload.Actions.*.**': checkedBy('the rules engine'),
        'TopicRulePayload.ErrorAction.**': checkedBy('the rules engine'),
      },
      ignores: tags,
      required: ['TopicRulePayload.Sql', 'TopicRulePayload.AwsIotSqlVersion', 'TopicRulePayload.Actions'],
    },
  },
  'AWS::Lambda::Permission': {
    properties: {
      honours: { Action: text, FunctionName: text, Principal: text, SourceAccount: text, SourceArn: text },
      ignores: {},
      required: ['Action', 'FunctionName', 'Principal'],
    },
  },
  'AWS::IAM::Role': unchecked('nobody assumes it here, unless an identity pool gives it to browsers'),
};

const destination = 'ExtendedS3DestinationConfiguration';

const archive: Readonly<Record<string, ResourceSupport>> = {
  'AWS::KinesisFirehose::DeliveryStream': {
    properties: {
      honours: {
        DeliveryStreamName: text,
        DeliveryStreamType: oneOf('DirectPut'),
        [`${destination}.BucketARN`]: text,
        [`${destination}.BufferingHints.SizeInMBs`]: whole(1, 128),
        [`${destination}.BufferingHints.IntervalInSeconds`]: whole(0, 900),
        [`${destination}.CompressionFormat`]: oneOf('UNCOMPRESSED', 'GZIP'),
        [`${destination}.Prefix`]: text,
        [`${destination}.FileExtension`]: text,
      },
      ignores: {
        'DeliveryStreamEncryptionConfigurationInput.**': encryption,
        [`${destination}.RoleARN`]: permissions,
        [`${destination}.ErrorOutputPrefix`]: 'a write that fails is tried until it succeeds',
        [`${destination}.CloudWatchLoggingOptions.**`]: logs,
        [`${destination}.EncryptionConfiguration.**`]: encryption,
        ...tags,
      },
      required: [`${destination}.BucketARN`],
    },
  },
  'AWS::S3::Bucket': {
    properties: {
      honours: {
        BucketName: text,
        'VersioningConfiguration.Status': oneOf('Enabled', 'Suspended'),
        'LifecycleConfiguration.Rules.*.Id': text,
        'LifecycleConfiguration.Rules.*.Status': oneOf('Enabled', 'Disabled'),
        'LifecycleConfiguration.Rules.*.Prefix': text,
        'LifecycleConfiguration.Rules.*.ExpirationInDays': whole(1, 36500),
        'LifecycleConfiguration.Rules.*.NoncurrentVersionExpiration.NoncurrentDays': whole(1, 36500),
        'LifecycleConfiguration.Rules.*.AbortIncompleteMultipartUpload.DaysAfterInitiation': whole(1, 36500),
      },
      ignores: {
        'LifecycleConfiguration.Rules.*.Transitions.**': cost,
        'LifecycleConfiguration.Rules.*.NoncurrentVersionTransitions.**': cost,
        'BucketEncryption.**': encryption,
        'OwnershipControls.**': 'one machine has one owner',
        ObjectLockEnabled: 'locks of objects are refused here, so that there are none',
        'PublicAccessBlockConfiguration.**': 'the port listens on loopback only',
        'MetricsConfigurations.**': 'the AWS port counts its own calls',
        ...tags,
      },
    },
  },
  'AWS::S3::BucketPolicy': unchecked(permissions),
  'AWS::Glue::Database': unchecked(queries),
  'AWS::Glue::Table': unchecked(queries),
  'AWS::Athena::WorkGroup': unchecked(queries),
  'AWS::Athena::NamedQuery': unchecked(queries),
};

const variables = 'Environment.Variables.*';
const build = 'BuildProperties';

const functions: Readonly<Record<string, ResourceSupport>> = {
  'AWS::Serverless::Function': {
    properties: {
      honours: {
        FunctionName: text,
        CodeUri: text,
        Handler: text,
        Runtime: oneOf('nodejs24.x', 'nodejs22.x'),
        MemorySize: whole(128, 10_240),
        Timeout: whole(1, 900),
        ReservedConcurrentExecutions: whole(0, 10_000),
        [variables]: text,
        'EventInvokeConfig.MaximumRetryAttempts': whole(0, 2),
        'EventInvokeConfig.MaximumEventAgeInSeconds': whole(60, 21_600),
        'EventInvokeConfig.DestinationConfig.OnFailure.Type': oneOf('S3Bucket', 'SNS', 'SQS', 'Lambda'),
        'EventInvokeConfig.DestinationConfig.OnFailure.Destination': text,
        'Events.*.Type': oneOf('HttpApi', 'SQS'),
        ...routeProperties,
        ...queueEventProperties,
      },
      ignores: {
        Description: 'it is for readers',
        'Architectures.*': 'functions run on the processor that is there',
        Role: permissions,
        'Policies.**': permissions,
        PermissionsBoundary: permissions,
        'LoggingConfig.**': logs,
        Tracing: 'there is no X-Ray here',
        'EphemeralStorage.Size':
          'functions write to the temporary folder of this machine, which has the room that it has',
        ...tags,
      },
      required: ['Handler', 'Runtime'],
    },
    metadata: {
      honours: {
        BuildMethod: oneOf('esbuild'),
        [`${build}.EntryPoints.*`]: text,
        [`${build}.External.*`]: text,
        [`${build}.Format`]: oneOf('cjs', 'esm'),
        [`${build}.Loader.*`]: text,
        [`${build}.MainFields`]: text,
        [`${build}.Minify`]: flag,
        [`${build}.OutExtension.*`]: text,
        [`${build}.Sourcemap`]: flag,
        [`${build}.SourcesContent`]: flag,
        [`${build}.Target`]: text,
      },
      ignores: { 'cfn-lint.**': 'it is for the linter' },
      required: ['BuildMethod'],
    },
  },
  'AWS::Logs::LogGroup': unchecked(logs),
  'AWS::Logs::LogStream': unchecked(logs),
};

const windowsAndAlerts: Readonly<Record<string, ResourceSupport>> = {
  'AWS::DynamoDB::Table': {
    properties: {
      honours: {
        TableName: text,
        BillingMode: oneOf('PAY_PER_REQUEST', 'PROVISIONED'),
        'AttributeDefinitions.*.AttributeName': text,
        'AttributeDefinitions.*.AttributeType': oneOf('S', 'N', 'B'),
        'KeySchema.*.AttributeName': text,
        'KeySchema.*.KeyType': oneOf('HASH', 'RANGE'),
        'GlobalSecondaryIndexes.**': checkedBy('DynamoDB'),
        'LocalSecondaryIndexes.**': checkedBy('DynamoDB'),
        'ProvisionedThroughput.ReadCapacityUnits': whole(1, 40_000),
        'ProvisionedThroughput.WriteCapacityUnits': whole(1, 40_000),
        'TimeToLiveSpecification.AttributeName': text,
        'TimeToLiveSpecification.Enabled': flag,
      },
      ignores: {
        'PointInTimeRecoverySpecification.**': 'copy the data directory to have a backup',
        'SSESpecification.**': encryption,
        DeletionProtectionEnabled: 'nothing here deletes a table',
        TableClass: cost,
        ...tags,
      },
      required: ['AttributeDefinitions', 'KeySchema'],
    },
  },
  'AWS::SNS::Topic': {
    properties: {
      honours: { TopicName: text, DisplayName: text },
      ignores: { KmsMasterKeyId: encryption, ...tags },
    },
  },
  'AWS::SNS::TopicPolicy': unchecked(permissions),
  'AWS::KMS::Key': unchecked(encryption),
  'AWS::SNS::Subscription': {
    properties: {
      honours: {
        TopicArn: text,
        Protocol: oneOf('email', 'sms', 'sqs'),
        Endpoint: text,
        'FilterPolicy.**': checkedBy('SNS'),
        FilterPolicyScope: oneOf('MessageAttributes', 'MessageBody'),
        'RedrivePolicy.**': checkedBy('SNS'),
      },
      ignores: {},
      required: ['TopicArn', 'Protocol', 'Endpoint'],
    },
  },
  'AWS::CloudWatch::Alarm': unchecked('the status page shows the same numbers; nobody watches them for you'),
  'AWS::CloudWatch::Dashboard': unchecked('the status page shows what there is to see here'),
};

/** By resource type. */
export const support: Readonly<Record<string, ResourceSupport>> = {
  ...devices,
  ...fleet,
  ...rules,
  ...archive,
  ...functions,
  ...stream,
  ...schedule,
  ...httpApi,
  ...windowsAndAlerts,
  ...queue,
  ...login,
  ...domain,
  ...dns,
};

export interface SupportEntry {
  readonly type: string;
  readonly property: string;
  readonly effect: 'honoured' | 'without effect';
  /** The values it may have, or the reason why it has no effect. */
  readonly note: string;
}

/** The whole table, for the documentation. */
export function describeSupport(): SupportEntry[] {
  return Object.entries(support).flatMap(([type, { properties, metadata }]) =>
    [properties, ...(metadata ? [metadata] : [])].flatMap(({ honours, ignores }): SupportEntry[] => [
      ...Object.entries(honours).map(
        ([property, { describe }]) => ({ type, property, effect: 'honoured', note: describe }) as const,
      ),
      ...Object.entries(ignores).map(
        ([property, note]) => ({ type, property, effect: 'without effect', note }) as const,
      ),
    ]),
  );
}
