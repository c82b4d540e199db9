// Evaluates people's JSONata on a payload: in bounded time, with nothing at hand but the message, and always to the same end.

import jsonata, { type ExprNode, type Expression, type Focus, type JsonataError } from 'jsonata';
import { isObject } from './formats/draft.ts';
import { LinearRegExp } from './linear-regexp.ts';

/** How an expression is wrong, and where. */
export interface ExpressionFault {
  readonly detail: string;
  /** Characters into the expression, where it is known. */
  readonly position?: number;
}

/** What an expression may look at beside the payload, as `$deviceId` and so on. */
export interface MappingContext {
  readonly deviceId: string;
  readonly site: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** Topic levels below the device's. */
  readonly levels: readonly string[];
}

export interface CompiledExpression {
  /** Plain JSON, or undefined for nothing. @throws never: a fault says why there is no value. */
  evaluate(input: unknown, context: MappingContext): Promise<{ readonly value: unknown } | ExpressionFault>;
}

/** Steps, not seconds, so that a slow machine comes to the same end as a fast one. Some 200 ms, of which a decoder needs one. */
const MAX_STEPS = 100_000;
/** A long text costs as many steps as if each so many characters were one; an array one for each item. */
const CHARACTERS_A_STEP = 64;
const MAX_DEPTH = 200;
const MAX_ITEMS = 10_000;
const MAX_TEXT_LENGTH = 262_144;
/** Members and items of the result together. */
const MAX_RESULT_VALUES = 50_000;
/** A last resort, for what one step alone takes too long for. */
const TIMEOUT_MS = 3000;
const MAX_DETAIL_LENGTH = 300;
const OPTIONS = {
  RegexEngine: LinearRegExp as unknown as RegExpConstructor,
  timeout: TIMEOUT_MS,
  stack: MAX_DEPTH,
  sequence: MAX_ITEMS,
};

/** Other results the next time, or expressions out of a payload. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['now', 'use $fromMillis($receivedAt)'],
  ['millis', 'use $receivedAt'],
  ['random', 'a message must be read alike each time'],
  ['shuffle', 'a message must be read alike each time'],
  ['eval', 'a payload holds no expressions'],
]);

/** A text of a time without its zone, which JavaScript would take for local. */
const ZONELESS = /^\d{4}-\d\d-\d\dT[\d:.]+$/;

type Node = ExprNode & { readonly position?: number };
interface Builtin {
  readonly implementation: (...values: unknown[]) => unknown;
}

