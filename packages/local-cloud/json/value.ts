// The values of rules SQL and how one type is converted to another (AWS IoT developer guide, "Data types").

import { compare, type Decimal, decimalOf, decimalText, parseDecimal, roundTo, toBigInt } from './decimal.ts';

/** A number that a double cannot hold digit for digit: its JSON text, which JSON.stringify writes as it is. */
export interface ExactNumber {
  readonly rawJSON: string;
}
export type ObjectValue = { [name: string]: Value };
/** `undefined` is SQL's Undefined. */
export type Value = undefined | null | boolean | number | string | ExactNumber | Value[] | ObjectValue;
export type ValueType = 'undefined' | 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

// Not yet in TypeScript's library (ECMAScript proposal "JSON.parse source text access", in Node 22 and later).
const exact = JSON as unknown as {
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
};
/** The prototype is checked first because that is nearly free; here only raw JSON has none. */
export const isExactNumber = (value: Value): value is ExactNumber =>
  typeof value === 'object' &&
  value !== null &&
  Object.getPrototypeOf(value) === null &&
  exact.isRawJSON(value);

export function typeOf(value: Value): ValueType {
  if (typeof value !== 'object') return typeof value as ValueType;
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return isExactNumber(value) ? 'number' : 'object';
}

export function isObject(value: Value): value is ObjectValue {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);
}

/** The member of an object, never an inherited one; Undefined for what is not an object. */
export function memberOf(value: Value, name: string): Value {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return isObject(value) ? value[name] : undefined;
}

/** Sets an own member, also one named `__proto__`. */
export function setMember(target: ObjectValue, name: string, value: Value): void {
  if (name !== '__proto__') target[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/** The exact value of a number; undefined for other values and beyond a Decimal's range. */
export function decimalOfNumber(value: Value): Decimal | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? decimalOf(value) : undefined;
  return isExactNumber(value) ? parseDecimal(value.rawJSON) : undefined;
}

/** Longer numbers are kept as text without a check: comparing their digits would let a payload cost much time. */
const MAX_COMPARED = 100;

/** The number whose JSON text is `text`: a double if that holds it exactly, else its text. */
export function numberOfText(text: string): number | ExactNumber {
  if (text.length > MAX_COMPARED) return exact.rawJSON(text);
  const double = Number(text);
  if (Number.isSafeInteger(double) && /^-?\d{1,16}$/.test(text)) return double;
  const wanted = canonical(text);
  return Number.isFinite(double) && wanted === canonical(String(double)) ? double : exact.rawJSON(text);
}

/** Same text for the same number, however many digits it has. */
function canonical(text: string): string {
  const [, sign, whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const stripped = digits.replace(/0+$/, '');
  if (stripped === '') return '0';
  return `${sign}${stripped}e${Number(power) - fraction.length + digits.length - stripped.length}`;
}

export function numberOf(value: Decimal | undefined): Value {
  if (!value) return undefined;
  const double = value.toNumber();
  if (Number.isSafeInteger(double) && value.isInteger()) return double;
  return numberOfText(decimalText(value));
}

const NUMERIC_TEXT = /^-?\d+(\.\d+)?(e-?\d+)?$/i;

/** "To Decimal", but for Null, which every operator and mathematical function turns into Undefined. */
export function toDecimal(value: Value): Decimal | undefined {
  if (typeof value === 'string') return NUMERIC_TEXT.test(value) ? parseDecimal(value) : undefined;
  return decimalOfNumber(value);
}

/** "To Int": cuts off the digits after the point. Undefined unless the result is a safe integer. */
export function toInt(value: Value): number | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const decimal = toDecimal(value);
  if (!decimal) return undefined;
  const int = Number(toBigInt(roundTo(decimal, 0, 'down')));
  return Number.isSafeInteger(int) ? int : Math.sign(int) * Number.MAX_SAFE_INTEGER;
}

/** "To Boolean": true, false and their texts in any case. */
export function toBoolean(value: Value): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' || value.length > 5) return undefined;
  const text = value.toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

function numberText(value: number | ExactNumber): string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (isExactNumber(value) && /^-?\d+$/.test(value.rawJSON)) return value.rawJSON;
  const decimal = decimalOfNumber(value);
  return decimal ? decimalText(decimal) : isExactNumber(value) ? value.rawJSON : String(value);
}

/** JSON text with Undefined members dropped; a lone Undefined becomes empty text. */
export function jsonOf(value: Value): string {
  return value === undefined ? '' : JSON.stringify(value);
}

/** "To String": JSON text for arrays and objects, Undefined for Null and Undefined. */
export function toText(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' || isExactNumber(value) ? numberText(value) : jsonOf(value);
}

function sameNumber(a: Value, b: Value): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a === b;
  const [left, right] = [decimalOfNumber(a), decimalOfNumber(b)];
  return left !== undefined && right !== undefined && compare(left, right) === 0;
}

function sameMembers(a: ObjectValue, b: ObjectValue): boolean {
  const defined = (value: ObjectValue) => Object.keys(value).filter((name) => value[name] !== undefined);
  const names = defined(a);
  return (
    names.length === defined(b).length && names.every((name) => equal(a[name], memberOf(b, name)) === true)
  );
}

/** The `=` operator: false for different types, Undefined if either side is. */
export function equal(a: Value, b: Value): boolean | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (typeof a === 'string' && typeof b === 'string') return a === b;
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  if (type === 'number') return sameNumber(a, b);
  if (type === 'array') {
    const [left, right] = [a as Value[], b as Value[]];
    return left.length === right.length && left.every((item, index) => equal(item, right[index]) === true);
  }
  return type === 'object' ? sameMembers(a as ObjectValue, b as ObjectValue) : a === b;
}
