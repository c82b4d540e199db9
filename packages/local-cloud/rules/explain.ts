// Says clause by clause what a rule makes of a message, for `rule explain`.

import type { Clock } from '../clock.ts';
import type { InboundMessage } from '../mqtt/message.ts';
import { errorMessage } from './delivery.ts';
import { takeNotes, explainAction } from './explain-actions.ts';
import { explainParts, oneLine, outcomeOf, shown, sourceOf } from './explain-expression.ts';
import { readTopic } from './engine.ts';
import { createAnswers, type Lookups, untilAnswered } from './lookups.ts';
import { createMessageContext, type Environment, type MessageContext } from './message-context.ts';
import { parseStatement } from './parse.ts';
import { compileRule, type Rule } from './rule.ts';
import type { ActionSpec, RuleSpec } from './rule-spec.ts';
import type { Scope } from './scope.ts';
import { SqlFailure } from './sql-error.ts';
import type { CompiledStatement, Outcome } from './statement.ts';
import type { Expression, Statement } from './syntax.ts';
import { mismatch } from './topic-filter.ts';

const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`);

const PAYLOAD_KINDS = {
  empty: 'empty',
  text: 'not JSON',
  binary: 'not JSON, not even UTF-8',
};

function describePayload(context: MessageContext): string {
  const payload = context.payload();
  if (payload.kind !== 'json') return PAYLOAD_KINDS[payload.kind];
  const { value } = payload;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? 'a JSON object' : 'JSON, but no object';
}

/** Why the message does not reach the rule, if so; with what FROM says of it. */
function explainFrom(
  rule: Rule,
  { from }: Statement,
  message: InboundMessage,
): { lines: string[]; reached: boolean } {
  const { topic, ruleName } = readTopic(message.topic);
  const clause = from ? `FROM '${oneLine(from.filter)}'` : 'FROM is left out';
  const answer = (line: string, reached: boolean) => ({ lines: [clause, `  ${line}`], reached });
  if (ruleName === rule.name)
    return answer(`not looked at: Basic Ingest names this rule, and topic() is ${oneLine(topic)}`, true);
  if (ruleName !== undefined)
    return answer(`not looked at: Basic Ingest names the rule ${oneLine(ruleName)}`, false);
  const filter = rule.statement.from;
  if (!filter) return answer(`only Basic Ingest reaches the rule: $aws/rules/${rule.name}/...`, false);
  const problem = mismatch(filter, topic.split('/'));
  return answer(problem ? `does not match: ${problem}` : 'matches', problem === undefined);
}

function explainSet({ set }: Statement, statement: CompiledStatement, scope: Scope): string[] {
  return set.flatMap(({ name, to }) => [
    `SET @${name} = ${sourceOf(to, statement.names)}`,
    `  ${outcomeOf(to, statement.names, scope)}`,
    ...indented(indented(explainParts(to, statement.names, scope))),
  ]);
}

function explainWhere({ where }: Statement, statement: CompiledStatement, scope: Scope): string[] {
  if (!where) return [];
  return [
    `WHERE ${sourceOf(where, statement.names)}`,
    `  ${outcomeOf(where, statement.names, scope)}`,
    ...indented(indented(explainParts(where, statement.names, scope))),
  ];
}

/** The parts of a field are of interest only where it gives nothing. */
function explainField(of: Expression, as: string, statement: CompiledStatement, scope: Scope): string[] {
  const { names } = statement;
  const found = outcomeOf(of, names, scope);
  const source = sourceOf(of, names);
  const field = as === source ? source : `${source}${as && ` AS ${as}`}`;
  if (found !== 'Undefined') return [`${field} = ${found}`];
  return [`${field} = Undefined: dropped`, ...indented(explainParts(of, names, scope))];
}

function explainSelect(
  { select }: Statement,
  statement: CompiledStatement,
  scope: Scope,
  outcome: Outcome,
): string[] {
  const isJson = scope.message.payload().kind === 'json';
  const payload = isJson ? shown(scope.element) : `the payload, which is ${describePayload(scope.message)}`;
  const fields =
    select.kind === 'value'
      ? explainField(select.of, '', statement, scope)
      : select.items.flatMap((item) =>
          item.kind === 'field'
            ? explainField(item.of, item.as.join('.'), statement, scope)
            : item.kind === 'all'
              ? [`* = ${payload}`]
              : explainField(item.of, '', statement, scope).map((line) => line.replace(' = ', '.* = ')),
        );
  const head = select.kind === 'value' ? 'SELECT VALUE' : 'SELECT';
  if (outcome.kind !== 'selected') return [head, ...indented(fields)];
  const { output } = outcome;
  const gives =
    output.kind === 'json' ? shown(output.value) : `the ${output.bytes.length} bytes as they came`;
  return [head, ...indented([...fields, `gives ${gives}`])];
}

async function explainActions(
  spec: RuleSpec,
  rule: Rule,
  message: InboundMessage,
  selected: Extract<Outcome, { kind: 'selected' }>,
): Promise<string[]> {
  const lines: string[] = [];
  const failures = [];
  for (const [index, actionSpec] of spec.actions.entries()) {
    const { lines: found, action, failure } = await explainAction(actionSpec, rule.statement, selected);
    lines.push(`Action ${index}: ${actionSpec.type}`, ...indented(found));
    failures.push({
      failedAction: action.name,
      failedResource: action.resource,
      errorMessage: failure ?? 'what went wrong',
    });
  }
  if (!spec.errorAction) return [...lines, 'Error action: none, so what fails leaves a log line only'];
  const { scope } = selected;
  const value = errorMessage(rule, message, failures.slice(0, 1));
  const found = await explainErrorAction(spec.errorAction, rule.statement, { value, scope });
  return [...lines, `Error action, only if an action fails: ${spec.errorAction.type}`, ...indented(found)];
}

async function explainErrorAction(
  spec: ActionSpec,
  statement: CompiledStatement,
  { value, scope }: { value: ReturnType<typeof errorMessage>; scope: Scope },
): Promise<readonly string[]> {
  return (await explainAction(spec, statement, { output: { kind: 'json', value }, scope })).lines;
}

function verdict(spec: RuleSpec, outcome: Outcome): string {
  if (outcome.kind === 'failed') {
    return `The rule fails: ${outcome.reason}. No action runs, not even the error action; there is a log line.`;
  }
  if (outcome.kind === 'skipped') return 'The rule does not fire: WHERE is not true.';
  return `The rule fires: ${spec.actions.length === 1 ? '1 action runs' : `${spec.actions.length} actions run`}.`;
}

export interface Explained {
  readonly lines: readonly string[];
  readonly fires: boolean;
}

/** As far as the message gets into the rule. */
type Progress =
  | { readonly scope: Scope; readonly outcome: Outcome }
  /** SET failed. */
  | { readonly scope?: undefined; readonly outcome: Extract<Outcome, { kind: 'failed' }> };

async function evaluate(statement: CompiledStatement, context: MessageContext): Promise<Progress> {
  try {
    const scope = await untilAnswered(() => statement.scope(context));
    return { scope, outcome: await untilAnswered(() => statement.evaluate(context)) };
  } catch (error) {
    if (error instanceof SqlFailure) return { outcome: { kind: 'failed', reason: error.message } };
    throw error;
  }
}

export interface ExplainOptions {
  readonly environment: Environment;
  readonly lookups: Lookups;
  readonly clock: Clock;
}

/**
 * Runs nothing and needs no running cloud: services only take notes.
 * @throws StartError for a rule that the local cloud refuses
 */
export async function explainRule(
  spec: RuleSpec,
  message: InboundMessage,
  { environment, lookups, clock }: ExplainOptions,
): Promise<Explained> {
  const rule = compileRule(
    spec,
    0,
    takeNotes(() => {}),
    lookups,
  );
  const { statement } = rule;
  const syntax = parseStatement(spec.sql);
  const { topic } = readTopic(message.topic);
  const context = createMessageContext(message, topic, environment, createAnswers(clock));
  const head = [
    `Rule ${spec.name}`,
    `Message on ${oneLine(message.topic)} from client ${oneLine(message.clientId)}: ` +
      `${message.payload.length} bytes, ${describePayload(context)}`,
    '',
  ];
  const { lines: from, reached } = explainFrom(rule, syntax, message);
  const end = (fires: boolean, ...lines: string[]) => ({ lines: [...head, ...lines], fires });
  if (spec.disabled) return end(false, 'The rule is disabled in the template.');
  if (!reached) return end(false, ...from, '', 'The rule does not fire: the message does not reach it.');

  const { scope, outcome } = await evaluate(statement, context);
  if (!scope) return end(false, ...from, '', verdict(spec, outcome));
  const before = [
    ...from,
    ...explainSet(syntax, statement, scope),
    ...explainWhere(syntax, statement, scope),
  ];
  if (outcome.kind === 'skipped') return end(false, ...before, '', verdict(spec, outcome));
  const selection = explainSelect(syntax, statement, scope, outcome);
  if (outcome.kind === 'failed') return end(false, ...before, ...selection, '', verdict(spec, outcome));
  const actions = await explainActions(spec, rule, message, outcome);
  return end(true, ...before, ...selection, ...actions, '', verdict(spec, outcome));
}
