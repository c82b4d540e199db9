// The conditions of a filter policy on one key: exact values and the operators of SNS, each parsed once and applied often.

import { BlockList, isIP } from 'node:net';

export type Scalar = string | number | boolean | null;

/** Whether the values that a message has for a key pass; of several, one is enough. No values: the key is absent. */
export type Test = (values: readonly Scalar[]) => boolean;

/** The error for a filter policy that SNS refuses, in SNS's words where they are known. */
export class PolicyProblem extends Error {}

export const refuse = (message: string): never => {
  throw new PolicyProblem(message);
};

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const LIMIT = 1e9;

/** SNS compares numbers from -10^9 to 10^9 to five decimals. */
const rounded = (value: number): number => (Math.abs(value) <= LIMIT ? Math.round(value * 1e5) / 1e5 : value);

const equals =
  (wanted: Scalar) =>
  (value: Scalar): boolean =>
    typeof wanted === 'number' && typeof value === 'number'
      ? rounded(wanted) === rounded(value)
      : wanted === value;

const some =
  (passes: (value: Scalar) => boolean): Test =>
  (values) =>
    values.some(passes);

const someText = (passes: (text: string) => boolean): Test =>
  some((value) => typeof value === 'string' && passes(value));

type Read = (operand: unknown, name: string) => Test;

const textOf = (operand: unknown, name: string): string =>
  typeof operand === 'string' ? operand : refuse(`${name} match pattern must be a string`);

const MAX_WILDCARDS = 3;

/** The texts between the wildcards of a pattern; `\*` and `\\` are literal. */
export function wildcardPieces(pattern: string): string[] {
  const pieces = [''];
  for (const [token] of pattern.matchAll(/\\[\\*]|\*+|\\|[^\\*]+/g)) {
    if (token === '\\') refuse('Invalid escape character in wildcard pattern');
    if (token.startsWith('**')) refuse('Consecutive wildcard characters in wildcard pattern');
    if (token === '*') pieces.push('');
    else pieces.push(pieces.pop()! + token.replace(/^\\/, ''));
  }
  if (pieces.length > MAX_WILDCARDS + 1) {
    refuse(`A wildcard pattern can not have more than ${MAX_WILDCARDS} wildcard characters`);
  }
  return pieces;
}

/** Each piece is searched for once, after the one before it, so the time does not grow with the ways to match. */
function readWildcard(operand: unknown, name: string): (text: string) => boolean {
  const [first = '', ...rest] = wildcardPieces(textOf(operand, name));
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const piece of rest) {
      const found = text.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return text.length - at >= last.length && text.endsWith(last);
  };
}

function readCidr(operand: unknown, name: string): Test {
  const text = textOf(operand, name);
  const [, address = '', bits = ''] = /^([\d.:a-f]+)\/(\d{1,3})$/i.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0 || +bits > (family === 4 ? 32 : 128)) refuse(`Malformed CIDR ${JSON.stringify(text)}`);
  const list = new BlockList();
  list.addSubnet(address, +bits, family === 4 ? 'ipv4' : 'ipv6');
  return someText((value) => {
    if (value.includes('%')) return false; // an address with a zone is in no network
    const found = isIP(value);
    return found !== 0 && list.check(value, found === 4 ? 'ipv4' : 'ipv6');
  });
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
};

function boundOf(comparison: string, bound: unknown): number {
  if (typeof bound !== 'number') {
    return refuse(`Value of ${comparison === '=' ? 'equals' : comparison} must be numeric`);
  }
  if (Math.abs(bound) > LIMIT) refuse(`Value must be between ${-LIMIT} and ${LIMIT}, inclusive`);
  return rounded(bound);
}

