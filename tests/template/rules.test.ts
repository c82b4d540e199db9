// The rules of the real template: which messages they take, where to, and with what ingest expects.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { silentLog } from '../../packages/local-cloud/log.ts';
import { createRulesEngine } from '../../packages/local-cloud/rules/engine.ts';
import { rulesFromTemplate, type RuleSpec } from '../../packages/local-cloud/rules/rule-spec.ts';
import { messageOf } from '../../packages/local-cloud/tests/rules/message.ts';
import { ruleEventText } from '../support/telemetry-rule.ts';
import { loadTidegate } from './tidegate-template.ts';

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

describe('the rules of template.yaml', () => {
  const rules = rulesFromTemplate(loadTidegate());
  const ids = (payload: string, topic?: string) =>
    engineOf(rules)
      .engine.match(messageOf(payload, topic))
      .map(({ id }) => id);
  const telemetry = ['TelemetryRule/0', 'TelemetryRule/1'];
  const malformed = ['MalformedRule/0', 'MalformedRule/1'];

  it('take a JSON object to the archive and to ingest', () => {
    assert.deepEqual(ids('{"temperature":4.2}'), telemetry);
    assert.deepEqual(ids('{}', '$aws/rules/TelemetryRule/telemetry/seattle/s1'), telemetry);
  });
  it('take everything else there too, as Base64, and nothing twice', () => {
    for (const payload of ['', 'x', '{', '[]', '[{}]', '5', 'null', 'true', '"x"', '""']) {
      assert.deepEqual(ids(payload), malformed, JSON.stringify(payload));
    }
  });
  it('take deeper topics too, up to eight levels', () => {
    for (const topic of ['telemetry/seattle/s1/x', 'telemetry/seattle/s1/4/5/6/7/8']) {
      assert.deepEqual(ids('{"temperature":4.2}', topic), telemetry);
      assert.deepEqual(ids('21.5', topic), malformed);
      assert.deepEqual(ids('{}', `$aws/rules/TelemetryRule/${topic}`), telemetry);
    }
  });
  it('leave other topics alone', () => {
    for (const topic of ['telemetry', 'other/seattle/s1', 'commands/s1/x'])
      assert.deepEqual(ids('{}', topic), []);
  });
  it.each([
    '{"temperature":4.2,"n":[-123456789012345,1.5e-7,20.25],"timestamp":1790000000123}',
    '{"id":"0f8fad5b-d9cb-469f-a165-70867728950e","eui":"0011223344556677","text":"9007199254740993"}',
  ])('let no message grow that a double holds: %s', (payload) => {
    assert.equal(JSON.parse(ruleEventText(payload)).exactPayload, undefined);
  });
  it.each(['9007199254740993', '-0.12345678901234567', '[1,12345678.123456789]', '1e-999', '-2.5E+400'])(
    'add the bytes of a payload with %s',
    (number) => {
      for (const payload of [`{"a":${number}}`, `{ "a" : ${number} , "b":"é" }`]) {
        const { exactPayload } = JSON.parse(ruleEventText(payload));
        assert.equal(Buffer.from(exactPayload, 'base64').toString(), payload);
      }
    },
  );
  it('look at a payload of 128 KB in the same way', () => {
    const payload = (last: string) => `{"a":[${'1790000000.25,'.repeat(9_360)}${last}]}`;
    assert.equal(JSON.parse(ruleEventText(payload('1'))).exactPayload, undefined);
    assert.ok(JSON.parse(ruleEventText(payload('1e-999'))).exactPayload);
  });
  it('give ingest the expected fields of a malformed message', async () => {
    const { engine, done } = engineOf(rules);
    await Promise.all(engine.match(messageOf('hello')).map((dispatch) => dispatch.run()));
    const [, event] = /^\S+ (\{.*\})$/.exec(done[1]!) ?? [];
    assert.deepEqual(JSON.parse(event!), {
      rawPayload: 'aGVsbG8=',
      deviceId: 's1',
      site: 'seattle',
      receivedAt: 1_790_000_000_123,
      clientId: 's1',
      traceId: '12345678-1234-1234-1234-123456789012',
    });
  });
});
