// Mathematical functions: exact where AWS is (rounding, remainder, bits), double precision where AWS is.

import { type Rounding, roundTo, toBigInt } from '../json/decimal.ts';
import type { SqlFunction } from './sql-function.ts';
import { operators } from './operators.ts';
import { decimalOfNumber, numberOf, numberOfText, toDecimal, toInt, type Value } from '../json/value.ts';

/** Numeric text counts as a number; Boolean, Array, Object and Null do not. */
function toDouble(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  const exact = numberOf(toDecimal(value));
  if (exact === undefined) return undefined;
  return typeof exact === 'number' ? exact : Number((exact as { rawJSON: string }).rawJSON);
}

/** Imaginary and infinite results are Undefined. */
const finite = (result: number): Value => (Number.isFinite(result) ? result : undefined);

function inDoubles(calculate: (x: number) => number): SqlFunction {
  const evaluate = (_message: unknown, x: Value) => {
    const double = toDouble(x);
    return double === undefined ? undefined : finite(calculate(double));
  };
  return { minimum: 1, maximum: 1, evaluate };
}

function inTwoDoubles(calculate: (x: number, y: number) => number): SqlFunction {
  const evaluate = (_message: unknown, x: Value, y: Value) => {
    const [a, b] = [toDouble(x), toDouble(y)];
    return a === undefined || b === undefined ? undefined : finite(calculate(a, b));
  };
  return { minimum: 2, maximum: 2, evaluate };
}

function rounded(rounding: Rounding): SqlFunction {
  const evaluate = (_message: unknown, x: Value) => {
    const decimal = toDecimal(x);
    return decimal && numberOf(roundTo(decimal, 0, rounding));
  };
  return { minimum: 1, maximum: 1, evaluate };
}

function absolute(_message: unknown, x: Value): Value {
  const decimal = toDecimal(x);
  return decimal && numberOf(decimal.abs());
}

function sign(_message: unknown, x: Value): Value {
  const decimal = toDecimal(x);
  if (!decimal) return undefined;
  return decimal.isZero() ? 0 : decimal.isNegative() ? -1 : 1;
}

/** The second argument must be a number, not numeric text, as its table says. */
function truncate(_message: unknown, x: Value, digits: Value): Value {
  const decimal = toDecimal(x);
  const places = decimalOfNumber(digits) && toInt(digits);
  if (!decimal || places === undefined) return undefined;
  return numberOf(roundTo(decimal, Math.min(34, Math.max(0, places)), 'down'));
}

function toBits(value: Value): bigint | undefined {
  const decimal = toDecimal(value);
  return decimal && toBigInt(roundTo(decimal, 0, 'down'));
}

function bitwise(combine: (a: bigint, b: bigint) => bigint): SqlFunction {
  const evaluate = (_message: unknown, x: Value, y: Value) => {
    const [a, b] = [toBits(x), toBits(y)];
    return a === undefined || b === undefined ? undefined : numberOfText(combine(a, b).toString());
  };
  return { minimum: 2, maximum: 2, evaluate };
}

/** Two's complement, so that bitnot(13) is -14; the 2 in the guide's example is that of four bits. */
function bitnot(_message: unknown, x: Value): Value {
  const bits = toBits(x);
  return bits === undefined ? undefined : numberOfText((~bits).toString());
}

const modulo: SqlFunction = {
  minimum: 2,
  maximum: 2,
  evaluate: (_message, x, y) => operators['%']!.evaluate(x, y),
};

export const mathFunctions: Readonly<Record<string, SqlFunction>> = {
  abs: { minimum: 1, maximum: 1, evaluate: absolute },
  acos: inDoubles(Math.acos),
  asin: inDoubles(Math.asin),
  atan: inDoubles(Math.atan),
  atan2: inTwoDoubles(Math.atan2),
  bitand: bitwise((a, b) => a & b),
  bitor: bitwise((a, b) => a | b),
  bitxor: bitwise((a, b) => a ^ b),
  bitnot: { minimum: 1, maximum: 1, evaluate: bitnot },
  ceil: rounded('ceil'),
  cos: inDoubles(Math.cos),
  cosh: inDoubles(Math.cosh),
  exp: inDoubles(Math.exp),
  floor: rounded('floor'),
  ln: inDoubles(Math.log),
  log: inDoubles(Math.log10),
  mod: modulo,
  power: inTwoDoubles(Math.pow),
  remainder: modulo,
  round: rounded('half-away'),
  sign: { minimum: 1, maximum: 1, evaluate: sign },
  sin: inDoubles(Math.sin),
  sinh: inDoubles(Math.sinh),
  sqrt: inDoubles(Math.sqrt),
  tan: inDoubles(Math.tan),
  tanh: inDoubles(Math.tanh),
  trunc: { minimum: 2, maximum: 2, evaluate: truncate },
};
