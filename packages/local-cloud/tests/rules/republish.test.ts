// Rules that feed other rules, or themselves.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { createManualClock } from '../../clock.ts';
import { silentLog } from '../../log.ts';
import type { InboundMessage } from '../../mqtt/message.ts';
import { createRulesEngine } from '../../rules/engine.ts';
import { createRepublisher } from '../../rules/republish.ts';
import type { RuleSpec } from '../../rules/rule-spec.ts';
import { StartError } from '../../start-error.ts';
import { messageOf } from './message.ts';

const refuse = (problem: string) => new StartError(problem);
const rule = (name: string, sql: string, ...topics: string[]): RuleSpec => ({
  name,
  sql,
  disabled: false,
  actions: topics.map((Topic) => ({ type: 'Republish', properties: { Topic, RoleArn: 'r' }, refuse })),
  refuse,
});

/** Publishes a message to rules whose messages come back, and waits for all that it sets off. */
async function publish(rules: readonly RuleSpec[], topic: string, payload = '{"n":0}') {
  const seen: InboundMessage[] = [];
  const lines: string[] = [];
  const clock = createManualClock(1_790_000_001_000);
  let ids = 0;
  const hub = async (message: InboundMessage) => {
    seen.push(message);
    await Promise.all(engine.match(message).map((dispatch) => dispatch.run()));
  };
  const engine = createRulesEngine({
    rules,
    actions: {
      publish: createRepublisher({
        publish: hub,
        serves: (reserved) => reserved.endsWith('/shadow/update'),
        clock,
        newId: () => `id-${++ids}`,
      }),
    },
    clock,
    log: { ...silentLog, warn: (_message, fields) => void lines.push(String(fields?.['errorMessage'])) },
  });
  await hub(messageOf(payload, topic));
  return { seen, lines };
}

describe('a republished message', () => {
  it('is a message of its own, not from an MQTT client', async () => {
    const sql = "SELECT n + 1 AS n FROM 'a'";
    const { seen } = await publish([rule('R', sql, 'copy/${topic()}')], 'a');
    assert.deepEqual(
      { ...seen[1], payload: seen[1]!.payload.toString() },
      {
        topic: 'copy/a',
        payload: '{"n":1}',
        qos: 0,
        retain: false,
        clientId: 'n/a',
        principal: 'local-cloud',
        sourceIp: 'n/a',
        receivedAt: 1_790_000_001_000,
        traceId: 'id-1',
        properties: undefined,
      },
    );
  });
  it('reaches other rules, by Basic Ingest too', async () => {
    const { seen } = await publish(
      [rule('A', "SELECT * FROM 'a'", '$$aws/rules/B/x'), rule('B', 'SELECT *, topic() AS t', 'b')],
      'a',
    );
    assert.deepEqual(
      seen.map(({ topic, payload }) => `${topic} ${payload.toString()}`),
      ['a {"n":0}', '$aws/rules/B/x {"n":0}', 'b {"n":0,"t":"x"}'],
    );
  });
  it('may come back while WHERE lets it', async () => {
    const { seen, lines } = await publish([rule('R', "SELECT n + 1 AS n FROM 'a' WHERE n < 5", 'a')], 'a');
    assert.deepEqual([seen.at(-1)!.payload.toString(), lines], ['{"n":5}', []]);
  });
  it('stops after eight rules in a row, which a line says', async () => {
    const { seen, lines } = await publish([rule('R', "SELECT n + 1 AS n FROM 'a'", 'a')], 'a');
    assert.equal(seen.length, 9);
    assert.deepEqual(lines, ['8 rules have republished this message in a row: a loop?']);
  });
  it('stops where two rules feed each other, and for each message anew', async () => {
    const rules = [rule('A', "SELECT * FROM 'a'", 'b'), rule('B', "SELECT * FROM 'b'", 'a')];
    for (let round = 0; round < 2; round++) assert.equal((await publish(rules, 'a')).seen.length, 9);
  });
  const wrong: [string, string, RegExp][] = [
    ['a topic with a wildcard', 'a/${n}/+', /^the topic is a wildcard/],
    ['an empty topic', '${nothing}', /^the topic is an empty topic$/],
    ['a reserved topic that nobody serves', '$$aws/events/x', /^the topic is a reserved topic/],
    ['a topic that is too long', "${lpad('a', 300)}", /^the topic is a topic of more than 256 bytes$/],
  ];
  for (const [what, topic, message] of wrong) {
    it(`to ${what} fails the action`, async () => {
      const { seen, lines } = await publish([rule('R', "SELECT * FROM 'a'", topic)], 'a');
      assert.equal(seen.length, 1);
      assert.match(lines[0]!, message);
    });
  }
  it('may be a request to a shadow', async () => {
    const { seen } = await publish([rule('R', "SELECT * FROM 'a'", '$$aws/things/t/shadow/update')], 'a');
    assert.equal(seen[1]!.topic, '$aws/things/t/shadow/update');
  });
  it('that is too large fails the action', async () => {
    const sql = "SELECT concat(t, t) AS t FROM 'a'";
    const { lines } = await publish([rule('R', sql, 'b')], 'a', JSON.stringify({ t: 'x'.repeat(100_000) }));
    assert.match(lines[0]!, /^the payload is larger than \d+ bytes$/);
  });
});
