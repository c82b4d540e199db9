// A property that the local cloud would have to ignore stops the start; one without local effect is accepted, with a reason.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { describeSupport } from '../../template/support.ts';
import { assertAmongRefused, assertRefused, indent, load } from './fixture.ts';

const resource = (type: string, body: string) => `Resources:\n  X:\n    Type: ${type}\n${indent(body, 4)}`;

const unsupported: readonly (readonly [type: string, body: string, message: string])[] = [
  [
    'AWS::KinesisFirehose::DeliveryStream',
    'Properties:\n  ExtendedS3DestinationConfiguration:\n    BucketARN: x\n    CompressionFormat: Snappy\n',
    'template.yaml:7: X: ExtendedS3DestinationConfiguration.CompressionFormat is Snappy, which the local cloud does not support: use UNCOMPRESSED or GZIP',
  ],
  [
    'AWS::KinesisFirehose::DeliveryStream',
    'Properties:\n  ExtendedS3DestinationConfiguration:\n    BufferingHints: { SizeInMBs: 0 }\n',
    'template.yaml:6: X: ExtendedS3DestinationConfiguration.BufferingHints.SizeInMBs is 0, which the local cloud does not support: use a whole number from 1 to 128',
  ],
  [
    'AWS::KinesisFirehose::DeliveryStream',
    'Properties:\n  ExtendedS3DestinationConfiguration:\n    BucketARN: x\n    S3BackupBucket: b\n',
    'template.yaml:7: X: property ExtendedS3DestinationConfiguration.S3BackupBucket is not supported by the local cloud: remove it, or run this template on AWS',
  ],
  [
    'AWS::SNS::Subscription',
    'Properties:\n  TopicArn: x\n  Protocol: email\n  Endpoint: y\n  DeliveryPolicy: { a: z }\n',
    'template.yaml:8: X: property DeliveryPolicy is not supported by the local cloud: remove it, or run this template on AWS',
  ],
  [
    'AWS::SQS::Queue',
    'Properties: { FifoQueue: true }\n',
    'template.yaml:4: X: FifoQueue is true, which the local cloud does not support: use false',
  ],
  [
    'AWS::SQS::Queue',
    'Properties:\n  RedrivePolicy: {}\n  ContentBasedDeduplication: true\n',
    'template.yaml:6: X: property ContentBasedDeduplication is not supported by the local cloud: remove it, or run this template on AWS',
  ],
  [
    'AWS::SNS::Subscription',
    'Properties:\n  TopicArn: x\n  Protocol: email\n  Endpoint: y\n  FilterPolicyScope: Message\n',
    'template.yaml:8: X: FilterPolicyScope is Message, which the local cloud does not support: use MessageAttributes or MessageBody',
  ],
  [
    'AWS::SNS::Subscription',
    'Properties: { TopicArn: x, Protocol: https, Endpoint: y }\n',
    'template.yaml:4: X: Protocol is https, which the local cloud does not support: use email or sms or sqs or lambda',
  ],
  [
    'AWS::DynamoDB::Table',
    'Properties:\n  KeySchema: []\n  AttributeDefinitions: []\n  ImportSourceSpecification: { InputFormat: CSV }\n',
    'template.yaml:7: X: property ImportSourceSpecification is not supported by the local cloud: remove it, or run this template on AWS',
  ],
  [
    'AWS::DynamoDB::Table',
    'Properties: { KeySchema: [], BillingMode: PAY_PER_REQUEST }\n',
    'template.yaml:2: X: property AttributeDefinitions is missing: every AWS::DynamoDB::Table needs it',
  ],
  [
    'AWS::DynamoDB::Table',
    'Properties:\n  AttributeDefinitions:\n    - AttributeName: a\n      AttributeType: S\n      Color: red\n',
    'template.yaml:8: X: property AttributeDefinitions[0].Color is not supported by the local cloud: remove it, or run this template on AWS',
  ],
  [
    'AWS::S3::Bucket',
    'Properties: { ReplicationConfiguration: {} }\n',
    'template.yaml:4: X: property ReplicationConfiguration is not supported by the local cloud: remove it, or run this template on AWS',
  ],
  [
    'AWS::S3::Bucket',
    'Properties: { VersioningConfiguration: on }\n',
    'template.yaml:4: X: VersioningConfiguration must be a mapping or a list, not on',
  ],
  [
    'AWS::S3::Bucket',
    'Properties: { BucketName: { a: b } }\n',
    'template.yaml:4: X: BucketName is a map, which the local cloud does not support: use text',
  ],
  [
    'AWS::IoT::TopicRule',
    "Properties:\n  TopicRulePayload: { Sql: 'SELECT *', Actions: [], AwsIotSqlVersion: beta }\n",
    'template.yaml:5: X: TopicRulePayload.AwsIotSqlVersion is beta, which the local cloud does not support: use 2016-03-23 or 2015-10-08',
  ],
  [
    'AWS::Serverless::Function',
    'Properties:\n  Handler: a.b\n  Runtime: nodejs24.x\n  Events:\n    Each: { Type: Api }\n',
    'template.yaml:8: X: event Each is of type Api, which is not supported: a REST API does not run here; use an event of type HttpApi',
  ],
  [
    'AWS::Serverless::Function',
    'Properties: { Handler: a.b, Runtime: python3.13 }\n',
    'template.yaml:4: X: Runtime is python3.13, which the local cloud does not support: use nodejs24.x or nodejs22.x or nodejs20.x or nodejs18.x',
  ],
  [
    'AWS::Serverless::Function',
    'Properties: { Handler: a.b, Runtime: nodejs24.x }\nMetadata: { BuildMethod: makefile }\n',
    'template.yaml:5: X: BuildMethod is makefile, which the local cloud does not support: use esbuild or nodejs24.x or nodejs22.x or nodejs20.x or nodejs18.x',
  ],
];