/** Checks an expression, and makes it ready. Import this module only when there is a mapping: jsonata takes a while to load. */
export async function compileExpression(text: string): Promise<CompiledExpression | ExpressionFault> {
  let expression: Expression;
  let toMillis: Builtin;
  try {
    expression = jsonata(text, OPTIONS);
    toMillis = (await jsonata('$toMillis').evaluate(null)) as Builtin;
  } catch (error) {
    return faultOf(error);
  }
  for (const node of nodesOf(expression.ast())) {
    const fault = nodeFault(node);
    if (fault) return fault;
  }
  guard(expression);
  // jsonata's own compares each with each, in one call that nothing can stop.
  expression.registerFunction('distinct', distinct, '<x:x>');
  expression.registerFunction('bytes', bytesOf, '<s-s?:a<n>>');
  expression.registerFunction(
    'toMillis',
    function (this: Focus, time?: string, picture?: string) {
      const isLocal = picture === undefined && ZONELESS.test(time ?? '');
      // What a picture leaves out, such as the date, is taken from here.
      const timestamp = new Date(this.environment.lookup('receivedAt') as number);
      return toMillis.implementation.call(
        { environment: { timestamp } },
        isLocal ? `${time}Z` : time,
        picture,
      );
    },
    '<s-s?:n>',
  );
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

/** Counts steps, by the hooks that jsonata calls before and after each. */
function guard(expression: Expression): void {
  const steps = new WeakMap<object, number>();
  const spend = (base: object, cost: number) => {
    const count = (steps.get(base) ?? 0) + cost;
    if (count > MAX_STEPS) throw tooMuch(`it takes more than ${MAX_STEPS} steps`);
    steps.set(base, count);
  };
  const atEntry = (_node: Node, _input: unknown, { base }: { base: object }) => spend(base, 1);
  const atExit = (node: Node, _input: unknown, { base }: { base: object }, result: unknown) => {
    if (Array.isArray(result)) spend(base, result.length);
    if (typeof result !== 'string') return;
    if (result.length > MAX_TEXT_LENGTH)
      throw tooMuch(`it makes a text of more than ${MAX_TEXT_LENGTH} characters`, node.position);
    spend(base, result.length / CHARACTERS_A_STEP);
  };
  const assign = expression.assign.bind(expression) as (name: string | symbol, value: unknown) => void;
  assign(Symbol.for('jsonata.__evaluate_entry'), atEntry);
  assign(Symbol.for('jsonata.__evaluate_exit'), atExit);
}

const tooMuch = (message: string, position?: number) => Object.assign(new Error(message), { position });

/** What differs as JSON, with members in any order. */
function distinct(values: unknown): unknown {
  if (!Array.isArray(values) || values.length < 2) return values;
  const found = new Map<string, unknown>();
  for (const value of values) {
    const key = JSON.stringify(value, inOrder) ?? 'undefined';
    if (!found.has(key)) found.set(key, value);
  }
  return [...found.values()];
}

const inOrder = (_name: string, value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;

/** The bytes of base64 or, with `hex` as second argument, of hexadecimal text: decoders need them, and JSONata has none. */
function bytesOf(text: string | undefined, encoding = 'base64'): number[] | undefined {
  if (text === undefined) return undefined;
  if (encoding !== 'base64' && encoding !== 'hex') throw new Error('$bytes reads base64 or hex');
  const isWhole = encoding === 'hex' ? /^([0-9a-f]{2})*$/i : /^[\w+/-]*={0,2}$/;
  if (!isWhole.test(text)) throw new Error(`$bytes was given what is not ${encoding}`);
  return [...Buffer.from(text, encoding)];
}

function nodeFault({ type, value, position }: Node): ExpressionFault | undefined {
  const reason = type === 'variable' ? REFUSED.get(String(value)) : undefined;
  if (reason !== undefined) return { detail: `$${String(value)} is not available: ${reason}`, position };
  if (!(value instanceof RegExp)) return undefined;
  try {
    void new LinearRegExp(value);
    return undefined;
  } catch (error) {
    return { detail: `regular expressions are those of RE2: ${(error as Error).message}`, position };
  }
}

/** All nodes of a syntax tree, whatever members they stand in. */
function* nodesOf(root: unknown, seen = new Set<unknown>()): Generator<Node> {
  if (typeof root !== 'object' || root === null || seen.has(root)) return;
  seen.add(root);
  if (isObject(root) && 'type' in root) yield root as unknown as Node;
  if (!(root instanceof RegExp)) for (const part of Object.values(root)) yield* nodesOf(part, seen);
}

/** A copy without functions and what jsonata notes on arrays; a value that stands in many places counts in each. */
function plain(value: unknown, budget: { left: number }): unknown {
  budget.left -= 1;
  if (budget.left < 0) throw tooMuch(`its result has more than ${MAX_RESULT_VALUES} values`);
  if (
    typeof value === 'function' ||
    (isObject(value) && ('_jsonata_lambda' in value || '_jsonata_function' in value))
  )
    throw tooMuch('its result has a function in it');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => plain(item, budget));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner, budget)]));
}

/** One line for people. */
export function faultText({ detail, position }: ExpressionFault): string {
  return position === undefined ? detail : `${detail}, at character ${position}`;
}

/** jsonata throws objects that are no errors. */
function faultOf(error: unknown): ExpressionFault {
  const { message, code, position } = error as Partial<JsonataError>;
  const detail = String(message ?? code ?? error).slice(0, MAX_DETAIL_LENGTH);
  return { detail, ...(typeof position === 'number' && { position }) };
}
