// cast(value AS type): the usual conversions, and numbers to and from Booleans (AWS IoT developer guide, "cast()").

import { roundTo } from '../json/decimal.ts';
import {
  decimalOfNumber,
  numberOf,
  toBoolean,
  toDecimal,
  toText,
  typeOf,
  type Value,
} from '../json/value.ts';

type Cast = (value: Value) => Value;

const toNumber: Cast = (value) => (typeof value === 'boolean' ? Number(value) : numberOf(toDecimal(value)));

/** "Decimal (with double precision)"; Undefined where a double would be infinite. */
const toDouble: Cast = (value) => {
  const double = typeof value === 'boolean' ? Number(value) : toDecimal(value)?.toNumber();
  return Number.isFinite(double) ? double : undefined;
};

const toInteger: Cast = (value) => {
  if (typeof value === 'boolean') return Number(value);
  const decimal = toDecimal(value);
  return decimal && numberOf(roundTo(decimal, 0, 'down'));
};

const toBool: Cast = (value) => {
  if (typeOf(value) !== 'number') return toBoolean(value);
  const decimal = decimalOfNumber(value);
  return decimal && !decimal.isZero();
};

const CASTS: Readonly<Record<string, Cast>> = {
  int: toInteger,
  integer: toInteger,
  decimal: toNumber,
  double: toDouble,
  bool: toBool,
  boolean: toBool,
  string: toText,
  text: toText,
  ntext: toText,
  varchar: toText,
  nvarchar: toText,
};

/** By the type's name in any case; undefined for an unknown one. */
export function castTo(type: string): Cast | undefined {
  const key = type.toLowerCase();
  return Object.hasOwn(CASTS, key) ? CASTS[key] : undefined;
}
