// The conditions of requests without expressions: Expected, QueryFilter, ScanFilter and KeyConditions.

import { memberOf, typeOf, type AttributeValue, type Value } from '../values/attribute-value.ts';
import { problemOfValue } from '../values/check-value.ts';
import { beginsWith, contains, equal, order } from '../values/compare.ts';
import type { Test } from '../expressions/compile-condition.ts';

export interface LegacyCondition {
  readonly ComparisonOperator?: string;
  readonly AttributeValueList?: readonly AttributeValue[];
  readonly Value?: AttributeValue;
  readonly Exists?: boolean;
}
export type LegacyConditions = Readonly<Record<string, LegacyCondition>>;

const INVALID = 'One or more parameter values were invalid: ';
const SCALARS = ['S', 'N', 'B'];
const ANY = [...SCALARS, 'SS', 'NS', 'BS', 'BOOL', 'NULL', 'L', 'M'];

interface Operator {
  /** How many values it takes, and of which types; Infinity is one or more. */
  readonly count: number;
  readonly types: readonly string[];
  readonly holds: (value: Value, given: readonly AttributeValue[]) => boolean;
}

const operators: Readonly<Record<string, Operator>> = {
  EQ: { count: 1, types: ANY, holds: (value, [given]) => equal(value, given) },
  NE: { count: 1, types: ANY, holds: (value, [given]) => !equal(value, given) },
  LE: { count: 1, types: SCALARS, holds: (value, [given]) => order(value, given) <= 0 },
  LT: { count: 1, types: SCALARS, holds: (value, [given]) => order(value, given) < 0 },
  GE: { count: 1, types: SCALARS, holds: (value, [given]) => order(value, given) >= 0 },
  GT: { count: 1, types: SCALARS, holds: (value, [given]) => order(value, given) > 0 },
  NOT_NULL: { count: 0, types: [], holds: (value) => value !== undefined },
  NULL: { count: 0, types: [], holds: (value) => value === undefined },
  CONTAINS: { count: 1, types: SCALARS, holds: (value, [given]) => contains(value, given) },
  NOT_CONTAINS: { count: 1, types: SCALARS, holds: (value, [given]) => !contains(value, given) },
  BEGINS_WITH: { count: 1, types: ['S', 'B'], holds: (value, [given]) => beginsWith(value, given) },
  IN: {
    count: Infinity,
    types: SCALARS,
    holds: (value, given) => given.some((each) => equal(value, each)),
  },
  BETWEEN: {
    count: 2,
    types: SCALARS,
    holds: (value, [low, high]) => order(value, low) >= 0 && order(value, high) <= 0,
  },
};

const countProblem = (operator: string) =>
  `${INVALID}Invalid number of argument(s) for the ${operator} ComparisonOperator`;

function problemOfCount(operator: string, count: number): string | undefined {
  const wanted = operators[operator]!.count;
  const fits = wanted === Infinity ? count > 0 : count === wanted;
  return fits ? undefined : countProblem(operator);
}

function problemOfList(list: readonly AttributeValue[]): string | undefined {
  const types = new Set(list.map(typeOf));
  if (types.size > 1) return `${INVALID}AttributeValues inside AttributeValueList must be of same type`;
  return undefined;
}

function problemOfRange(operator: string, [low, high]: readonly AttributeValue[]): string | undefined {
  if (operator !== 'BETWEEN' || !(order(low, high) > 0)) return undefined;
  return 'The BETWEEN condition was provided a range where the lower bound is greater than the upper bound';
}

function problemOfTypes(operator: string, list: readonly AttributeValue[]): string | undefined {
  const wrong = list.map(typeOf).find((type) => !operators[operator]!.types.includes(type!));
  if (wrong === undefined) return undefined;
  return `${INVALID}ComparisonOperator ${operator} is not valid for ${wrong} AttributeValue type`;
}

const firstOf = (problems: readonly (() => string | undefined)[]): string | undefined => {
  for (const find of problems) {
    const problem = find();
    if (problem !== undefined) return problem;
  }
  return undefined;
};

const problemAmong = (list: readonly AttributeValue[]) =>
  firstOf(list.map((each) => () => problemOfValue(each)));

/** What is wrong with a QueryFilter, a ScanFilter or KeyConditions. */
export function problemOfConditions(conditions: LegacyConditions = {}): string | undefined {
  return firstOf(
    Object.values(conditions).map((condition) => () => {
      const { ComparisonOperator: operator = '', AttributeValueList: list = [] } = condition;
      return firstOf([
        () => problemAmong(list),
        () => problemOfCount(operator, list.length),
        () => problemOfList(list),
        () => problemOfTypes(operator, list),
        () => problemOfRange(operator, list),
      ]);
    }),
  );
}

function problemOfComparison(name: string, condition: LegacyCondition): string | undefined {
  const { ComparisonOperator: operator = '', AttributeValueList: list, Value: value } = condition;
  const given = list ?? (value ? [value] : []);
  if ('Exists' in condition)
    return `${INVALID}Exists and ComparisonOperator cannot be used together for Attribute: ${name}`;
  if (!/^(NOT_)?NULL$/.test(operator) && !list && !value) {
    const use = 'Value or AttributeValueList must be used with ComparisonOperator: ';
    return `${INVALID}${use}${operator} for Attribute: ${name}`;
  }
  return firstOf([
    () => problemOfCount(operator, given.length),
    () => problemOfList(given),
    () => problemAmong(given),
    () => problemOfRange(operator, given),
  ]);
}

function problemOfExistence(name: string, { Exists: exists, Value: value }: LegacyCondition) {
  if (exists !== false && value === undefined) {
    const when = `Value must be provided when Exists is ${exists ?? 'null'} for Attribute: ${name}`;
    return INVALID + when;
  }
  if (exists === false && value !== undefined)
    return `${INVALID}Value cannot be used when Exists is false for Attribute: ${name}`;
  return value && problemOfValue(value);
}

/** What is wrong with Expected. */
export function problemOfExpected(expected: LegacyConditions = {}): string | undefined {
  return firstOf(
    Object.entries(expected).map(([name, condition]) => () => {
      if ('AttributeValueList' in condition && 'Value' in condition)
        return `${INVALID}Value and AttributeValueList cannot be used together for Attribute: ${name}`;
      if ('ComparisonOperator' in condition) return problemOfComparison(name, condition);
      if ('AttributeValueList' in condition)
        return `${INVALID}AttributeValueList can only be used with a ComparisonOperator for Attribute: ${name}`;
      return problemOfExistence(name, condition);
    }),
  );
}

function testOf(name: string, condition: LegacyCondition): Test {
  const { ComparisonOperator, AttributeValueList, Value: value, Exists: exists } = condition;
  const operator = ComparisonOperator ?? (exists === false ? 'NULL' : 'EQ');
  const given = AttributeValueList ?? (value ? [value] : []);
  return (item) => operators[operator]!.holds(memberOf(item, name), given);
}

/** Tests whether all conditions hold, or with `OR` any. */
export function testOfConditions(conditions: LegacyConditions, operator: string | undefined): Test {
  const tests = Object.entries(conditions).map(([name, condition]) => testOf(name, condition));
  if (operator === 'OR') return (item, values) => tests.some((holds) => holds(item, values));
  return (item, values) => tests.every((holds) => holds(item, values));
}
