// The page about guard rules is right: each rule that concerns the template, in our own words, against every resource.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { ResolvedResource } from '../../packages/local-cloud/template/resolved.ts';
import { loadTidegate } from './tidegate-template.ts';

type Json = Readonly<Record<string, unknown>>;
type Follows = (properties: Json, resource: ResolvedResource) => boolean;

const template = loadTidegate({ IngestMode: 'stream' });
const at = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>((found, key) => (found as Json | undefined)?.[key], value);
const isTrue = (value: unknown) => String(value) === 'true';
const statements = (document: unknown) => at(document, 'Statement') as readonly Json[];
const actionsOf = ({ Action }: Json) => [Action].flat().map(String);

const refusesPlainHttp = (bucket: ResolvedResource) =>
  template
    .ofType('AWS::S3::BucketPolicy')
    .filter(({ properties }) => properties['Bucket'] === bucket.ref)
    .flatMap(({ properties }) => statements(properties['PolicyDocument']))
    .some(
      ({ Effect, Action, Condition }) =>
        Effect === 'Deny' && Action === 's3:*' && at(Condition, 'Bool', 'aws:SecureTransport') === 'false',
    );

const limitsGrants = (properties: Json) =>
  statements(properties['KeyPolicy']).some(
    ({ Effect, Action, Principal, Condition }) =>
      [Effect, Action, Principal].join(' ') === 'Deny kms:CreateGrant *' &&
      at(Condition, 'BoolIfExists', 'kms:GrantIsForAWSResource') === 'false' &&
      at(Condition, 'BoolIfExists', 'aws:PrincipalIsAWSService') === 'false',
  );

const allowed = (role: Json) =>
  (role['Policies'] as readonly Json[] | undefined)?.flatMap(({ PolicyDocument }) =>
    statements(PolicyDocument)
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(actionsOf),
  ) ?? [];

const BUCKET = 'AWS::S3::Bucket';
const TABLE = 'AWS::DynamoDB::Table';
const ALARM = 'AWS::CloudWatch::Alarm';
const LOGS = 'AWS::Logs::LogGroup';
/** https://docs.aws.amazon.com/controltower/latest/controlreference/proactive-controls.html */
const rules: readonly (readonly [rule: string, type: string, follows: Follows])[] = [
  [
    'CT.S3.PR.1',
    BUCKET,
    ({ PublicAccessBlockConfiguration: block }) =>
      ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].every((name) =>
        isTrue(at(block, name)),
      ),
  ],
  ['CT.S3.PR.2', BUCKET, ({ LoggingConfiguration: logging }) => logging !== undefined],
  [
    'CT.S3.PR.3',
    BUCKET,
    (bucket) =>
      at(bucket, 'VersioningConfiguration', 'Status') === 'Enabled' && 'LifecycleConfiguration' in bucket,
  ],
  ['CT.S3.PR.4', BUCKET, ({ NotificationConfiguration: notification }) => notification !== undefined],
  [
    'CT.S3.PR.5',
    BUCKET,
    (bucket) =>
      !('AccessControl' in bucket) &&
      JSON.stringify(bucket['OwnershipControls']).includes('BucketOwnerEnforced'),
  ],
  [
    'CT.S3.PR.6',
    BUCKET,
    (bucket) => JSON.stringify(at(bucket, 'LifecycleConfiguration', 'Rules')).includes('Enabled'),
  ],
  ['CT.S3.PR.8', BUCKET, (_, bucket) => refusesPlainHttp(bucket)],
  ['CT.S3.PR.9', BUCKET, ({ ObjectLockEnabled: enabled }) => isTrue(enabled)],
  [
    'CT.S3.PR.10',
    BUCKET,
    ({ BucketEncryption: encryption }) => JSON.stringify(encryption).includes('aws:kms'),
  ],
  ['CT.S3.PR.11', BUCKET, (bucket) => at(bucket, 'VersioningConfiguration', 'Status') === 'Enabled'],
  ['CT.KMS.PR.1', 'AWS::KMS::Key', ({ EnableKeyRotation: rotates }) => isTrue(rotates)],
  ['CT.KMS.PR.3', 'AWS::KMS::Key', limitsGrants],
  [
    'CT.DYNAMODB.PR.1',
    TABLE,
    (table) => isTrue(at(table, 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled')),
  ],
  ['CT.DYNAMODB.PR.2', TABLE, (table) => isTrue(at(table, 'SSESpecification', 'SSEEnabled'))],
  ['CT.KINESIS.PR.1', 'AWS::Kinesis::Stream', ({ StreamEncryption: encryption }) => encryption !== undefined],
  [
    'CT.LAMBDA.PR.2',
    'AWS::Lambda::Permission',
    ({ Principal, SourceAccount, SourceArn }) =>
      Principal !== '*' && Boolean(SourceAccount) && Boolean(SourceArn),
  ],
  ['CT.LAMBDA.PR.3', 'AWS::Serverless::Function', ({ VpcConfig: vpc }) => vpc !== undefined],
  ['CT.APIGATEWAY.PR.4', 'AWS::Serverless::HttpApi', ({ AccessLogSettings: logs }) => logs !== undefined],
  ['CT.CLOUDWATCH.PR.1', ALARM, ({ AlarmActions: actions }) => (actions as unknown[]).length > 0],
  ['CT.CLOUDWATCH.PR.2', LOGS, ({ RetentionInDays: days }) => Number(days) >= 365],
  ['CT.CLOUDWATCH.PR.3', LOGS, ({ KmsKeyId: key }) => key !== undefined],
  ['CT.CLOUDWATCH.PR.4', ALARM, ({ ActionsEnabled: enabled = true }) => isTrue(enabled)],
  ['CT.IAM.PR.1', 'AWS::IAM::Role', (role) => !allowed(role).includes('*')],
  ['CT.IAM.PR.5', 'AWS::IAM::Role', (role) => !allowed(role).some((action) => action.endsWith(':*'))],
];

const page = readFileSync(new URL('../../docs/guard-rules.md', import.meta.url), 'utf8');
const [followedPart, refusedPart] = page.split('## Not followed') as [string, string];
const rowsWith = (part: string, rule: string) =>
  part
    .split('\n')
    .filter((line) => /^[|-]/.test(line) && new RegExp(`${rule.replaceAll('.', '\\.')}\\b`).test(line));

for (const [rule, type, follows] of rules) {
  const all = template.ofType(type);
  const against = all.filter((resource) => !follows(resource.properties, resource));

  test(`${rule} is ${against.length === 0 ? 'followed' : 'not followed'}, and the page says so`, () => {
    assert.ok(all.length > 0, `there is no ${type}`);
    assert.equal(rowsWith(refusedPart, rule).length, against.length > 0 ? 1 : 0);
    assert.equal(rowsWith(followedPart, rule).length, against.length < all.length ? 1 : 0);
    // Where only some resources go against a rule, both tables name them.
    if (against.length === 0 || against.length === all.length) return;
    for (const { logicalId } of against)
      for (const part of [followedPart, refusedPart])
        assert.ok(rowsWith(part, rule)[0]?.includes(`\`${logicalId}\``), logicalId);
  });
}

test('the page names no rule that is not held against the template', () => {
  const known = new Set(rules.map(([rule]) => rule));
  const named = [...page.matchAll(/CT\.[A-Z0-9]+\.PR\.\d+/g)].map(([rule]) => rule);
  assert.deepEqual(new Set(named), known);
});
