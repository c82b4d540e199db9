// What `rule explain` says of a rule and a message.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createManualClock } from '../../clock.ts';
import { explainRule } from '../../rules/explain.ts';
import type { Lookups } from '../../rules/lookups.ts';
import type { ActionSpec, RuleSpec } from '../../rules/rule-spec.ts';
import { createTopicIndex, mismatch, parseTopicFilter } from '../../rules/topic-filter.ts';
import { StartError } from '../../start-error.ts';
import { environment, messageOf } from './message.ts';

const refuse = (problem: string) => new StartError(problem);
const action = (type: string, properties: Record<string, unknown>, target?: string): ActionSpec => ({
  type,
  properties,
  target,
  refuse,
});
const archive = action('Firehose', { DeliveryStreamName: 'raw', RoleArn: 'r', Separator: '\n' }, 'raw');
const ingest = action('Lambda', { FunctionArn: 'arn:ingest' }, 'ingest');
const errors = action(
  'S3',
  { BucketName: 'errors', Key: '${topic(3)}/${nope}x.json', RoleArn: 'r' },
  'errors',
);

const clock = createManualClock(0);
const lookups: Lookups = {
  get_thing_shadow: async () => ({ state: { alarm: 'ON' } }),
  aws_lambda: () => Promise.reject(new Error('no stack is asked')),
};

function explain(over: Partial<RuleSpec>, payload: string, topic?: string): Promise<string> {
  const spec = { name: 'R', sql: 'SELECT *', disabled: false, actions: [], refuse, ...over };
  return explainRule(spec, messageOf(payload, topic), { environment, lookups, clock }).then(({ lines }) =>
    lines.join('\n'),
  );
}
const explainSql = (sql: string, payload: string, topic?: string) => explain({ sql }, payload, topic);

