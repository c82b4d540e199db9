// SQL that asks other services: the questions, the use of answers, and of missing ones.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { createManualClock } from '../../clock.ts';
import { silentLog } from '../../log.ts';
import { createRulesEngine } from '../../rules/engine.ts';
import type { Lookups } from '../../rules/lookups.ts';
import { createLookups } from '../../rules/lookup-sources.ts';
import type { ActionSpec, RuleSpec } from '../../rules/rule-spec.ts';
import { compileStatement } from '../../rules/statement.ts';
import { jsonOf, type Value } from '../../json/value.ts';
import { StartError } from '../../start-error.ts';
import { messageOf } from './message.ts';

const refuse = (problem: string) => new StartError(problem);
const lambda: ActionSpec = { type: 'Lambda', properties: { FunctionArn: 'arn' }, target: 'ingest', refuse };
const keep: ActionSpec = {
  type: 'S3',
  properties: { BucketName: 'errors', Key: '${@name}', RoleArn: 'r' },
  target: 'errors',
  refuse,
};

const registry = { thingTypeName: 'sensor', attributes: { room: 'a' } };

function services(asked: string[], over: Lookups = {}): Lookups {
  const note = (name: string, args: readonly Value[]) => void asked.push(`${name} ${jsonOf([...args])}`);
  return {
    async aws_lambda(...args) {
      note('lambda', args);
      return { got: args[1] };
    },
    async get_registry_data(...args) {
      note('registry', args);
      return registry;
    },
    async get_thing_shadow(...args) {
      note('shadow', args);
      return { state: { reported: { alarm: 'ON' } } };
    },
    ...over,
  };
}

/** Runs a rule for a payload; returns what it asked, what its action got, and what was logged. */
async function run(sql: string, payload = '{}', over: Lookups = {}, spec: Partial<RuleSpec> = {}) {
  const [asked, done, lines]: [string[], string[], string[]] = [[], [], []];
  const clock = createManualClock(0);
  const engine = createRulesEngine({
    rules: [
      { name: 'R', sql: `${sql} FROM 'telemetry/#'`, disabled: false, actions: [lambda], refuse, ...spec },
    ],
    actions: {
      lambda: { invokeAsync: async (_name, event) => void done.push(event) },
      store: { put: async (_bucket, key) => void done.push(key) },
    },
    lookups: services(asked, over),
    clock,
    log: { ...silentLog, warn: (_message, fields) => void lines.push(String(fields?.['reason'])) },
  });
  const dispatches = engine.match(messageOf(payload));
  const all = Promise.all(dispatches.map((dispatch) => dispatch.run()));
  return { asked, done, lines, clock, all, ids: dispatches.map(({ id }) => id) };
}

async function settled(sql: string, payload?: string, over?: Lookups, spec?: Partial<RuleSpec>) {
  const result = await run(sql, payload, over, spec);
  await result.all;
  return result;
}

