// The infix operators as data: their precedence and results (AWS IoT developer guide, "Operators").

import { add, compare, type Decimal, divide, multiply, remainder, subtract } from '../json/decimal.ts';
import { equal, numberOf, toBoolean, toDecimal, toText, type Value } from '../json/value.ts';

export interface Operator {
  /** AWS documents no precedence; this is that of standard SQL. NOT is between AND and the comparisons. */
  readonly precedence: number;
  readonly evaluate: (left: Value, right: Value) => Value;
}

export const NOT_PRECEDENCE = 3;

type Fast = (left: number, right: number) => number;

/** Whole numbers are computed as doubles while the result is safe, others with 34 digits. */
function arithmetic(fast: Fast | undefined, exact: (left: Decimal, right: Decimal) => Decimal | undefined) {
  return (left: Value, right: Value): Value => {
    if (fast && Number.isSafeInteger(left) && Number.isSafeInteger(right)) {
      const result = fast(left as number, right as number);
      if (Number.isSafeInteger(result)) return result;
    }
    const [a, b] = [toDecimal(left), toDecimal(right)];
    return a && b ? numberOf(exact(a, b)) : undefined;
  };
}

function comparison(holds: (order: number) => boolean) {
  return (left: Value, right: Value): Value => {
    if (typeof left === 'number' && typeof right === 'number') return holds(left - right);
    const [a, b] = [toDecimal(left), toDecimal(right)];
    return a && b ? holds(compare(a, b)) : undefined;
  };
}

/**
 * One side that decides is enough: "true if either operand is true", and false for AND if one is false. Otherwise Undefined
 * as soon as one side is not a Boolean. The tables of AWS have Undefined in any case, and rules in use on AWS count on the text.
 */
function logical(deciding: boolean) {
  return (left: Value, right: Value): Value => {
    const [a, b] = [toBoolean(left), toBoolean(right)];
    if (a === deciding || b === deciding) return deciding;
    return a === undefined || b === undefined ? undefined : !deciding;
  };
}

const sum = arithmetic((left, right) => left + right, add);

function plus(left: Value, right: Value): Value {
  if (typeof left !== 'string' && typeof right !== 'string') return sum(left, right);
  const [a, b] = [toText(left), toText(right)];
  return a === undefined || b === undefined ? undefined : a + b;
}

function unequal(left: Value, right: Value): Value {
  const same = equal(left, right);
  return same === undefined ? undefined : !same;
}

function isIn(left: Value, right: Value): Value {
  if (left === undefined || !Array.isArray(right)) return undefined;
  return right.some((item) => equal(left, item) === true);
}

export const operators: Readonly<Record<string, Operator>> = {
  OR: { precedence: 1, evaluate: logical(true) },
  AND: { precedence: 2, evaluate: logical(false) },
  IN: { precedence: 4, evaluate: isIn },
  '=': { precedence: 4, evaluate: equal },
  '<>': { precedence: 4, evaluate: unequal },
  '<': { precedence: 4, evaluate: comparison((order) => order < 0) },
  '<=': { precedence: 4, evaluate: comparison((order) => order <= 0) },
  '>': { precedence: 4, evaluate: comparison((order) => order > 0) },
  '>=': { precedence: 4, evaluate: comparison((order) => order >= 0) },
  '+': { precedence: 5, evaluate: plus },
  '-': { precedence: 5, evaluate: arithmetic((left, right) => left - right, subtract) },
  '*': { precedence: 6, evaluate: arithmetic((left, right) => left * right, multiply) },
  '/': { precedence: 6, evaluate: arithmetic(undefined, divide) },
  '%': { precedence: 6, evaluate: arithmetic((left, right) => left % right, remainder) },
};

export function not(value: Value): Value {
  const bool = toBoolean(value);
  return bool === undefined ? undefined : !bool;
}
