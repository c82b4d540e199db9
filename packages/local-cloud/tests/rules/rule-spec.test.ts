// The rules of the template: read unchanged, and refused by name and line if the local cloud cannot run them.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { silentLog } from '../../log.ts';
import { createRulesEngine } from '../../rules/engine.ts';
import { rulesFromTemplate, type RuleSpec } from '../../rules/rule-spec.ts';
import { loadSample, withTemplate } from '../template/fixture.ts';
import { messageOf } from './message.ts';

function engineOf(rules: readonly RuleSpec[]) {
  const done: string[] = [];
  const engine = createRulesEngine({
    rules,
    log: silentLog,
    newId: () => 'id-1',
    actions: {
      lambda: { invokeAsync: async (name, payload) => void done.push(`${name} ${payload}`) },
      streams: { put: async (name) => void done.push(name) },
      store: { put: async (bucket, key) => void done.push(`${bucket} ${key}`) },
    },
  });
  return { engine, done };
}

/** A template with the rule's payload as given, written with its lines from 8 on. */
function withRule(payload: string): string {
  const lines = payload.split('\n').map((line) => `        ${line}`);
  return [
    'Resources:',
    '  Errors:',
    '    Type: AWS::S3::Bucket',
    '  Rule:',
    '    Type: AWS::IoT::TopicRule',
    '    Properties:',
    '      TopicRulePayload:',
    ...lines,
    '',
  ].join('\n');
}

describe('the rules of a template', () => {
  const rules = rulesFromTemplate(loadSample());
  const ids = (payload: string, topic?: string) =>
    engineOf(rules)
      .engine.match(messageOf(payload, topic))
      .map(({ id }) => id);

  it('match by topic and WHERE, each action by itself', () => {
    const telemetry = ['TelemetryRule/0', 'TelemetryRule/1', 'TelemetryRule/2'];
    assert.deepEqual(ids('{"temperature":4.2}'), telemetry);
    assert.deepEqual(ids('{}', '$aws/rules/TelemetryRule/telemetry/seattle/s1'), telemetry);
    assert.deepEqual(ids(''), ['EmptyRule/0']);
    for (const topic of ['telemetry/seattle', 'telemetry/seattle/s1/x', 'other/seattle/s1'])
      assert.deepEqual(ids('{}', topic), []);
  });
  it('reach the targets of their actions, with the members that the SQL adds', async () => {
    const { engine, done } = engineOf(rules);
    await Promise.all(engine.match(messageOf('{"t":4}')).map((dispatch) => dispatch.run()));
    const [archived, invoked, kept] = done;
    const [, name, event] = /^(\S+) (\{.*\})$/.exec(invoked!) ?? [];
    assert.deepEqual(
      [archived, name, kept],
      ['tidegate-ArchiveStream', 'tidegate-EchoFunction', 'tidegate-latestbucket s1.json'],
    );
    assert.deepEqual(JSON.parse(event!), {
      t: 4,
      deviceId: 's1',
      site: 'seattle',
      receivedAt: 1_790_000_000_123,
    });
  });
});

describe('a rule is refused', () => {
  const head = "Sql: SELECT * FROM 'a'\nAwsIotSqlVersion: '2016-03-23'";
  const store = '{S3: {BucketName: !Ref Errors, Key: k, RoleArn: r}}';

  const cases: [string, string, string][] = [
    [
      'for an action that nothing runs',
      `${head}\nActions: [{Kafka: {QueueUrl: q, RoleArn: r}}]`,
      'template.yaml:10: Rule: the action Kafka is not supported by the local cloud: use Lambda, Firehose, Kinesis, S3, Sns, Sqs, Republish, DynamoDB, Http, DynamoDBv2, CloudwatchLogs',
    ],
    [
      'for a stream that the template does not declare',
      `${head}\nActions: [{Kinesis: {StreamName: s, PartitionKey: '\${topic(3)}', RoleArn: r}}]`,
      'template.yaml:10: Rule: Kinesis.StreamName names no AWS::Kinesis::Stream of this template',
    ],
    [
      'for a substitution where AWS has none',
      `${head}\nActions:\n- S3:\n    BucketName: !Ref Errors\n    Key: k\n    RoleArn: 'arn:\${a}'`,
      'template.yaml:14: Rule: AWS does not substitute in S3.RoleArn',
    ],
    [
      'for a table that is not in the template',
      `${head}\nActions:\n- DynamoDBv2:\n    PutItem: {TableName: other}`,
      'template.yaml:12: Rule: DynamoDBv2.PutItem.TableName names no AWS::DynamoDB::Table of this template',
    ],
    [
      'for a property that would be without effect',
      `${head}\nActions:\n- S3:\n    BucketName: !Ref Errors\n    Key: k\n    RoleArn: r\n    Color: red`,
      'template.yaml:15: Rule: S3.Color is not supported by the local cloud; take it out',
    ],
    [
      'for a property that is missing',
      `${head}\nActions: [{S3: {BucketName: !Ref Errors, RoleArn: r}}]`,
      'template.yaml:10: Rule: the action S3 needs Key',
    ],
    [
      'for a target that is not in the template',
      `${head}\nActions: []\nErrorAction: {S3: {BucketName: other, Key: k, RoleArn: r}}`,
      'template.yaml:11: Rule: S3.BucketName names no AWS::S3::Bucket of this template',
    ],
    [
      'for two actions in one',
      `${head}\nActions: [{S3: {}, Sns: {}}]`,
      'template.yaml:10: Rule: an action has exactly one kind, such as Lambda',
    ],
    [
      'for SQL with a mistake',
      `Sql: SELECT upper(a FROM 'a'\nAwsIotSqlVersion: '2016-03-23'\nActions: [${store}]`,
      'template.yaml:8: Rule: SQL 1:16: expected ) or a comma, found "FROM"',
    ],
    [
      'for SQL with a function that nothing runs',
      `Sql: SELECT get_secret('s', 'SecretString', 'r') AS s\nAwsIotSqlVersion: '2016-03-23'\nActions: [${store}]`,
      'template.yaml:8: Rule: SQL 1:8: the function get_secret() is not supported by the local cloud: it calls another AWS service',
    ],
    [
      'for a key with a mistake',
      `${head}\nActions: [{S3: {BucketName: !Ref Errors, Key: 'a/$' , RoleArn: r}}]`.replace(
        "'a/$'",
        "'a/${nope}${'",
      ),
      'template.yaml:10: Rule: S3.Key: SQL 1:12: expected a value, found the end',
    ],
  ];
  for (const [why, payload, message] of cases) {
    it(why, () => {
      const start = () =>
        withTemplate(withRule(payload), {}, (template) => engineOf(rulesFromTemplate(template)));
      assert.throws(start, { name: 'StartError', message });
    });
  }
});
