// A rule's SQL, compiled: takes a message and returns what the rule's actions get.

import { compile } from './compile.ts';
import { asksService, checkSingleCalls } from './compile-call.ts';
import { compileSelect } from './compile-query.ts';
import { parseTopicFilter, type TopicFilter } from './topic-filter.ts';
import type { MessageContext } from './message-context.ts';
import type { Lookups } from './lookups.ts';
import { parseStatement, parseTemplate } from './parse.ts';
import type { Evaluate, Names, Scope } from './scope.ts';
import { SqlError, SqlFailure } from './sql-error.ts';
import { ARRAY_REASON, OLD_VERSION, requireAlike, type SqlVersion } from './sql-version.ts';
import { type Expression, type SelectList, someExpression } from './syntax.ts';
import { jsonOf, toText, type Value } from '../json/value.ts';

/** What the actions get: JSON, or the payload's own bytes where `SELECT *` selects a payload that is not JSON. */
export type Output =
  { readonly kind: 'json'; readonly value: Value } | { readonly kind: 'bytes'; readonly bytes: Buffer };

export type Outcome =
  | { readonly kind: 'selected'; readonly output: Output; readonly scope: Scope }
  /** WHERE was not true. */
  | { readonly kind: 'skipped' }
  | { readonly kind: 'failed'; readonly reason: string };

export type Substitute = (scope: Scope) => string;

export interface CompiledStatement {
  /** Undefined for a rule that only Basic Ingest reaches. */
  readonly from?: TopicFilter;
  /** The meaning of names in its clauses. */
  readonly names: Names;
  /** Whether it, or a template compiled for it, asks another service: then `evaluate` and `scope` throw Unanswered until all answers are there. */
  readonly asks: boolean;
  evaluate(message: MessageContext): Outcome;
  /** What templates are evaluated against. @throws SqlFailure if SET fails */
  scope(message: MessageContext): Scope;
  /** Compiles an action's field; an expression that is Undefined or Null becomes empty. @throws SqlError */
  compileTemplate(text: string): Substitute;
}

const NO_VARIABLES: readonly Value[] = [];
const MAX_SET_BYTES = 131_072;

const readsNames = (node: unknown) => someExpression(node, ({ kind }) => kind === 'path');

const isAll = (select: SelectList) =>
  select.kind === 'items' && select.items.length === 1 && select.items[0]!.kind === 'all';

const NOT_JSON = { text: 'not JSON', binary: 'not UTF-8' };

/** "The SQL statement and templates must not refer to JSON names other than *" where the payload is not JSON. */
function requireJson({ message }: { readonly message: MessageContext }, what: string): void {
  const { kind } = message.payload();
  if (kind === 'text' || kind === 'binary')
    throw new SqlFailure(`${what} from the payload, which is ${NOT_JSON[kind]}`);
}

function compileSet(names: Names, set: readonly { name: string; to: Expression }[]): (scope: Scope) => Scope {
  const steps = set.map(({ to }, index) =>
    compile(to, { ...names, variables: names.variables.slice(0, index) }),
  );
  if (steps.length === 0) return (scope) => scope;
  return (scope) => {
    const variables: Value[] = [];
    let size = 0;
    for (const step of steps) {
      const value = step({ ...scope, variables });
      size += Buffer.byteLength(jsonOf(value));
      if (size > MAX_SET_BYTES) throw new SqlFailure('the variables of SET are larger than 128 KiB');
      variables.push(value);
    }
    return { ...scope, variables };
  };
}

function compileOutput(select: SelectList, names: Names): (scope: Scope) => Output {
  const selectValue: Evaluate = compileSelect(select, names, compile);
  const all = isAll(select);
  const withAll = select.kind === 'items' && select.items.some(({ kind }) => kind === 'all');
  return (scope) => {
    const payload = scope.message.payload();
    if (payload.kind === 'json') return { kind: 'json', value: selectValue(scope) };
    if (all) return { kind: 'bytes', bytes: scope.message.message.payload };
    // "If you have an empty or a JSON payload, the resulting payload can have data added using the rule."
    if (payload.kind === 'empty')
      return { kind: 'json', value: selectValue(withAll ? { ...scope, element: {} } : scope) };
    if (withAll) requireJson(scope, 'it selects');
    return { kind: 'json', value: selectValue(scope) };
  };
}

function substitution(parts: readonly (string | Evaluate)[], needsJson: boolean): Substitute {
  return (scope) => {
    if (needsJson) requireJson(scope, 'a substitution takes');
    return parts.map((part) => (typeof part === 'string' ? part : (toText(part(scope)) ?? ''))).join('');
  };
}

/** Compiles what evaluates a message: SET, WHERE and SELECT. */
function compileEvaluation(
  statement: ReturnType<typeof parseStatement>,
  names: Names,
  isOld: boolean,
): Pick<CompiledStatement, 'evaluate' | 'scope'> {
  const set = compileSet(names, statement.set);
  const where = statement.where ? compile(statement.where, names) : () => true;
  const output = compileOutput(statement.select, names);
  const needsJson = readsNames(statement);

  function scopeOf(message: MessageContext): Scope {
    const payload = message.payload();
    const element = payload.kind === 'json' ? payload.value : undefined;
    return set({ message, element, variables: NO_VARIABLES });
  }
  function evaluate(message: MessageContext): Outcome {
    try {
      if (needsJson) requireJson({ message }, 'it selects');
      const scope = scopeOf(message);
      if (where(scope) !== true) return { kind: 'skipped' };
      if (isOld && Array.isArray(scope.element)) return { kind: 'failed', reason: ARRAY_REASON };
      return { kind: 'selected', output: output(scope), scope };
    } catch (error) {
      if (error instanceof SqlFailure) return { kind: 'failed', reason: error.message };
      throw error;
    }
  }
  return { evaluate, scope: scopeOf };
}

/** @throws SqlError with the position of what is wrong or not supported */
export function compileStatement(
  sql: string,
  lookups: Lookups = {},
  version: SqlVersion = '2016-03-23',
): CompiledStatement {
  const statement = parseStatement(sql);
  const isOld = version === OLD_VERSION;
  if (isOld) requireAlike(statement, sql);
  checkSingleCalls(statement, sql);
  const names: Names = { sql, variables: statement.set.map(({ name }) => name), lookups };
  let asks = asksService(statement);
  return {
    from: statement.from && compileFilter(sql, statement.from),
    names,
    get asks() {
      return asks;
    },
    ...compileEvaluation(statement, names, isOld),
    compileTemplate(text) {
      const inTemplate = { ...names, sql: text, inTemplate: true };
      const parts = parseTemplate(text);
      const evaluated = parts.map((part) => (typeof part === 'string' ? part : compile(part, inTemplate)));
      asks ||= asksService(parts);
      return substitution(evaluated, readsNames(parts));
    },
  };
}

function compileFilter(sql: string, { filter, at }: { filter: string; at: number }): TopicFilter {
  const parsed = parseTopicFilter(filter);
  if (typeof parsed === 'string') throw new SqlError(sql, at, parsed);
  return parsed;
}
