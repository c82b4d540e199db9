// The support table: which properties of each resource type the local cloud supports, and which it accepts without effect and
// why; it refuses all others. One entry per resource type, in the order of the template.

import { checkedBy, flag, oneOf, type ResourceSupport, text, unchecked, whole } from './property-check.ts';
import { archive } from './support-archive.ts';
import { device } from './support-device.ts';
import { dns } from './support-dns.ts';
import { domain } from './support-domain.ts';
import { fleet } from './support-fleet.ts';
import { lambda } from './support-function.ts';
import { httpApi } from './support-http-api.ts';
import { login } from './support-login.ts';
import { queue } from './support-queue.ts';
import { schedule } from './support-schedule.ts';
import { stream } from './support-stream.ts';
import { watching } from './support-watching.ts';

const TAGS = { 'Tags.**': 'tags are for billing, which the local cloud does not have' };
const PERMISSIONS = 'only the permissions of functions, browsers and devices apply on one machine';
const ENCRYPTION = 'data is on your own disk; encrypt the disk';
const COST = 'one machine has one kind of storage';

const ROLE_PROPERTIES = {
  honours: { '**': checkedBy('the roles of functions, and of identity pools') },
  ignores: {},
};

const RULES: Readonly<Record<string, ResourceSupport>> = {
  'AWS::IoT::TopicRule': {
    properties: {
      honours: {
        RuleName: text,
        'TopicRulePayload.Description': text,
        'TopicRulePayload.Sql': text,
        'TopicRulePayload.AwsIotSqlVersion': oneOf('2016-03-23', '2015-10-08'),
        'TopicRulePayload.RuleDisabled': flag,
        'TopicRulePayload.Actions.*.**': checkedBy('the rules engine'),
        'TopicRulePayload.ErrorAction.**': checkedBy('the rules engine'),
      },
      ignores: TAGS,
      required: ['TopicRulePayload.Sql', 'TopicRulePayload.Actions'],
    },
  },
  'AWS::Lambda::Permission': {
    properties: {
      honours: { Action: text, FunctionName: text, Principal: text, SourceAccount: text, SourceArn: text },
      ignores: {},
      required: ['Action', 'FunctionName', 'Principal'],
    },
  },
  'AWS::IAM::Policy': { properties: ROLE_PROPERTIES },
  'AWS::IAM::ManagedPolicy': { properties: ROLE_PROPERTIES },
  'AWS::IAM::Role': { properties: ROLE_PROPERTIES },
};

const WINDOWS_AND_ALERTS: Readonly<Record<string, ResourceSupport>> = {
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
        'StreamSpecification.StreamViewType': oneOf(
          ...['NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY'],
        ),
        'TimeToLiveSpecification.AttributeName': text,
        'TimeToLiveSpecification.Enabled': flag,
      },
      ignores: {
        'PointInTimeRecoverySpecification.**': 'copy the data directory to have a backup',
        'SSESpecification.**': ENCRYPTION,
        DeletionProtectionEnabled: 'nothing here deletes a table',
        TableClass: COST,
        ...TAGS,
      },
      required: ['AttributeDefinitions', 'KeySchema'],
    },
  },
  'AWS::SNS::Topic': {
    properties: {
      honours: { TopicName: text, DisplayName: text },
      ignores: { KmsMasterKeyId: ENCRYPTION, ...TAGS },
    },
  },
  'AWS::SNS::TopicPolicy': unchecked(PERMISSIONS),
  'AWS::KMS::Key': {
    properties: {
      honours: {
        Description: text,
        Enabled: flag,
        KeySpec: oneOf('SYMMETRIC_DEFAULT', 'ECC_NIST_P256'),
        KeyUsage: oneOf('ENCRYPT_DECRYPT', 'SIGN_VERIFY'),
      },
      ignores: {
        'KeyPolicy.**': PERMISSIONS,
        EnableKeyRotation: ENCRYPTION,
        RotationPeriodInDays: ENCRYPTION,
        PendingWindowInDays: 'the key is a file, which you remove',
        BypassPolicyLockoutSafetyCheck: PERMISSIONS,
        ...TAGS,
      },
    },
  },
  'AWS::SNS::Subscription': {
    properties: {
      honours: {
        TopicArn: text,
        Protocol: oneOf('email', 'sms', 'sqs', 'lambda'),
        Endpoint: text,
        'FilterPolicy.**': checkedBy('SNS'),
        FilterPolicyScope: oneOf('MessageAttributes', 'MessageBody'),
        'RedrivePolicy.**': checkedBy('SNS'),
      },
      ignores: {},
      required: ['TopicArn', 'Protocol', 'Endpoint'],
    },
  },
};

/** By resource type. */
export const support: Readonly<Record<string, ResourceSupport>> = {
  ...device,
  ...fleet,
  ...RULES,
  ...archive,
  ...lambda,
  ...stream,
  ...schedule,
  ...httpApi,
  ...WINDOWS_AND_ALERTS,
  ...watching,
  ...queue,
  ...login,
  ...domain,
  ...dns,
};

export interface SupportEntry {
  readonly type: string;
  readonly property: string;
  readonly effect: 'honoured' | 'without effect';
  /** The values that it may have, or the reason why it has no effect. */
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
