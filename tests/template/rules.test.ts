// The rules of the real template: which messages they take, where to, and with what ingest expects.
import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { silentLog } from '../../packages/local-cloud/log.ts';
import { createRulesEngine } from '../../packages/local-cloud/rules/engine.ts';
import { rulesFromTemplate, type RuleSpec } from '../../packages/local-cloud/rules/rule-spec.ts';
import { messageOf } from '../../packages/local-cloud/tests/rules/message.ts';
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
  it('give ingest what it expects of a malformed message', async () => {
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