describe('the explanation of a rule', () => {
  it('goes from the topic to the input of each action, with separators and substitutions', async () => {
    const sql =
      "SET @limit = 2 SELECT *, t * 2 AS twice, a.b AS gone FROM 'telemetry/+/+' WHERE t > @limit AND ok";
    const rule = { sql, actions: [archive, ingest], errorAction: errors };
    assert.equal(
      await explain(rule, '{"t":3,"ok":true}'),
      [
        'Rule R',
        'Message on telemetry/seattle/s1 from client s1: 17 bytes, a JSON object',
        '',
        "FROM 'telemetry/+/+'",
        '  matches',
        'SET @limit = 2',
        '  2',
        'WHERE t > @limit AND ok',
        '  true',
        '    t > @limit = true',
        '      t = 3',
        '      @limit = 2',
        '    ok = true',
        'SELECT',
        '  * = {"t":3,"ok":true}',
        '  t * 2 AS twice = 6',
        '  a.b AS gone = Undefined: dropped',
        '  gives {"t":3,"ok":true,"twice":6}',
        'Action 0: Firehose',
        '  delivery stream raw gets 28 bytes: {"t":3,"ok":true,"twice":6}\\n',
        'Action 1: Lambda',
        '  function ingest gets {"t":3,"ok":true,"twice":6}',
        'Error action, only if an action fails: S3',
        '  Key: ${topic(3)}/${nope}x.json',
        '    ${topic(3)} = "s1"',
        '    ${nope} = Undefined',
        '  bucket errors, key s1/x.json',
        '  276 bytes: {"ruleName":"R","topic":"telemetry/seattle/s1","cloudwatchTraceId":"12345678-1234-1234-1234-123456789012","clientId":"s1","base64OriginalPayload":"eyJ0IjozLCJvayI6dHJ1ZX0=","failures":[{"failedAction":"FirehoseAction","failedResource":"raw","errorMessage":"what went wrong"}]}',
        '',
        'The rule fires: 2 actions run.',
      ].join('\n'),
    );
  });

  const endings: [string, string, string, string, string | undefined][] = [
    [
      'a WHERE that is false',
      "SELECT * FROM 'telemetry/#' WHERE t > 5",
      '{"t":3}',
      'WHERE t > 5\n  false\n    t = 3\n\nThe rule does not fire: WHERE is not true.',
      undefined,
    ],
    [
      'a WHERE that is Undefined',
      "SELECT * FROM 'telemetry/#' WHERE lower(name) = 'x'",
      '{"t":3}',
      'Undefined\n    lower(name) = Undefined\n      name = Undefined\n\nThe rule does not fire: WHERE is not true.',
      undefined,
    ],
    [
      'another topic',
      "SELECT * FROM 'telemetry/+/s2'",
      '{}',
      '  does not match: level 3 is "s1", not "s2"\n\nThe rule does not fire: the message does not reach it.',
      undefined,
    ],
    [
      'a payload that is not JSON',
      "SELECT *, t FROM 'telemetry/#'",
      'nope',
      '  * = the payload, which is not JSON\n  t = Undefined: dropped\n\nThe rule fails: it selects from the payload, which is not JSON. No action runs, not even the error action; there is a log line.',
      undefined,
    ],
    [
      'bytes that are passed on as they came',
      "SELECT * FROM 'telemetry/#'",
      'nope',
      '  gives the 4 bytes as they came\nError action: none, so what fails leaves a log line only\n\nThe rule fires: 0 actions run.',
      undefined,
    ],
    [
      'Basic Ingest that names the rule',
      "SELECT topic() AS t FROM 'other'",
      '{}',
      'FROM \'other\'\n  not looked at: Basic Ingest names this rule, and topic() is a/b\nSELECT\n  topic() AS t = "a/b"\n  gives {"t":"a/b"}\nError action: none, so what fails leaves a log line only\n\nThe rule fires: 0 actions run.',
      '$aws/rules/R/a/b',
    ],
    [
      'Basic Ingest that names another rule',
      "SELECT * FROM 'a/b'",
      '{}',
      '  not looked at: Basic Ingest names the rule Other\n\nThe rule does not fire: the message does not reach it.',
      '$aws/rules/Other/a/b',
    ],
    [
      'a rule without FROM',
      'SELECT *',
      '{}',
      'FROM is left out\n  only Basic Ingest reaches the rule: $aws/rules/R/...\n\nThe rule does not fire: the message does not reach it.',
      undefined,
    ],
    [
      'a SET that fails',
      "SET @a = replace(s, 'x', s), @b = replace(@a, 'x', @a) SELECT * FROM 'telemetry/#'",
      JSON.stringify({ s: 'x'.repeat(2_000) }),
      'The rule fails: the result of replace() is longer than 1 MiB. No action runs, not even the error action; there is a log line.',
      undefined,
    ],
  ];
  for (const [what, sql, payload, ending, topic] of endings) {
    it(`ends well for ${what}`, async () => {
      const text = await explainSql(sql, payload, topic);
      assert.ok(text.endsWith(ending), text);
    });
  }

  it('shows members that are brought, and the payload under a name', async () => {
    const text = await explainSql(
      "SELECT *, a.*, * AS all, b.c FROM 'telemetry/#'",
      '{"a":{"x":1},"b":{"c":2}}',
    );
    assert.ok(
      text.includes(
        [
          '  * = {"a":{"x":1},"b":{"c":2}}',
          '  a.* = {"x":1}',
          '  * AS all = {"a":{"x":1},"b":{"c":2}}',
          '  b.c AS c = 2',
          '  gives {"a":{"x":1},"b":{"c":2},"x":1,"all":{"a":{"x":1},"b":{"c":2}},"c":2}',
        ].join('\n'),
      ),
      text,
    );
  });
  it('shows an action whose substitution names members of a payload that is not JSON', async () => {
    const errorless = {
      sql: "SELECT * FROM 'telemetry/#'",
      actions: [{ ...errors, properties: { ...errors.properties, Key: '${a}' } }],
    };
    assert.match(
      await explain(errorless, 'nope'),
      /Action 0: S3\n.*\n.*\n {2}fails: a substitution takes from the payload, which is not JSON/,
    );
  });
  it('says that a rule is disabled', async () => {
    assert.match(await explain({ disabled: true }, '{}'), /\nThe rule is disabled in the template\.$/);
  });
  it('shows an action that fails before it asks its service', async () => {
    const text = await explain({ sql: "SELECT * FROM 'telemetry/#'", actions: [ingest] }, 'nope');
    assert.match(text, /Action 0: Lambda\n {2}fails: the payload is not JSON; select encode/);
  });
  it('cannot be made to move the cursor, and is bounded', async () => {
    const text = await explainSql("SELECT a FROM 'telemetry/#'", `{"a":"\\u001b[2J${'x'.repeat(10_000)}"}`);
    assert.ok(!text.includes('\u001b'));
    assert.ok(text.length < 10_000, String(text.length));
    assert.match(text, /… and \d+ more characters/);
  });
  it('shows what a service answered, and what was not called', async () => {
    const sql = "SELECT * FROM 'telemetry/#' WHERE get_thing_shadow('t', 'r').state.alarm = 'OFF' AND ok";
    assert.match(
      await explainSql(sql, '{}'),
      /\n {4}get_thing_shadow\('t', 'r'\)\.state\.alarm = 'OFF' = false\n {6}.*alarm = "ON"\n {8}get_thing_shadow\('t', 'r'\) = \{"state":\{"alarm":"ON"\}\}\n {4}ok = Undefined\n/,
    );
    const lazy = "SELECT CASE 1 WHEN 2 THEN get_thing_shadow('t', 'r') END AS a FROM 'telemetry/#'";
    assert.match(await explainSql(lazy, '{}'), /\n {4}get_thing_shadow\('t', 'r'\) = not called\n/);
  });
  it('names the remedy if a service cannot be asked', async () => {
    const text = await explainSql("SELECT aws_lambda('f', *) AS a FROM 'telemetry/#'", '{}');
    assert.match(text, /\nThe rule fails: aws_lambda\(\) failed: no stack is asked\. No action runs/);
  });
  it('looks only at the values of a nested query', async () => {
    const text = await explainSql(
      "SELECT * FROM 'telemetry/#' WHERE EXISTS (SELECT * FROM list AS e WHERE e.n = 2)",
      '{"list":[{"n":1}]}',
    );
    assert.match(text, /\n {2}false\n {4}list = \[\{"n":1\}\]\n\n/);
  });
});

describe('the reason why a topic does not match', () => {
  const level = fc.constantFrom('a', 'b', '$x', '');
  const filters = fc
    .array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 })
    .chain((levels) => fc.constantFrom(levels.join('/'), [...levels, '#'].join('/')));

  it('is given exactly when it does not', () => {
    const topics = fc.array(level, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(filters, topics, (text, levels) => {
        const filter = parseTopicFilter(text);
        fc.pre(typeof filter !== 'string');
        const index = createTopicIndex<number>();
        index.add(filter, 1);
        assert.equal(mismatch(filter, levels) === undefined, index.match(levels).length === 1);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
