// What rules, delivery streams and schedules may do by the roles of a template, without a message.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { systemClock } from '../../clock.ts';
import { reportLines } from '../../iam/print.ts';
import { iamReportOf, type IamReport } from '../../iam/report.ts';
import { serviceRefusalsOf, serviceRolesOf } from '../../iam/service-roles.ts';
import { withTemplate } from '../template/fixture.ts';

/** A rule with one action, whose role has one statement. */
const ruleTemplate = (action: string, statement: string, trust = '{ Service: iot.amazonaws.com }') => `
Transform: AWS::Serverless-2016-10-31
Resources:
  Rule:
    Type: AWS::IoT::TopicRule
    Properties:
      RuleName: readings
      TopicRulePayload:
        AwsIotSqlVersion: '2016-03-23'
        Sql: SELECT * FROM 'a'
        Actions:
          - ${action.replace('ROLE', 'RoleArn: !GetAtt Role.Arn')}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: ${trust} }]
      Policies:
        - PolicyName: Deliver
          PolicyDocument:
            Version: '2012-10-17'
            Statement: [{ Effect: Allow, ${statement} }]
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: archive } }
  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: work } }
  Stream: { Type: AWS::Kinesis::Stream, Properties: { Name: flow, ShardCount: 1 } }
  Logs: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: notes } }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: states
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
`;

const refusalsOf = (text: string) =>
  withTemplate(text, {}, (template) => serviceRefusalsOf(template, serviceRolesOf(template, systemClock)));
const shortRefusals = (text: string) =>
  refusalsOf(text).map(({ user, action, resource }) => `${user} ${action} ${resource}`);

const AT = 'us-east-1:000000000000';
const actions: readonly (readonly [action: string, needed: string, on: string, other: string])[] = [
  [
    'S3: { BucketName: !Ref Bucket, Key: "in/${topic()}", ROLE }',
    's3:PutObject',
    'arn:aws:s3:::archive/in/*',
    'arn:aws:s3:::archive/out/*',
  ],
  ['Sns: { TargetArn: !Ref Topic, ROLE }', 'sns:Publish', `arn:aws:sns:${AT}:news`, `arn:aws:sns:${AT}:old`],
  [
    'Sqs: { QueueUrl: !Ref Queue, ROLE }',
    'sqs:SendMessage',
    `arn:aws:sqs:${AT}:work`,
    `arn:aws:sqs:${AT}:play`,
  ],
  [
    'Kinesis: { StreamName: !Ref Stream, PartitionKey: a, ROLE }',
    'kinesis:PutRecord',
    `arn:aws:kinesis:${AT}:stream/flow`,
    `arn:aws:kinesis:${AT}:stream/ebb`,
  ],
  [
    'Republish: { Topic: "$$aws/things/${clientid()}/shadow/update", ROLE }',
    'iot:Publish',
    `arn:aws:iot:${AT}:topic/$aws/things/*`,
    `arn:aws:iot:${AT}:topic/$$aws/things/*`,
  ],
  [
    'DynamoDB: { TableName: !Ref Table, HashKeyField: id, HashKeyValue: a, ROLE }',
    'dynamodb:PutItem',
    `arn:aws:dynamodb:${AT}:table/states`,
    `arn:aws:dynamodb:${AT}:table/status`,
  ],
  [
    'DynamoDB: { TableName: !Ref Table, HashKeyField: id, HashKeyValue: a, Operation: UPDATE, ROLE }',
    'dynamodb:UpdateItem',
    `arn:aws:dynamodb:${AT}:table/states`,
    `arn:aws:dynamodb:${AT}:table/status`,
  ],
  [
    'DynamoDBv2: { PutItem: { TableName: !Ref Table }, ROLE }',
    'dynamodb:PutItem',
    `arn:aws:dynamodb:${AT}:table/states`,
    `arn:aws:dynamodb:${AT}:table/status`,
  ],
];

test.each(actions)('the role of a rule with %s needs %s on its target', (action, needed, on, other) => {
  const allowed = `Action: '${needed}', Resource: '${on}'`;
  assert.deepEqual(refusalsOf(ruleTemplate(action, allowed)), []);
  const elsewhere = refusalsOf(ruleTemplate(action, `Action: '${needed}', Resource: '${other}'`));
  assert.deepEqual(
    elsewhere.map((refusal) => [refusal.service, refusal.action]),
    [['iot.amazonaws.com', needed]],
  );
  assert.equal(refusalsOf(ruleTemplate(action, `Action: 'logs:PutLogEvents', Resource: '${on}'`)).length, 1);
});

