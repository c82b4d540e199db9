// The numbers of rules SQL: exact decimals of 34 significant digits, rounded half to even, as AWS documents its Decimal type.

import { Decimal as Library } from 'decimal.js';

const PRECISION = 34;
/** Largest and smallest power of ten of the first digit (AWS: 1E-999 to 9.999E999). */
const MAX_MAGNITUDE = 999;

const Exact = Library.clone({
  precision: PRECISION,
  rounding: Library.ROUND_HALF_EVEN,
  // A remainder has the sign of the dividend, as in Java's BigDecimal.
  modulo: Library.ROUND_DOWN,
  // Plain digits where that is short, else scientific notation.
  toExpNeg: -7,
  toExpPos: PRECISION,
});

/** At most 34 digits, within AWS's range. */
export type Decimal = Library;

export const ZERO: Decimal = new Exact(0);

/** Undefined for what is not a number or is out of range; there is one zero. */
function inRange(value: Library): Decimal | undefined {
  if (value.isZero()) return ZERO;
  return value.isFinite() && Math.abs(value.e) <= MAX_MAGNITUDE ? value : undefined;
}

const FORM = /^-?(\d+(?:\.\d+)?)(?:[eE][+-]?\d+)?$/;

/** Reads what JSON and SQL write as a number; undefined when `text` is not a number or out of range. */
export function parseDecimal(text: string): Decimal | undefined {
  const [, digits] = FORM.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = new Exact(text).toSignificantDigits(PRECISION);
  const isTooSmall = value.isZero() && /[1-9]/.test(digits);
  return isTooSmall ? undefined : inRange(value);
}

/** @param value finite */
export function decimalOf(value: number): Decimal {
  return inRange(new Exact(value)) ?? ZERO;
}

export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  return a.comparedTo(b) as -1 | 0 | 1;
}

export const add = (a: Decimal, b: Decimal): Decimal | undefined => inRange(a.plus(b));
export const subtract = (a: Decimal, b: Decimal): Decimal | undefined => inRange(a.minus(b));
export const multiply = (a: Decimal, b: Decimal): Decimal | undefined => inRange(a.times(b));

/** Undefined for a division by zero. */
export function divide(a: Decimal, b: Decimal): Decimal | undefined {
  return b.isZero() ? undefined : inRange(a.dividedBy(b));
}

/** Takes the sign of the dividend; undefined for a division by zero. */
export function remainder(a: Decimal, b: Decimal): Decimal | undefined {
  return b.isZero() ? undefined : inRange(a.modulo(b));
}

export type Rounding = 'down' | 'floor' | 'ceil' | 'half-away';

const MODES: Readonly<Record<Rounding, Library.Rounding>> = {
  down: Library.ROUND_DOWN,
  floor: Library.ROUND_FLOOR,
  ceil: Library.ROUND_CEIL,
  'half-away': Library.ROUND_HALF_UP,
};

/** Rounds to `places` decimal places. */
export function roundTo(value: Decimal, places: number, rounding: Rounding): Decimal {
  return inRange(value.toDecimalPlaces(places, MODES[rounding])) ?? ZERO;
}

/** Plain digits where that is short, else scientific notation as Java writes it: `1E+400`, `1.2E-7`. */
export function decimalText(value: Decimal): string {
  return value.toString().replace('e', 'E');
}

/** @param value whole */
export function toBigInt(value: Decimal): bigint {
  return BigInt(value.toFixed(0));
}
