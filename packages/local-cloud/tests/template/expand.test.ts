// The result of SAM's transform, before anything is resolved.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { functionsOf } from '../../template/functions.ts';
import { assertAmongRefused, assertRefused, indent, load, withTemplate } from './fixture.ts';

const lambda = (events: string, more = '') => `Resources:
  B: { Type: AWS::S3::Bucket }
  T: { Type: AWS::SNS::Topic, Properties: { Subscription: [{ Protocol: email, Endpoint: a@example.com }] } }
  S: { Type: AWS::Kinesis::Stream }
  F:
    Type: AWS::Serverless::Function
${indent(more, 4)}    Properties:
      InlineCode: exports.handler = async () => {}
      Handler: index.handler
      Runtime: nodejs24.x
      Events:
${indent(events, 8)}`;

const typesOf = (text: string) =>
  [...load(text).resources.values()].map(({ logicalId, type }) => `${logicalId} ${type.split('::').at(-1)}`);

const events: readonly (readonly [event: string, added: string[]])[] = [
  [
    "E: { Type: IoTRule, Properties: { Sql: SELECT * FROM 'a' } }\n",
    ['FE TopicRule', 'FEPermission Permission'],
  ],
  ['E: { Type: Schedule, Properties: { Schedule: rate(1 hour) } }\n', ['FE Rule', 'FEPermission Permission']],
  ['E: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 hour) } }\n', ['FE Schedule']],
  [
    'E: { Type: Kinesis, Properties: { Stream: !GetAtt S.Arn, StartingPosition: LATEST } }\n',
    ['FE EventSourceMapping'],
  ],
  ['E: { Type: SNS, Properties: { Topic: !Ref T } }\n', ['FE Subscription', 'FEPermission Permission']],
  [
    "E: { Type: S3, Properties: { Bucket: !Ref B, Events: ['s3:ObjectCreated:Put'] } }\n",
    ['FEPermission Permission'],
  ],
  ['E: { Type: HttpApi, Properties: { Path: /a, Method: get } }\n', ['ServerlessHttpApi HttpApi']],
];
for (const [event, added] of events) {
  test(`${event.trim()} creates ${added.join(' and ')}`, () => {
    const found = typesOf(lambda(event)).filter((each) => !/^(B|T|S|F|TSubscription0) /.test(each));
    assert.deepEqual(found.sort(), added.sort());
  });
}

test('the resources of an event are created under the condition of its function', () => {
  const rule = "E: { Type: IoTRule, Properties: { Sql: SELECT * FROM 'a' } }\n";
  const never = `Conditions: { Never: !Equals [a, b] }\n${lambda(rule, 'Condition: Never\n')}`;
  assert.deepEqual(
    typesOf(never).filter((each) => each.startsWith('F')),
    [],
  );
});

test('an error in an added resource has the line of its event', () => {
  assertRefused(
    lambda('E: { Type: Kinesis, Properties: { Stream: nothing, StartingPosition: LATEST } }\n'),
    'template.yaml:12: FE: EventSourceArn is nothing, but the template has no such AWS::Kinesis::Stream or AWS::SQS::Queue or AWS::DynamoDB::Table with a StreamSpecification: refer to one',
  );
});

const refused: readonly (readonly [event: string, message: string])[] = [
  ['E: { Type: IoTRule }\n', 'template.yaml:12: F: event E of type IoTRule needs Sql'],
  [
    'E: { Type: Schedule, Properties: { Schedule: rate(1 hour), Color: red } }\n',
    'template.yaml:12: F: Color of event E is not supported by the local cloud: Schedule takes Schedule, Input, Enabled, State, Name, Description, RetryPolicy',
  ],
  [
    'E: { Type: EventBridgeRule, Properties: { Pattern: {} } }\n',
    'template.yaml:12: F: event E is of type EventBridgeRule, which is not supported: there is no event bus here; use Schedule for a time, or an AWS::IoT::TopicRule for messages',
  ],
  [
    'E: { Type: S3, Properties: { Bucket: other, Events: s3:ObjectCreated:* } }\n',
    'template.yaml:12: F: Bucket of E must be a !Ref to an AWS::S3::Bucket of this template',
  ],
  [
    'E: { Type: S3, Properties: { Bucket: !Ref T, Events: s3:ObjectCreated:* } }\n',
    'template.yaml:12: F: T is not an AWS::S3::Bucket of this template: refer to one',
  ],
];
for (const [event, message] of refused) test(message, () => assertAmongRefused(lambda(event), message));

test('a table without a key of its own has a text key that is called id', () => {
  const template = load('Resources:\n  T: { Type: AWS::Serverless::SimpleTable }\n');
  assert.deepEqual(template.ofType('AWS::DynamoDB::Table')[0]!.properties['KeySchema'], [
    { AttributeName: 'id', KeyType: 'HASH' },
  ]);
});

const plain = (properties: string) =>
  `Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Handler: index.handler\n      Runtime: nodejs24.x\n${indent(properties, 6)}`;

test('a plain Lambda function has its code in the template, or in a folder', () => {
  const codeOf = (properties: string) =>
    withTemplate(
      plain(properties),
      { files: { 'index.js': '' } },
      (template) => functionsOf(template)[0]!.plain!,
    );
  assert.deepEqual(codeOf('Code: { ZipFile: "exports.a = 1" }\n'), { kind: 'inline', text: 'exports.a = 1' });
  assert.equal(codeOf('Code: ./\n').kind, 'folder');
});

test('code in a bucket of AWS is refused with the remedy', () => {
  assertAmongRefused(
    plain('Code: { S3Bucket: b, S3Key: k }\n'),
    'template.yaml:7: F: Code.S3Bucket is not on this machine: write Code: ./folder, which aws cloudformation package uploads, or Code.ZipFile with the code itself',
  );
});

const code: readonly (readonly [properties: string, files: Record<string, string>, message: RegExp])[] = [
  [
    'Code: ./\n',
    { 'index.ts': '' },
    /has no index\.js, \.mjs or \.cjs: for TypeScript, set Metadata: \{ BuildMethod: esbuild \}/,
  ],
  ['Code: ./\n', { 'other.js': '' }, /has no index\.js, \.mjs or \.cjs: correct Handler or CodeUri/],
  [
    'Code: ./code.zip\n',
    {},
    /CodeUri .*code\.zip is not a folder: the local cloud runs the sources, not an archive/,
  ],
  [
    'Code: ./\nLayers: [arn:aws:lambda:us-east-1:1:layer:x:1]\n',
    { 'index.js': '' },
    /:1 is not in this template: put its packages into CodeUri/,
  ],
];
for (const [properties, files, message] of code) {
  test(`a function with ${Object.keys(files).join() || 'no file'} is refused: ${message.source}`, () =>
    assert.throws(() => withTemplate(plain(properties), { files }, functionsOf), {
      name: 'StartError',
      message,
    }));
}