test('a rule that logs needs three permissions of the log group', () => {
  const on = `arn:aws:logs:${AT}:log-group:notes:*`;
  const action = 'CloudwatchLogs: { LogGroupName: !Ref Logs, ROLE }';
  assert.deepEqual(shortRefusals(ruleTemplate(action, `Action: logs:*, Resource: '${on}'`)), []);
  const some = shortRefusals(ruleTemplate(action, `Action: logs:PutLogEvents, Resource: '${on}'`));
  assert.deepEqual(
    some.map((line) => line.split(' ')[1]),
    ['logs:CreateLogStream', 'logs:DescribeLogStreams'],
  );
});

const SNS = 'Sns: { TargetArn: !Ref Topic, ROLE }';
const MAY_PUBLISH = `Action: sns:Publish, Resource: 'arn:aws:sns:${AT}:news'`;
const conditioned = (condition: string) => `{ Service: iot.amazonaws.com }, Condition: ${condition}`;
const trusts: readonly (readonly [title: string, trust: string, refused: boolean])[] = [
  ['one of several services', '{ Service: [lambda.amazonaws.com, iot.amazonaws.com] }', false],
  ['another service', '{ Service: lambda.amazonaws.com }', true],
  ['an account', '{ AWS: "000000000000" }', true],
  ['the rule', conditioned(`{ ArnEquals: { aws:SourceArn: 'arn:aws:iot:${AT}:rule/readings' } }`), false],
  ['another rule', conditioned(`{ ArnEquals: { aws:SourceArn: 'arn:aws:iot:${AT}:rule/writings' } }`), true],
  ['another account', conditioned(`{ StringEquals: { 'aws:sourceAccount': '111111111111' } }`), true],
  ['a key that is not evaluated', conditioned(`{ StringEquals: { 'aws:SourceOrgID': 'o-1' } }`), false],
];

test.each(trusts)('a role that trusts %s', (_title, trust, refused) => {
  const [only, ...others] = refusalsOf(ruleTemplate(SNS, MAY_PUBLISH, trust));
  assert.deepEqual(others, []);
  assert.equal(only?.action, refused ? 'sts:AssumeRole' : undefined);
  if (only)
    assert.match(only.reason, /^the trust policy of Role does not let iot.amazonaws.com assume it for Rule$/);
});

const OTHERS = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs24.x, InlineCode: 'exports.handler = () => 0', Handler: index.handler } }
Resources:
  Work: { Type: AWS::Serverless::Function, Properties: { FunctionName: work, Role: !GetAtt Role.Arn } }
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: archive } }
  Stream:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Bucket.Arn
        RoleARN: !GetAtt Role.Arn
  Every:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: rate(1 hour)
      FlexibleTimeWindow: { Mode: 'OFF' }
      Target: { Arn: !GetAtt Work.Arn, RoleArn: !GetAtt Role.Arn }
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { Service: scheduler.amazonaws.com } }]
      Policies:
        - PolicyName: All
          PolicyDocument:
            Version: '2012-10-17'
            Statement: [{ Effect: Allow, Action: [s3:PutObject, s3:GetObjectTagging], Resource: 'arn:aws:s3:::archive/*' }]
`;

test('streams, schedules and functions need their permissions, and roles that trust them', () => {
  const arn = 'arn:aws:iam::000000000000:role';
  const lines = shortRefusals(OTHERS).map((line) => line.replace(/role\/.*/, 'role'));
  assert.deepEqual(lines, [
    `Work sts:AssumeRole ${arn}`,
    `Stream sts:AssumeRole ${arn}`,
    `Every lambda:InvokeFunction arn:aws:lambda:${AT}:function:work`,
  ]);
});

const reportOf = (text: string): IamReport =>
  withTemplate(text, {}, (template) => iamReportOf(template, [], systemClock));

test('the report lists refused calls and unused permissions', () => {
  const report = reportOf(OTHERS);
  const unused = report.unused.map(({ value }) => value);
  assert.deepEqual(unused, ['s3:GetObjectTagging']);
  assert.deepEqual(report.otherRoles, []);
  const lines = reportLines(report, 0).filter((line) => line.includes('InvokeFunction'));
  assert.match(
    lines.join(),
    /lambda:InvokeFunction on arn:\S+:function:work \(scheduler.amazonaws.com for Every\): no /,
  );
});
