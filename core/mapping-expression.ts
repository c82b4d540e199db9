// Evaluates people's JSONata on a payload: in bounded time, with access to the message only, and with a repeatable result.

import jsonata, { type ExprNode, type Expression, type JsonataError } from 'jsonata';
import { isObject } from './formats/draft.ts';
import { LinearRegExp } from './linear-regexp.ts';
import { CHARACTERS_A_STEP, charged, sizeOf } from './mapping-cost.ts';
import { loadFunctions, type NativeFunction } from './mapping-functions.ts';

/** What is wrong with an expression, and where. */
export interface ExpressionFault {
  readonly detail: string;
  /** Characters into the expression, if known. */
  readonly position?: number;
}

/** Values besides the payload that an expression may read, as `$deviceId` and so on. */
export interface MappingContext {
  readonly deviceId: string;
  readonly site: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** Topic levels below the device's. */
  readonly levels: readonly string[];
}

export interface CompiledExpression {
  /** Plain JSON, or undefined for no result. @throws never: a fault says why there is no value. */
  evaluate(input: unknown, context: MappingContext): Promise<{ readonly value: unknown } | ExpressionFault>;
}

/** Steps, not seconds, so that slow and fast machines get the same result. About 200 ms; a typical decoder needs one. */
const MAX_STEPS = 100_000;
const MAX_DEPTH = 200;
const MAX_ITEMS = 10_000;
const MAX_TEXT_LENGTH = 262_144;
/** Members and items of the result together. */
const MAX_RESULT_VALUES = 50_000;
/** A last resort, for a single step that takes too long. */
const TIMEOUT_MS = 3000;
const MAX_DETAIL_LENGTH = 300;
const MAX_RESULT_DEPTH = 200;
const COMPARISONS = new Set(['=', '!=', 'in']);
const OPTIONS = {
  RegexEngine: LinearRegExp as unknown as RegExpConstructor,
  timeout: TIMEOUT_MS,
  stack: MAX_DEPTH,
  sequence: MAX_ITEMS,
};

/** Functions that would give another result next time, or run expressions from a payload. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['now', 'use $fromMillis($receivedAt)'],
  ['millis', 'use $receivedAt'],
  ['random', 'a message must give the same result each time'],
  ['shuffle', 'a message must give the same result each time'],
  ['eval', 'a payload cannot contain expressions'],
]);

type Node = ExprNode & { readonly position?: number };

/** Checks and compiles an expression. Import this module only if there is a mapping: jsonata takes a while to load. */
export async function compileExpression(text: string): Promise<CompiledExpression | ExpressionFault> {
  let expression: Expression;
  try {
    expression = jsonata(text, OPTIONS);
  } catch (error) {
    return faultOf(error);
  }
  for (const node of nodesOf(expression.ast())) {
    const fault = nodeFault(node);
    if (fault) return fault;
  }
  guard(expression, await loadFunctions());
  return {
    async evaluate(input, { deviceId, site, receivedAt, levels }) {
      try {
        const output: unknown = await expression.evaluate(input, { deviceId, site, receivedAt, levels });
        return { value: plain(output, { left: MAX_RESULT_VALUES }) };
      } catch (error) {
        return faultOf(error);
      }
    },
  };
}

/** Counts steps in the hooks that jsonata calls around each step, and for a function call by the size of its arguments. */
function guard(expression: Expression, functions: ReadonlyMap<string, NativeFunction>): void {
  const compared = comparedNodes(expression.ast());
  const steps = new WeakMap<object, number>();
  const spend = (base: object, cost: number) => {
    const count = (steps.get(base) ?? 0) + cost;
    if (count > MAX_STEPS) throw tooMuch(`it takes more than ${MAX_STEPS} steps`);
    steps.set(base, count);
  };
  const atEntry = (_node: Node, _input: unknown, { base }: { base: object }) => spend(base, 1);
  const atExit = (node: Node, _input: unknown, { base }: { base: object }, result: unknown) => {
    if (compared.has(node)) spend(base, sizeOf(result, Infinity));
    if (Array.isArray(result)) spend(base, result.length);
    if (typeof result !== 'string') return;
    if (result.length > MAX_TEXT_LENGTH)
      throw tooMuch(`it makes a text of more than ${MAX_TEXT_LENGTH} characters`, node.position);
    spend(base, result.length / CHARACTERS_A_STEP);
  };
  const assign = expression.assign.bind(expression) as (name: string | symbol, value: unknown) => void;
  assign(Symbol.for('jsonata.__evaluate_entry'), atEntry);
  assign(Symbol.for('jsonata.__evaluate_exit'), atExit);
  for (const [name, found] of functions) assign(name, charged(name, found, spend));
}

/** Both sides of `=`, `!=` and `in`, which read their operands completely. */
function comparedNodes(root: unknown): ReadonlySet<unknown> {
  const compared = new Set<unknown>();
  for (const node of nodesOf(root)) {
    const { type, value, lhs, rhs } = node;
    if (type === 'binary' && COMPARISONS.has(String(value))) compared.add(lhs).add(rhs);
  }
  return compared;
}

const tooMuch = (message: string, position?: number) => Object.assign(new Error(message), { position });

function nodeFault({ type, value, position }: Node): ExpressionFault | undefined {
  const reason = type === 'variable' ? REFUSED.get(String(value)) : undefined;
  if (reason !== undefined) return { detail: `$${String(value)} is not available: ${reason}`, position };
  if (!(value instanceof RegExp)) return undefined;
  try {
    void new LinearRegExp(value);
    return undefined;
  } catch (error) {
    return { detail: `regular expressions must be valid for RE2: ${(error as Error).message}`, position };
  }
}

/** All nodes of a syntax tree, found in any member. */
function* nodesOf(root: unknown, seen = new Set<unknown>()): Generator<Node> {
  if (typeof root !== 'object' || root === null || seen.has(root)) return;
  seen.add(root);
  if (isObject(root) && 'type' in root) yield root as unknown as Node;
  if (!(root instanceof RegExp)) for (const part of Object.values(root)) yield* nodesOf(part, seen);
}

/** A copy without functions and without jsonata's notes on arrays; a value that occurs in several places counts each time. */
function plain(value: unknown, budget: { left: number }, depth = 0): unknown {
  budget.left -= 1;
  if (depth > MAX_RESULT_DEPTH) throw tooMuch(`its result is nested deeper than ${MAX_RESULT_DEPTH}`);
  if (budget.left < 0) throw tooMuch(`its result has more than ${MAX_RESULT_VALUES} values`);
  if (
    typeof value === 'function' ||
    (isObject(value) && ('_jsonata_lambda' in value || '_jsonata_function' in value))
  )
    throw tooMuch('its result contains a function');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => plain(item, budget, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, plain(inner, budget, depth + 1)]),
  );
}

/** One line for people. */
export function faultText({ detail, position }: ExpressionFault): string {
  return position === undefined ? detail : `${detail}, at character ${position}`;
}

/** jsonata throws objects that are not errors. */
function faultOf(error: unknown): ExpressionFault {
  const { message, code, position } = error as Partial<JsonataError>;
  const detail = String(message ?? code ?? error).slice(0, MAX_DETAIL_LENGTH);
  return { detail, ...(typeof position === 'number' && { position }) };
}
