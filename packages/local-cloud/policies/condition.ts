// Condition blocks of IoT policies: the operators of IAM, as a table.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html

import { BlockList, isIP } from 'node:net';
import { canonicalKey } from './key.ts';
import { parseArnPattern, parsePattern, parseText, type Lookup, type Pattern } from './pattern.ts';

/** Whether the condition holds, or the variable in its values that has no value. */
export type ConditionResult = boolean | { readonly missing: string };

export interface Condition {
  /** For people: `Bool iot:Connection.Thing.IsAttached`. */
  readonly label: string;
  /** Without quantifier and `IfExists`: `StringLike`. */
  readonly operator: string;
  readonly key: string;
  /** Its values; none with `Null`. */
  readonly patterns: readonly Pattern[];
  /** The key, and the variables in the values. */
  readonly keys: readonly string[];
  evaluate(lookup: Lookup): ConditionResult;
}

type Compile = (text: string) => Pattern;

function number(text: string): number {
  if (!/^[+-]?\d+(\.\d+)?$/.test(text)) throw new SyntaxError(`"${text}" is not a number`);
  return Number(text);
}

/** ISO 8601, or epoch seconds as IAM takes them. @returns epoch milliseconds */
function date(text: string): number {
  const time = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(time) || !/^\d/.test(text)) throw new SyntaxError(`"${text}" is not a date`);
  return time;
}

/** Compares what both sides parse to; a value that does not parse compares as false. */
const comparing =
  (parse: (text: string) => number, compare: (value: number, limit: number) => boolean): Compile =>
  (text) =>
    parseText(text, (filled) => {
      const limit = parse(filled);
      return (value) => {
        try {
          return compare(parse(value), limit);
        } catch {
          return false;
        }
      };
    });

const equalTexts: Compile = (text) => parseText(text, (filled) => (value) => value === filled);
const equalIgnoringCase: Compile = (text) =>
  parseText(text, (filled) => (value) => value.toLowerCase() === filled.toLowerCase());

const bool: Compile = (text) =>
  parseText(text, (filled) => {
    if (!/^(true|false)$/i.test(filled)) throw new SyntaxError(`"${filled}" is neither true nor false`);
    return (value) => value.toLowerCase() === filled.toLowerCase();
  });

const ipRange: Compile = (text) =>
  parseText(text, (filled) => {
    const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(filled) ?? [];
    const version = isIP(address);
    const length = bits === undefined ? (version === 6 ? 128 : 32) : Number(bits);
    if (version === 0 || length > (version === 6 ? 128 : 32)) {
      throw new SyntaxError(`"${filled}" is not an IP address or CIDR range`);
    }
    const range = new BlockList();
    range.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
    return (value) => isIP(value) !== 0 && range.check(value, isIP(value) === 6 ? 'ipv6' : 'ipv4');
  });

interface Operator {
  readonly compile: Compile;
  readonly negated?: boolean;
}

const numeric = (compare: (value: number, limit: number) => boolean): Operator => ({
  compile: comparing(number, compare),
});
const dated = (compare: (value: number, limit: number) => boolean): Operator => ({
  compile: comparing(date, compare),
});
const equal = (a: number, b: number) => a === b;
const less = (a: number, b: number) => a < b;
const lessOrEqual = (a: number, b: number) => a <= b;
const greater = (a: number, b: number) => a > b;
const greaterOrEqual = (a: number, b: number) => a >= b;
const not = (operator: Operator): Operator => ({ ...operator, negated: true });

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['StringEquals', { compile: equalTexts }],
  ['StringNotEquals', not({ compile: equalTexts })],
  ['StringEqualsIgnoreCase', { compile: equalIgnoringCase }],
  ['StringNotEqualsIgnoreCase', not({ compile: equalIgnoringCase })],
  ['StringLike', { compile: parsePattern }],
  ['StringNotLike', not({ compile: parsePattern })],
  ['ArnEquals', { compile: parseArnPattern }],
  ['ArnNotEquals', not({ compile: parseArnPattern })],
  ['ArnLike', { compile: parseArnPattern }],
  ['ArnNotLike', not({ compile: parseArnPattern })],
  ['NumericEquals', numeric(equal)],
  ['NumericNotEquals', not(numeric(equal))],
  ['NumericLessThan', numeric(less)],
  ['NumericLessThanEquals', numeric(lessOrEqual)],
  ['NumericGreaterThan', numeric(greater)],
  ['NumericGreaterThanEquals', numeric(greaterOrEqual)],
  ['DateEquals', dated(equal)],
  ['DateNotEquals', not(dated(equal))],
  ['DateLessThan', dated(less)],
  ['DateLessThanEquals', dated(lessOrEqual)],
  ['DateGreaterThan', dated(greater)],
  ['DateGreaterThanEquals', dated(greaterOrEqual)],
  ['Bool', { compile: bool }],
  ['IpAddress', { compile: ipRange }],
  ['NotIpAddress', not({ compile: ipRange })],
]);