describe('SQL that asks', () => {
  const cases: [string, string, string, string][] = [
    [
      'a shadow',
      "SELECT get_thing_shadow('t', 'role').state.reported.alarm AS alarm",
      'shadow ["t"]',
      '{"alarm":"ON"}',
    ],
    [
      'a named shadow',
      "SELECT get_thing_shadow(topic(3), 'night', 'role').state.reported AS r",
      'shadow ["s1","night"]',
      '{"r":{"alarm":"ON"}}',
    ],
    [
      'the registry',
      "SELECT get_registry_data('DescribeThing', topic(3), 'role').attributes.room AS room",
      'registry ["DescribeThing","s1"]',
      '{"room":"a"}',
    ],
    [
      'a function with part of the payload',
      "SELECT aws_lambda('arn:f', {'t': t}).got.t * 2 AS twice",
      'lambda ["arn:f",{"t":3}]',
      '{"twice":6}',
    ],
    [
      'a function with the payload',
      "SELECT aws_lambda('arn:f', *) AS a",
      'lambda ["arn:f",{"t":3}]',
      '{"a":{"got":{"t":3}}}',
    ],
  ];
  for (const [what, sql, question, event] of cases) {
    it(`${what} gets the answer`, async () => {
      const { asked, done } = await settled(sql, '{"t":3}');
      assert.deepEqual([asked, done], [[question], [event]]);
    });
  }
  it('has its actions pending before any service is asked, and asks once for all of them', async () => {
    const sql = "SELECT get_thing_shadow('t', 'r') AS s, get_thing_shadow('t', 'r').state AS again";
    const { ids, asked, done, all } = await run(sql, '{}', {}, { actions: [lambda, lambda] });
    assert.deepEqual(ids, ['R/0', 'R/1']);
    await all;
    assert.equal(asked.length, 1);
    assert.equal(done.length, 2);
  });
  it('feeds one answer into the next question', async () => {
    const { asked } = await settled(
      "SELECT aws_lambda('arn:f', get_thing_shadow(get_registry_data('DescribeThing', 'x', 'r').attributes.room, 'r')) AS a",
    );
    assert.deepEqual(
      asked.map((line) => line.split(' ')[0]),
      ['registry', 'shadow', 'lambda'],
    );
  });
  it('runs nothing where WHERE is not true of the answer', async () => {
    const { done } = await settled(
      'SELECT *, 1 AS a',
      '{}',
      {},
      {
        sql: "SELECT * FROM 'telemetry/#' WHERE get_thing_shadow('t', 'r').state.reported.alarm = 'OFF'",
      },
    );
    assert.deepEqual(done, []);
  });
  it('asks only as far as it is evaluated', async () => {
    const { asked } = await settled("SELECT CASE 1 WHEN 2 THEN get_thing_shadow('t', 'r') ELSE 0 END AS a");
    assert.deepEqual(asked, []);
  });
  it('asks no service about Undefined', async () => {
    const { asked, done } = await settled("SELECT get_thing_shadow(nothing, 'r') AS a, 1 AS b");
    assert.deepEqual([asked, done], [[], ['{"b":1}']]);
  });
  it('keeps the answer for the error action', async () => {
    let calls = 0;
    const failing = {
      async aws_lambda() {
        calls += 1;
        return `name-${calls}`;
      },
    };
    const { done } = await settled('', 'not JSON', failing, {
      sql: "SET @name = aws_lambda('f', 1) SELECT * FROM 'telemetry/#'",
      errorAction: keep,
    });
    assert.deepEqual(done, ['name-1']);
  });

  const fails = { get_thing_shadow: () => Promise.reject(new Error('No shadow exists')) };
  it('fails where a service fails, and runs neither actions nor the error action', async () => {
    const { done, lines } = await settled("SELECT get_thing_shadow('t', 'r') AS a", '{}', fails, {
      errorAction: undefined,
    });
    assert.deepEqual([done, lines], [[], ['get_thing_shadow() failed: No shadow exists']]);
  });
  it('goes on with the default of get_or_default()', async () => {
    const sql =
      "SELECT get_or_default(get_thing_shadow('t', 'r').state.alarm, 'none') AS a, get_or_default(x, 1) AS b, get_or_default(get_thing_shadow('t', 'r')) AS c";
    assert.deepEqual((await settled(sql, '{}', fails)).done, ['{"a":"none","b":1}']);
  });
  it('does not wait longer than two seconds', async () => {
    const { clock, all, done, lines } = await run("SELECT aws_lambda('f', *) AS a", '{}', {
      aws_lambda: () => new Promise(() => {}),
    });
    await new Promise(setImmediate);
    await clock.advance(2_000);
    await all;
    assert.deepEqual([done, lines], [[], ['aws_lambda() failed: no answer within 2000 ms']]);
  });
  it('asks the registry once per message, also from a nested query', async () => {
    const { done, lines } = await settled(
      "SELECT (SELECT VALUE get_registry_data('DescribeThing', n, 'r') FROM ['a', 'b'] AS n) AS a",
    );
    assert.deepEqual([done, lines], [[], ['get_registry_data() is called more than once']]);
  });
  it('cannot go on asking for ever', async () => {
    const { lines } = await settled("SELECT aws_lambda('f', newuuid()) AS a");
    assert.deepEqual(lines, ['aws_lambda() is called more than 10 times']);
  });
});

describe('a function that asks is refused', () => {
  const all = services([]);
  const cases: [string, string, Lookups, string][] = [
    [
      'where no such service runs',
      "SELECT aws_lambda('f', 1) AS a",
      {},
      'SQL 1:8: aws_lambda() is not supported by the local cloud: it asks a service that does not run here',
    ],
    [
      'where the registry is asked twice',
      "SELECT get_registry_data('DescribeThing', 'a', 'r') AS a WHERE get_registry_data('DescribeThing', 'a', 'r').b = 1",
      all,
      'SQL 1:64: get_registry_data() may be called once in a statement',
    ],
    [
      'without its role',
      "SELECT get_thing_shadow('t') AS a",
      all,
      'SQL 1:8: get_thing_shadow() takes 2 to 3 arguments, the last of them a role',
    ],
    [
      'with too many arguments',
      "SELECT aws_lambda('f', 1, 2) AS a",
      all,
      'SQL 1:8: aws_lambda() takes 2 arguments',
    ],
    [
      'as a default',
      "SELECT get_or_default(a, AWS_LAMBDA('f', 1)) AS a",
      all,
      'SQL 1:26: the default of get_or_default() may not ask a service',
    ],
  ];
  for (const [where, sql, lookups, message] of cases) {
    it(where, () => assert.throws(() => compileStatement(sql, lookups), { name: 'SqlError', message }));
  }
  it('in a field of an action, except aws_lambda()', () => {
    const statement = compileStatement('SELECT *', all);
    assert.throws(() => statement.compileTemplate("${get_thing_shadow('t', 'r')}"), {
      message: 'SQL 1:3: get_thing_shadow() is allowed in the SQL only; SET a variable there and use it here',
    });
    assert.equal(statement.asks, false);
    statement.compileTemplate("${aws_lambda('f', 1)}");
    assert.equal(statement.asks, true);
  });
});

