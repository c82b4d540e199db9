// From a message to the input of its rules' actions, and to the error actions of those that fail.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { AwsError } from '../../aws-error.ts';
import { createManualClock } from '../../clock.ts';
import type { RuleTargets } from '../../rules/action.ts';
import { createRulesEngine, type RuleDispatch } from '../../rules/engine.ts';
import type { ActionSpec, RuleSpec } from '../../rules/rule-spec.ts';
import { StartError } from '../../start-error.ts';
import { messageOf } from './message.ts';

const refuse = (problem: string) => new StartError(`template.yaml:1: ${problem}`);
const action = (type: string, properties: Record<string, unknown>, target?: string): ActionSpec => ({
  type,
  properties,
  target,
  refuse,
});

const lambda = action(
  'Lambda',
  { FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:ingest' },
  'ingest',
);
const archive = action('Firehose', { DeliveryStreamName: 'raw', RoleArn: 'r', Separator: '\n' }, 'raw');
const errors = action(
  'S3',
  { BucketName: 'errors', Key: 'rules/${topic()}/${timestamp()}-${newuuid()}.json', RoleArn: 'r' },
  'errors',
);

function rule(over: Partial<RuleSpec> = {}): RuleSpec {
  const sql = "SELECT *, topic(3) AS deviceId FROM 'telemetry/+/+'";
  return {
    name: 'TelemetryRule',
    sql,
    disabled: false,
    actions: [archive, lambda],
    errorAction: errors,
    refuse,
    ...over,
  };
}

function stack(rules: RuleSpec[], over: Partial<RuleTargets> = {}) {
  const clock = createManualClock(1_790_000_000_000);
  const done: string[] = [];
  const lines: string[] = [];
  const counts: Record<string, number> = {};
  const note =
    (level: string) =>
    (message: string, fields: object = {}) => {
      lines.push(`${level}: ${message} ${JSON.stringify(fields)}`);
    };
  const targets: RuleTargets = {
    lambda: { invokeAsync: async (name, payload) => void done.push(`lambda ${name} ${payload}`) },
    streams: {
      put: async (name, records) =>
        void done.push(`stream ${name} ${JSON.stringify(Buffer.concat([...records]).toString())}`),
    },
    store: { put: async (bucket, key, body) => void done.push(`s3 ${bucket} ${key} ${body.toString()}`) },
    queues: { put: async (queue, body) => void done.push(`sqs ${queue} ${body}`) },
    topics: { publish: async ({ topicArn, message }) => void done.push(`sns ${topicArn} ${message}`) },
    publish: async ({ topic, payload, qos, properties }) =>
      void done.push(
        `publish ${topic} ${qos} ${payload.toString()}${properties ? ` ${JSON.stringify(properties)}` : ''}`,
      ),
    logs: { put: async (group, events) => void done.push(`log ${group} ${JSON.stringify(events)}`) },
    tables: { put: async (table, item) => void done.push(`table ${table} ${JSON.stringify(item)}`) },
    ...over,
  };
  const engine = createRulesEngine({
    rules,
    actions: targets,
    clock,
    log: { info: note('info'), warn: note('warn'), error: note('error') },
    newId: () => 'id-1',
    count: (name, by = 1) => {
      counts[name] = (counts[name] ?? 0) + by;
    },
  });
  const runAll = (dispatches: RuleDispatch[]) => Promise.all(dispatches.map((dispatch) => dispatch.run()));
  return { engine, clock, done, lines, counts, runAll };
}

describe('the rules engine', () => {
  it('gives every action the output of the SQL', async () => {
    const { engine, done, runAll } = stack([rule()]);
    const dispatches = engine.match(messageOf('{"t":1}'));
    assert.deepEqual(
      dispatches.map(({ id }) => id),
      ['TelemetryRule/0', 'TelemetryRule/1'],
    );
    await runAll(dispatches);
    assert.deepEqual(done, [
      String.raw`stream raw "{\"t\":1,\"deviceId\":\"s1\"}\n"`,
      'lambda ingest {"t":1,"deviceId":"s1"}',
    ]);
  });

  it('gives the dispatches of all enabled rules in the order of the template', () => {
    const { engine } = stack([
      rule({ name: 'C', sql: "SELECT 1 AS x FROM 'telemetry/#'", actions: [lambda] }),
      rule({ name: 'B', disabled: true }),
      rule({ name: 'A', sql: "SELECT 1 AS x FROM '#'", actions: [lambda, archive] }),
      rule({ name: 'D', sql: "SELECT 1 AS x FROM 'other'" }),
      rule({ name: 'E', sql: "SELECT 1 AS x FROM 'telemetry/+/s1' WHERE t > 1" }),
    ]);
    assert.deepEqual(
      engine.match(messageOf('{"t":1}')).map(({ id }) => id),
      ['C/0', 'A/0', 'A/1'],
    );
  });

  it('runs an action once, however often run is called', async () => {
    const { engine, done } = stack([rule({ actions: [lambda] })]);
    const [dispatch] = engine.match(messageOf('{}'));
    await Promise.all([dispatch!.run(), dispatch!.run()]);
    await dispatch!.run();
    assert.equal(done.length, 1);
  });

  it('runs no action when the SQL fails, and logs the rule, the topic and the reason once a second', () => {
    const { engine, lines, counts } = stack([rule()]);
    for (let n = 0; n < 100; n++) assert.deepEqual(engine.match(messageOf('hello')), []);
    assert.deepEqual(lines, [
      'warn: the SQL of a rule failed: none of its actions runs {"rule":"TelemetryRule","topic":"telemetry/seattle/s1","clientId":"s1","reason":"it selects from the payload, which is not JSON"}',
    ]);
    assert.deepEqual(counts, { sqlFailures: 100 });
  });

  it('only counts the failure where another rule took the message', () => {
    const bytes = rule({ name: 'Bytes', sql: "SELECT encode(*, 'base64') AS bytes FROM 'telemetry/#'" });
    const { engine, lines, counts } = stack([rule(), { ...bytes, actions: [lambda] }]);
    assert.deepEqual(
      engine.match(messageOf('21.5')).map(({ id }) => id),
      ['Bytes/0'],
    );
    assert.deepEqual(lines, []);
    assert.equal(counts['sqlFailures'], 1);
  });

  it('says in the next line how many it left out', async () => {
    const { engine, lines, clock } = stack([rule()]);
    for (let n = 0; n < 3; n++) engine.match(messageOf('hello'));
    await clock.advance(1_000);
    engine.match(messageOf('hello'));
    assert.equal(lines.length, 2);
    assert.match(lines[1]!, /"notShown":2/);
  });
});

describe('Basic Ingest', () => {
  const rules = [
    rule({ actions: [lambda] }),
    rule({ name: 'Other', sql: 'SELECT topic() AS t, topic(1) AS one', actions: [lambda] }),
  ];

  it('reaches the one rule that the topic names, without the prefix', async () => {
    const { engine, done, runAll } = stack(rules);
    await runAll(engine.match(messageOf('{}', '$aws/rules/TelemetryRule/telemetry/seattle/s7')));
    assert.deepEqual(done, ['lambda ingest {"deviceId":"s7"}']);
  });
  it('does not ask FROM, which such a rule may lack', async () => {
    const { engine, done, runAll } = stack(rules);
    await runAll(engine.match(messageOf('{}', '$aws/rules/Other/x/y')));
    await runAll(engine.match(messageOf('{"deviceId":"other"}', '$aws/rules/TelemetryRule/x')));
    assert.deepEqual(done, ['lambda ingest {"t":"x/y","one":"x"}', 'lambda ingest {}']);
  });
  it('reaches a rule without FROM in no other way', () => {
    const { engine } = stack([rules[1]!]);
    assert.deepEqual(engine.match(messageOf('{}', 'x/y')), []);
  });
  it('logs a rule that is unknown or disabled', () => {
    const { engine, lines, counts } = stack([rule({ disabled: true })]);
    for (const name of ['TelemetryRule', 'nope', '__proto__', '']) {
      assert.deepEqual(engine.match(messageOf('{}', `$aws/rules/${name}/x`)), []);
    }
    assert.deepEqual(lines, [
      'warn: no enabled rule has the name that a Basic Ingest topic gives {"topic":"$aws/rules/TelemetryRule/x","clientId":"s1"}',
    ]);
    assert.equal(counts['rulesNotFound'], 4);
  });
});

describe('an action that fails', () => {
  const broken = new AwsError('ServiceUnavailable', 'down', 503);

  it('is repeated while the reason may pass', async () => {
    let calls = 0;
    const invokeAsync = async () => {
      calls++;
      if (calls < 4) throw broken;
    };
    const { engine, clock, done, runAll } = stack([rule({ actions: [lambda] })], { lambda: { invokeAsync } });
    const finished = runAll(engine.match(messageOf('{}')));
    await clock.advance(6_200);
    await finished;
    assert.equal(calls, 4);
    assert.deepEqual(done, []);
  });

  it('goes to the error action with what AWS documents', async () => {
    const missing = new AwsError('NoSuchFunction', 'there is no function ingest', 404);
    const { engine, clock, done, lines, counts, runAll } = stack([rule()], {
      lambda: { invokeAsync: async () => Promise.reject(missing) },
    });
    const finished = runAll(engine.match(messageOf('{"a":1}', 'telemetry/seattle/s1')));
    await clock.advance(0);
    await finished;
    assert.equal(done[0], String.raw`stream raw "{\"a\":1,\"deviceId\":\"s1\"}\n"`);
    const [, , key, ...body] = done[1]!.split(' ');
    assert.equal(key, 'rules/telemetry/seattle/s1/1790000000123-id-1.json');
    assert.deepEqual(JSON.parse(body.join(' ')), {
      ruleName: 'TelemetryRule',
      topic: 'telemetry/seattle/s1',
      cloudwatchTraceId: '12345678-1234-1234-1234-123456789012',
      clientId: 's1',
      base64OriginalPayload: Buffer.from('{"a":1}').toString('base64'),
      failures: [
        {
          failedAction: 'LambdaAction',
          failedResource: 'arn:aws:lambda:us-east-1:000000000000:function:ingest',
          errorMessage: 'there is no function ingest',
        },
      ],
    });
    assert.match(
      lines[0]!,
      /^warn: a rule action failed \{"rule":"TelemetryRule","failedAction":"LambdaAction"/,
    );
    assert.equal(counts['actionFailures'], 1);
  });

  it('names the resource of the message where the action substitutes it', async () => {
    const missing = new AwsError('NoSuchFunction', 'there is no such function', 404);
    const substituted = { ...lambda, properties: { FunctionArn: 'arn:${a}' }, target: undefined };
    const { engine, clock, done, runAll } = stack([rule({ actions: [substituted] })], {
      lambda: { invokeAsync: async () => Promise.reject(missing) },
    });
    const finished = runAll(engine.match(messageOf('{"a":1}', 'telemetry/seattle/s1')));
    await clock.advance(0);
    await finished;
    assert.match(done[0]!, /"failedResource":"arn:1"/);
  });

  it('shares one message to the error action with another that fails', async () => {
    const gone = new AwsError('NoSuchKey', 'gone', 404);
    const { engine, clock, done, runAll } = stack([rule()], {
      lambda: { invokeAsync: async () => Promise.reject(gone) },
      streams: { put: async () => Promise.reject(broken) },
    });
    const finished = runAll(engine.match(messageOf('{}')));
    await clock.advance(10_000);
    await finished;
    const failed = done.map((line) =>
      (JSON.parse(line.slice(line.indexOf('{'))) as { failures: { failedAction: string }[] }).failures.map(
        ({ failedAction }) => failedAction,
      ),
    );
    // The stream is tried for 6.2 seconds, the failure of the function waits for one.
    assert.deepEqual(failed, [['LambdaAction'], ['FirehoseAction']]);

    const both = stack([rule()], {
      lambda: { invokeAsync: async () => Promise.reject(gone) },
      streams: { put: async () => Promise.reject(gone) },
    });
    await both.runAll(both.engine.match(messageOf('{}')));
    assert.equal(both.done.length, 1);
    assert.match(
      both.done[0]!,
      /"failedAction":"LambdaAction".*"failedAction":"FirehoseAction"|"failedAction":"FirehoseAction".*"failedAction":"LambdaAction"/,
    );
  });

  it('does not wait for an action that takes its time', async () => {
    const { engine, clock, done, runAll } = stack([rule()], {
      lambda: { invokeAsync: async () => Promise.reject(new AwsError('x', 'gone', 404)) },
      streams: { put: () => new Promise(() => {}) },
    });
    void runAll(engine.match(messageOf('{}')));
    await clock.advance(1_000);
    assert.equal(done.length, 1);
  });

  it('resolves and is logged where the error action fails too', async () => {
    const { engine, lines, runAll } = stack([rule({ actions: [lambda] })], {
      lambda: { invokeAsync: async () => Promise.reject(new AwsError('x', 'gone', 404)) },
      store: { put: async () => Promise.reject(new AwsError('NoSuchBucket', 'no bucket', 404)) },
    });
    await runAll(engine.match(messageOf('{}')));
    assert.match(
      lines[1]!,
      /^error: the error action of a rule failed.*"traceId":"12345678-.*"error":"no bucket"/,
    );
  });

  it('resolves where there is no error action', async () => {
    const { engine, lines, runAll } = stack([rule({ actions: [lambda], errorAction: undefined })], {
      lambda: { invokeAsync: async () => Promise.reject(new AwsError('x', 'gone', 404)) },
    });
    await runAll(engine.match(messageOf('{}')));
    assert.equal(lines.length, 1);
  });
});

describe('the actions', () => {
  async function outcome(
    spec: ActionSpec,
    payload = '{"a":1}',
    sql = "SELECT * FROM '#'",
  ): Promise<string[]> {
    const { engine, done, lines, clock, runAll } = stack([
      rule({ sql, actions: [spec], errorAction: undefined }),
    ]);
    const finished = runAll(engine.match(messageOf(payload)));
    await clock.advance(10_000);
    await finished;
    return [...done, ...lines.map((line) => /"errorMessage":"([^"]*)"/.exec(line)?.[1] ?? line)];
  }
  it('Lambda refuses bytes that are not JSON', async () => {
    assert.deepEqual(await outcome(lambda, 'hello'), [
      "the payload is not JSON; select encode(*, 'base64') for Lambda",
    ]);
  });
  it('Firehose takes bytes as they are', async () => {
    assert.deepEqual(await outcome(archive, 'hello'), [String.raw`stream raw "hello\n"`]);
  });
  it('Firehose in batch mode makes a record of each element', async () => {
    const batch = action('Firehose', { ...archive.properties, BatchMode: true }, 'raw');
    assert.deepEqual(await outcome(batch, '[{"a":1},2]'), [String.raw`stream raw "{\"a\":1}\n2\n"`]);
    assert.deepEqual(await outcome(batch, '[]'), []);
    assert.deepEqual(await outcome(batch, JSON.stringify(Array(501).fill(1))), [
      'a batch has at most 500 records',
    ]);
  });
  it('S3 names the object by the message', async () => {
    const s3 = action('S3', { BucketName: 'b', Key: '${topic(3)}/${a}', RoleArn: 'r' }, 'b');
    assert.deepEqual(await outcome(s3), ['s3 b s1/1 {"a":1}']);
  });
  it('Sns publishes the selected fields', async () => {
    const sns = action(
      'Sns',
      { TargetArn: 'arn:aws:sns:us-east-1:000000000000:alerts', RoleArn: 'r' },
      'alerts',
    );
    assert.deepEqual(await outcome(sns), ['sns arn:aws:sns:us-east-1:000000000000:alerts {"a":1}']);
  });
  it('Republish substitutes its topic, with $$ for a reserved one', async () => {
    const republish = (Topic: string, Qos?: number) => action('Republish', { Topic, RoleArn: 'r', Qos });
    assert.deepEqual(await outcome(republish('copy/${topic()}')), [
      'publish copy/telemetry/seattle/s1 0 {"a":1}',
    ]);
    assert.deepEqual(await outcome(republish('$$aws/things/x', 1)), ['publish $aws/things/x 1 {"a":1}']);
  });
  it('Republish sets the headers of MQTT 5, without those that come out empty', async () => {
    const headers = (Headers: object) => action('Republish', { Topic: 't', RoleArn: 'r', Headers });
    const all = headers({
      PayloadFormatIndicator: 'UTF8_DATA',
      ContentType: '${type}',
      ResponseTopic: 'answers/${topic(3)}',
      CorrelationData: "${encode(*, 'base64')}",
      MessageExpiry: 60,
      UserProperties: [
        { Key: 'k', Value: '${a}' },
        { Key: '${nothing}k', Value: '${nothing}' },
      ],
    });
    assert.deepEqual(await outcome(all), [
      'publish t 0 {"a":1} {"payloadFormatIndicator":true,"messageExpiryInterval":60,"responseTopic":"answers/s1","correlationData":"eyJhIjoxfQ==","userProperties":[["k","1"],["k",""]]}',
    ]);
    const wrong: [object, string][] = [
      [{ MessageExpiry: '${a}.5' }, 'MessageExpiry must be a number of seconds'],
      [{ PayloadFormatIndicator: 'x${a}' }, 'PayloadFormatIndicator must be UNSPECIFIED_BYTES or UTF8_DATA'],
      [{ CorrelationData: '${a}!' }, 'CorrelationData must be Base64'],
    ];
    for (const [given, message] of wrong) assert.deepEqual(await outcome(headers(given)), [message]);
    assert.match((await outcome(headers({ ResponseTopic: 'a/+/${a}' })))[0]!, /wildcard/);
  });
  it('CloudwatchLogs writes an event, or in batch mode one for each element', async () => {
    const logs = (BatchMode?: boolean) =>
      action('CloudwatchLogs', { LogGroupName: 'devices', RoleArn: 'r', BatchMode }, 'devices');
    assert.deepEqual(await outcome(logs()), [
      String.raw`log devices [{"timestamp":1790000000123,"message":"{\"a\":1}"}]`,
    ]);
    const batch = '[{"timestamp":1,"message":"a"},{"timestamp":2,"message":"b","level":3}]';
    assert.deepEqual(await outcome(logs(true), batch), [
      'log devices [{"timestamp":1,"message":"a"},{"timestamp":2,"message":"b"}]',
    ]);
    assert.deepEqual(await outcome(logs(true), '[]'), []);
    const malformed = [
      'in batch mode the SQL gives an Array of objects with timestamp (milliseconds) and message (text)',
    ];
    for (const payload of ['[{"timestamp":"1","message":"a"}]', '[{"timestamp":1}]', '{}', 'x', '[null]']) {
      assert.deepEqual(await outcome(logs(true), payload), malformed);
    }
    const many = JSON.stringify(Array.from({ length: 10_001 }, () => ({ timestamp: 1, message: '' })));
    assert.deepEqual(await outcome(logs(true), many), ['a batch has at most 10,000 events and 1 MiB']);
  });
  it('deliver where a substitution says, with variables of SET', async () => {
    const sql = "SET @to = concat('b-', a) SELECT * FROM '#'";
    const cases: [ActionSpec, string][] = [
      [action('S3', { BucketName: '${@to}', Key: '${@to}/${a}', RoleArn: 'r' }), 's3 b-1 b-1/1 {"a":1}'],
      [action('Lambda', { FunctionArn: 'arn:${@to}' }), 'lambda arn:b-1 {"a":1}'],
      [
        action('Firehose', { DeliveryStreamName: '${@to}', RoleArn: 'r' }),
        String.raw`stream b-1 "{\"a\":1}"`,
      ],
      [action('Sqs', { QueueUrl: 'http://x/${@to}', RoleArn: 'r' }), 'sqs http://x/b-1 {"a":1}'],
      [
        action('Sqs', { QueueUrl: 'jobs', UseBase64: true, RoleArn: 'r' }),
        `sqs jobs ${Buffer.from('{"a":1}').toString('base64')}`,
      ],
      [action('Sns', { TargetArn: 'arn:${@to}', RoleArn: 'r' }), 'sns arn:b-1 {"a":1}'],
      [action('DynamoDBv2', { PutItem: { TableName: '${@to}' }, RoleArn: 'r' }), 'table b-1 {"a":{"N":"1"}}'],
      [action('Republish', { Topic: '${@to}', RoleArn: 'r' }), 'publish b-1 0 {"a":1}'],
      [
        action('CloudwatchLogs', { LogGroupName: '${@to}', RoleArn: 'r' }),
        String.raw`log b-1 [{"timestamp":1790000000123,"message":"{\"a\":1}"}]`,
      ],
    ];
    for (const [spec, expected] of cases) assert.deepEqual(await outcome(spec, '{"a":1}', sql), [expected]);
  });
  it('DynamoDBv2 writes an attribute for each member', async () => {
    const table = action('DynamoDBv2', { PutItem: { TableName: 't' }, RoleArn: 'r' });
    const payload = '{"s":"x","n":9007199254740993,"b":true,"z":null,"l":[1],"m":{"a":"y"},"__proto__":1}';
    assert.deepEqual(await outcome(table, payload), [
      'table t {"s":{"S":"x"},"n":{"N":"9007199254740993"},"b":{"BOOL":true},"z":{"NULL":true},"l":{"L":[{"N":"1"}]},"m":{"M":{"a":{"S":"y"}}},"__proto__":{"N":"1"}}',
    ]);
    assert.deepEqual(await outcome(table, '[1]'), ['the item is not a JSON object']);
  });
  it('are refused before the start where a field cannot be right', () => {
    const wrong: [ActionSpec, string][] = [
      [
        action('S3', { BucketName: 'b', Key: '${nope()}', RoleArn: 'r' }, 'b'),
        'template.yaml:1: S3.Key: SQL 1:3: there is no function nope()',
      ],
      [
        action('S3', { BucketName: 7, Key: 'k', RoleArn: 'r' }),
        'template.yaml:1: S3.BucketName must be text',
      ],
      [
        action('Republish', { Topic: 't', RoleArn: 'r', Headers: { ContentTpye: 'x' } }),
        'template.yaml:1: Republish.Headers.ContentTpye is not supported by the local cloud; take it out',
      ],
      [
        action('Republish', { Topic: 't', RoleArn: 'r', Headers: { MessageExpiry: 'soon' } }),
        'template.yaml:1: Republish.Headers.MessageExpiry: MessageExpiry must be a number of seconds',
      ],
      [
        action('Republish', { Topic: 't', RoleArn: 'r', Headers: { ContentType: '${nope()}' } }),
        'template.yaml:1: Republish.Headers.ContentType: SQL 1:3: there is no function nope()',
      ],
      [
        action('Republish', { Topic: 't', RoleArn: 'r', Headers: { UserProperties: [{ Key: 'k' }] } }),
        'template.yaml:1: Republish.Headers.UserProperties.Value must be text',
      ],
      [
        action('CloudwatchLogs', { LogGroupName: 'g', RoleArn: 'r', BatchMode: 'yes' }, 'g'),
        'template.yaml:1: CloudwatchLogs.BatchMode must be one of "false", "true" in the local cloud',
      ],
      [
        action('S3', { BucketName: 'b', Key: 'k', CannedAcl: 'public-read' }, 'b'),
        'template.yaml:1: S3.CannedAcl must be one of "private" in the local cloud',
      ],
      [
        action('Firehose', { DeliveryStreamName: 'raw', Separator: ';' }, 'raw'),
        String.raw`template.yaml:1: Firehose.Separator must be one of "", "\n", "\t", "\r\n", "," in the local cloud`,
      ],
      [action('DynamoDBv2', { PutItem: {} }), 'template.yaml:1: DynamoDBv2.PutItem.TableName must be text'],
      [action('DynamoDBv2', { PutItem: 't' }), 'template.yaml:1: DynamoDBv2.PutItem.TableName must be text'],
    ];
    for (const [spec, message] of wrong) {
      assert.throws(() => stack([rule({ actions: [spec] })]), { name: 'StartError', message });
    }
    assert.throws(() => stack([rule({ sql: 'SELECT foo() AS x' })]), {
      name: 'StartError',
      message: 'template.yaml:1: SQL 1:8: there is no function foo()',
    });
    assert.throws(() => stack([rule()], { lambda: undefined }), {
      message: 'template.yaml:1: the local cloud runs no service for the action Lambda',
    });
  });
});