/** `["=", 5]`, or one bound, or a lower bound and then an upper one. */
function readNumeric(operand: unknown): Test {
  if (!Array.isArray(operand)) return refuse('Value of numeric must be an array.');
  const [first, bound, second, top, ...more] = operand as unknown[];
  if (typeof first !== 'string') return refuse(`Invalid member in numeric match: ${JSON.stringify(first)}`);
  if (!Object.hasOwn(COMPARISONS, first)) return refuse(`Unrecognized numeric range operator: ${first}`);
  const bottom = boundOf(first, bound);
  const passes = COMPARISONS[first]!;
  const isNumber =
    (check: (value: number) => boolean) =>
    (value: Scalar): boolean =>
      typeof value === 'number' && check(rounded(value));
  if (operand.length === 2) return some(isNumber((value) => passes(value, bottom)));
  if (!first.startsWith('>')) return refuse('Too many elements in numeric expression');
  if (typeof second !== 'string') return refuse(`Bad value in numeric range: ${JSON.stringify(second)}`);
  if (second !== '<' && second !== '<=') return refuse(`Bad numeric range operator: ${second}`);
  const limitAbove = boundOf(second, top);
  if (more.length > 0) return refuse('Too many terms in numeric range expression');
  if (bottom >= limitAbove) return refuse('Bottom must be less than top');
  const below = COMPARISONS[second]!;
  return some(isNumber((value) => passes(value, bottom) && below(value, limitAbove)));
}

/** @returns a test for what the operand excludes: a value, values of one kind, or texts by prefix or wildcard */
function readExcluded(operand: unknown): (value: Scalar) => boolean {
  if (isObject(operand)) {
    const [[name, pattern] = ['', undefined], ...more] = Object.entries(operand);
    if (more.length > 0) return refuse('Only one key allowed in match expression');
    if (name === 'wildcard') {
      const matches = readWildcard(pattern, name);
      return (value) => typeof value === 'string' && matches(value);
    }
    if (name !== 'prefix') return refuse(`Unsupported anything-but pattern: ${name}`);
    const prefix = textOf(pattern, name) || refuse('Null prefix not allowed');
    return (value) => typeof value === 'string' && value.startsWith(prefix);
  }
  const items: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  const kinds = new Set(items.map((item) => typeof item));
  if (kinds.size !== 1 || !(kinds.has('string') || kinds.has('number'))) {
    return refuse('Value of anything-but must be strings alone or numbers alone');
  }
  const excluded = (items as readonly Scalar[]).map(equals);
  return (value) => excluded.some((matches) => matches(value));
}

function readExists(operand: unknown): Test {
  if (operand === false) return (values) => values.length === 0;
  if (operand !== true) return refuse('exists match pattern must be either true or false.');
  return some((value) => value !== null && value !== '');
}

/**
 * https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html and its neighbours. For an array,
 * `anything-but` passes when one element is not excluded, as the page about numbers has it.
 */
const OPERATORS: Readonly<Record<string, Read>> = {
  prefix(operand, name) {
    const prefix = textOf(operand, name);
    return someText((text) => text.startsWith(prefix));
  },
  suffix(operand, name) {
    const suffix = textOf(operand, name);
    return someText((text) => text.endsWith(suffix));
  },
  'equals-ignore-case'(operand, name) {
    const wanted = textOf(operand, name).toLowerCase();
    return someText((text) => text.toLowerCase() === wanted);
  },
  wildcard: (operand, name) => someText(readWildcard(operand, name)),
  cidr: readCidr,
  numeric: readNumeric,
  exists: readExists,
  'anything-but'(operand) {
    const excludes = readExcluded(operand);
    return some((value) => !excludes(value));
  },
};

/** Names that keys inside `$or` may not have. */
export const isOperator = (name: string): boolean => Object.hasOwn(OPERATORS, name);

/** One item of a key's list. @throws PolicyProblem */
export function readCondition(condition: unknown): Test {
  if (Array.isArray(condition)) return refuse('Match value must be String, number, true, false, or null');
  if (!isObject(condition)) return some(equals(condition as Scalar));
  const [[name, operand] = ['', undefined], ...more] = Object.entries(condition);
  if (name === '') return refuse('Match expression name not found');
  if (!isOperator(name)) return refuse(`Unrecognized match type ${name}`);
  const test = OPERATORS[name]!(operand, name);
  return more.length > 0 ? refuse('Only one key allowed in match expression') : test;
}