it('a field of an action asks a function for each message', async () => {
  const Key = "${aws_lambda('f', {'id': id}).got.id}.json";
  const actions = [{ ...keep, properties: { ...keep.properties, Key } }];
  const { asked, done } = await settled('SELECT *', '{"id":"a7"}', {}, { actions });
  assert.equal(asked.join(), 'lambda ["f",{"id":"a7"}]');
  assert.equal(done.join(), 'a7.json');
});

describe('the services of this machine', () => {
  const thing = {
    name: 't1',
    id: 'id',
    typeName: 'sensor',
    attributes: [['room', 'a']],
    version: 1,
    groups: ['g'],
    principals: [],
  };
  const lookups = createLookups({
    lambda: {
      invoke: async (name, payload) =>
        name === 'bad'
          ? { payload: '{"errorMessage":"no"}', functionError: 'Unhandled', logTail: '' }
          : { payload: name === 'odd' ? 'x' : payload, logTail: '' },
    },
    iot: {
      ca: undefined as never,
      domains: [],
      registry: {
        things: new Map([['t1', thing]]),
        groups: new Map([['g', { name: 'g' }]]),
        arn: (resource: string) => `arn:aws:iot:us-east-1:000000000000:${resource}`,
      } as never,
    },
    shadows: () => ({ get: async (id) => JSON.stringify({ state: id }) }),
  });

  const answers: [string, Promise<Value>, unknown][] = [
    ['a function', lookups.aws_lambda!('f', { a: 1 }), { a: 1 }],
    [
      'DescribeThing',
      lookups.get_registry_data!('DescribeThing', 't1'),
      {
        thingName: 't1',
        thingArn: 'arn:aws:iot:us-east-1:000000000000:thing/t1',
        thingTypeName: 'sensor',
        attributes: { room: 'a' },
        version: 1,
        thingId: 'id',
        defaultClientId: 't1',
      },
    ],
    [
      'ListThingGroupsForThing',
      lookups.get_registry_data!('ListThingGroupsForThing', 't1'),
      { thingGroups: [{ groupName: 'g', groupArn: 'arn:aws:iot:us-east-1:000000000000:thinggroup/g' }] },
    ],
    ['a classic shadow', lookups.get_thing_shadow!('t1'), { state: { thingName: 't1' } }],
    ['a named shadow', lookups.get_thing_shadow!('t1', 'n'), { state: { thingName: 't1', shadowName: 'n' } }],
  ];
  for (const [what, answer, expected] of answers) {
    it(`answer about ${what}`, async () => assert.deepEqual(await answer, expected));
  }
  const failures: [string, () => Promise<Value>, RegExp][] = [
    [
      'a function that fails',
      () => lookups.aws_lambda!('bad', 1),
      /^the function failed: \{"errorMessage":"no"\}$/,
    ],
    [
      'a function that returns no JSON',
      () => lookups.aws_lambda!('odd', 1),
      /^what the function returned is not JSON$/,
    ],
    ['a thing that is not there', () => lookups.get_registry_data!('DescribeThing', 't2'), /does not exist/],
    [
      'a thing with an impossible name',
      () => lookups.get_registry_data!('DescribeThing', '../x'),
      /is not allowed/,
    ],
    [
      'another API',
      () => lookups.get_registry_data!('DeleteThing', 't1'),
      /^it knows DescribeThing and ListThingGroupsForThing$/,
    ],
    ['a shadow of an impossible thing', () => lookups.get_thing_shadow!('a~b'), /is not a thingName$/],
    ['a shadow with an impossible name', () => lookups.get_thing_shadow!('a', 'b~c'), /is not a shadowName$/],
    ['null', () => lookups.get_thing_shadow!(null), /thingName is not text/],
  ];
  for (const [what, ask, message] of failures) {
    it(`fail for ${what}`, () => assert.rejects(ask, { message }));
  }
});
