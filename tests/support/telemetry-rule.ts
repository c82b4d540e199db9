// The output of TelemetryRule for a payload, by the SQL of the real template.

import assert from 'node:assert/strict';
import { jsonOf } from '../../packages/local-cloud/json/value.ts';
import { rulesFromTemplate } from '../../packages/local-cloud/rules/rule-spec.ts';
import { compileStatement } from '../../packages/local-cloud/rules/statement.ts';
import { contextOf, messageOf } from '../../packages/local-cloud/tests/rules/message.ts';
import { loadTidegate } from '../template/tidegate-template.ts';

const { sql } = rulesFromTemplate(loadTidegate()).find(({ name }) => name === 'TelemetryRule')!;
const statement = compileStatement(sql);

/** The event for a JSON object, as text. */
export function ruleEventText(payload: string, topic?: string): string {
  const outcome = statement.evaluate(contextOf(messageOf(payload, topic)));
  assert.ok(outcome.kind === 'selected' && outcome.output.kind === 'json', payload);
  return jsonOf(outcome.output.value);
}