type Quantifier = 'ForAllValues' | 'ForAnyValue' | undefined;

function parseOperator(text: string) {
  const [, quantifier, name = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/s.exec(
    text,
  )!;
  return { quantifier: quantifier as Quantifier, name, ifExists: ifExists !== undefined };
}

/** The result of each quantifier for a key without values; a negated operator holds, because there is nothing to compare. */
function withoutValue(quantifier: Quantifier, ifExists: boolean, negated: boolean): boolean {
  if (ifExists || quantifier === 'ForAllValues') return true;
  return quantifier === undefined && negated;
}

function valuesOf(lookup: Lookup, key: string): readonly string[] {
  const value = lookup(key) ?? [];
  return typeof value === 'string' ? [value] : value;
}

function nullCondition(label: string, key: string, values: readonly string[]): Condition {
  const wanted = values.map((value) => {
    if (!/^(true|false)$/i.test(value)) throw new SyntaxError(`"${value}" is neither true nor false`);
    return value.toLowerCase() === 'true';
  });
  return {
    ...{ label, operator: 'Null', key, patterns: [], keys: [key] },
    evaluate: (lookup) => wanted.includes(lookup(key) === undefined),
  };
}

/**
 * Compiles one operator with one key: `compileCondition('StringEquals', 'iot:ClientId', ['a'])`.
 *
 * @param keyOf the one spelling of a key; undefined for one that policies of this kind do not have
 * @throws SyntaxError naming what is wrong with operator, key or values.
 */
export function compileCondition(
  operatorText: string,
  keyText: string,
  values: readonly string[],
  keyOf: (key: string) => string | undefined = canonicalKey,
): Condition {
  const key = keyOf(keyText);
  if (!key)
    throw new SyntaxError(`condition key ${keyText} is not one that AWS IoT and the local cloud know`);
  const label = `${operatorText} ${key}`;
  const { quantifier, name, ifExists } = parseOperator(operatorText);
  if (name === 'Null' && !quantifier && !ifExists) return nullCondition(label, key, values);
  const operator = OPERATORS.get(name);
  if (!operator) throw new SyntaxError(`condition operator ${operatorText} does not exist`);
  const { compile, negated = false } = operator;
  const patterns = values.map(compile);
  const keys = [key, ...patterns.flatMap((pattern) => pattern.variables)];
  return {
    ...{ label, operator: name, key, patterns, keys },
    evaluate(lookup) {
      const found = valuesOf(lookup, key);
      if (found.length === 0) return withoutValue(quantifier, ifExists, negated);
      const bound = patterns.map((pattern) => pattern.bind(lookup));
      const missing = bound.find((each) => 'missing' in each);
      if (missing) return missing;
      const equalsOne = (value: string) => bound.some((each) => 'test' in each && each.test(value));
      if (quantifier === 'ForAllValues') return found.every((value) => equalsOne(value) !== negated);
      if (quantifier === 'ForAnyValue') return found.some((value) => equalsOne(value) !== negated);
      return found.some(equalsOne) !== negated;
    },
  };
}
