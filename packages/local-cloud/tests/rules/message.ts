// A message and the evaluation of single expressions, as the tests of rules SQL need them.

import assert from 'node:assert/strict';
import type { InboundMessage } from '../../mqtt/message.ts';
import { createMessageContext, type Environment, type MessageContext } from '../../rules/message-context.ts';
import { compileStatement } from '../../rules/statement.ts';
import { jsonOf, type Value } from '../../json/value.ts';

export const environment: Environment = {
  accountId: '000000000000',
  newId: () => '00000000-0000-4000-8000-000000000001',
  random: () => 0.25,
};

export function messageOf(payload: string | Buffer, topic = 'telemetry/seattle/s1'): InboundMessage {
  return {
    topic,
    payload: Buffer.from(payload),
    qos: 1,
    retain: false,
    clientId: 's1',
    principal: 'ba67293af50bf2506f5f93469686da660c7c844e7b3950bfb16813e0d31e9373',
    sourceIp: '192.0.2.7',
    receivedAt: 1_790_000_000_123,
    traceId: '12345678-1234-1234-1234-123456789012',
  };
}

export function contextOf(message: InboundMessage, topic = message.topic): MessageContext {
  return createMessageContext(message, topic, environment);
}

/** What the SQL selects, as JSON text; `skipped` and `failed: <reason>` as they are. */
export function select(sql: string, payload: string | Buffer, topic?: string): string {
  const outcome = compileStatement(sql).evaluate(contextOf(messageOf(payload, topic)));
  if (outcome.kind === 'skipped') return outcome.kind;
  if (outcome.kind === 'failed') return `failed: ${outcome.reason}`;
  return outcome.output.kind === 'json'
    ? jsonOf(outcome.output.value)
    : `bytes ${outcome.output.bytes.toString('hex')}`;
}

/** The value of an expression; the payload gives names to values that SQL cannot write. */
export function valueOf(expression: string, payload = '{}'): Value {
  const outcome = compileStatement(`SELECT VALUE (${expression})`).evaluate(contextOf(messageOf(payload)));
  assert.ok(outcome.kind === 'selected' && outcome.output.kind === 'json', expression);
  return outcome.output.value;
}