for (const [type, body, message] of unsupported) {
  test(message.slice(message.indexOf('X: ')), () => assertAmongRefused(resource(type, body), message));
}

test('a property under a false branch of Fn::If is not looked at', () => {
  const template = load(`Conditions: { No: !Equals [a, b] }
Resources:
  X:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: !If [No, { Color: red }, { Status: Enabled }]
`);
  assert.deepEqual(template.resources.get('X')?.properties, {
    VersioningConfiguration: { Status: 'Enabled' },
  });
});

test('a property in a true branch of Fn::If is named by its own line', () => {
  const text = `Conditions: { Yes: !Equals [a, a] }
Resources:
  X:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: !If
        - Yes
        - Status: Enabled
          Color: red
        - Status: Enabled
`;
  const remedy = 'remove it, or run this template on AWS';
  assertRefused(
    text,
    `template.yaml:9: X: property VersioningConfiguration.Color is not supported by the local cloud: ${remedy}`,
  );
});

test('properties without effect on one machine are listed with their reason', () => {
  const entries = describeSupport();
  const find = (type: string, property: string) =>
    entries.find((entry) => entry.type === type && entry.property === property);
  assert.deepEqual(find('AWS::SNS::Topic', 'KmsMasterKeyId'), {
    type: 'AWS::SNS::Topic',
    property: 'KmsMasterKeyId',
    effect: 'without effect',
    note: 'data is on your own disk; encrypt the disk',
  });
  assert.deepEqual(find('AWS::SNS::Subscription', 'Protocol'), {
    type: 'AWS::SNS::Subscription',
    property: 'Protocol',
    effect: 'honoured',
    note: 'email or sms or sqs or lambda',
  });
  assert.equal(
    entries.every(({ note }) => note.length > 0),
    true,
  );
});

const rule = (permission: string) => `Resources:
  Function:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: esbuild }
    Properties: { Handler: a.b, Runtime: nodejs24.x }
  Rule:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        Sql: SELECT * FROM 'a'
        AwsIotSqlVersion: '2016-03-23'
        Actions:
          - Lambda:
              FunctionArn: !GetAtt Function.Arn
  Permission:
    Type: AWS::Lambda::Permission
    Properties: ${permission}
`;

const permitted = [
  '{ Action: lambda:InvokeFunction, FunctionName: !Ref Function, Principal: iot.amazonaws.com }',
  '{ Action: lambda:InvokeFunction, FunctionName: !GetAtt Function.Arn, Principal: iot.amazonaws.com, SourceArn: !GetAtt Rule.Arn, SourceAccount: !Ref AWS::AccountId }',
];
for (const permission of permitted) {
  test(`a rule may invoke a function by ${permission}`, () => {
    assert.equal(load(rule(permission)).resources.size, 3);
  });
}

const notPermitted = [
  '{ Action: lambda:GetFunction, FunctionName: !Ref Function, Principal: iot.amazonaws.com }',
  '{ Action: lambda:InvokeFunction, FunctionName: other, Principal: iot.amazonaws.com }',
  '{ Action: lambda:InvokeFunction, FunctionName: !Ref Function, Principal: s3.amazonaws.com }',
  '{ Action: lambda:InvokeFunction, FunctionName: !Ref Function, Principal: iot.amazonaws.com, SourceArn: !GetAtt Function.Arn }',
  "{ Action: lambda:InvokeFunction, FunctionName: !Ref Function, Principal: iot.amazonaws.com, SourceAccount: '111111111111' }",
];
for (const permission of notPermitted) {
  test(`a rule may not invoke a function by ${permission}`, () => {
    assertRefused(
      rule(permission),
      "template.yaml:14: Rule may not invoke Function: add an AWS::Lambda::Permission for iot.amazonaws.com with this rule's Arn as SourceArn",
    );
  });
}

const leadingNowhere: readonly (readonly [type: string, body: string, message: string])[] = [
  [
    'AWS::SNS::Subscription',
    'Properties: { TopicArn: "arn:aws:sns:us-east-1:000000000000:other", Protocol: sms, Endpoint: "+12065550100" }\n',
    'template.yaml:4: X: TopicArn is arn:aws:sns:us-east-1:000000000000:other, but the template has no such AWS::SNS::Topic: refer to one',
  ],
  [
    'AWS::KinesisFirehose::DeliveryStream',
    'Properties:\n  ExtendedS3DestinationConfiguration:\n    BucketARN: arn:aws:s3:::other\n',
    'template.yaml:6: X: BucketARN is arn:aws:s3:::other, but the template has no such AWS::S3::Bucket: refer to one',
  ],
];
for (const [type, body, message] of leadingNowhere) {
  test(`${type} refers to what the template has`, () => assertRefused(resource(type, body), message));
}
