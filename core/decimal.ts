// Sums must not depend on the order or the path of their parts, so values are exact decimals instead of floating point.
// A value is the shortest decimal that reads back as the double that JSON gives, which is all that Lambda passes to a
// function: 0.1 is one tenth, and 123456789012345.678 is 123456789012345.67. Nothing is lost after that.

/** A decimal number as an integer count of 10^-15. */
export type Decimal = bigint;

/** Decimals kept after the point. */
export const DECIMAL_PLACES = 15;
/** Largest magnitude of a single value: 16 + 15 digits leave 7 of DynamoDB's 38 for adding up. */
export const MAX_MAGNITUDE = 1e15;

const UNIT = 10n ** BigInt(DECIMAL_PLACES);
const MICRO = UNIT / 1_000_000n;
const MAX = BigInt(MAX_MAGNITUDE) * UNIT;
const NUMBER_TEXT = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const MAX_EXPONENT = 400;

/** The stored value, and whether decimals beyond the fifteenth were rounded away. */
export interface Rounded {
  readonly value: Decimal;
  readonly isRounded: boolean;
}

/**
 * The value of a number's shortest text, so 0.1 is one tenth. A value with more than 15 decimals, as floating point
 * leaves behind, is rounded half to even at the fifteenth. Negative zero is zero. Undefined: not finite, or over 1e15.
 */
export function roundedDecimalOf(value: number): Rounded | undefined {
  if (!(Math.abs(value) <= MAX_MAGNITUDE)) return undefined;
  // Up to 15 significant digits name one double only, so dividing back proves that nothing was rounded.
  const micros = Math.round(value * 1e6);
  if (Math.abs(micros) < 1e15 && micros / 1e6 === value) {
    return { value: BigInt(micros) * MICRO, isRounded: false };
  }
  return roundedFromText(String(value));
}

/** Like `roundedDecimalOf`, for a number's decimal text, plain or scientific. Undefined also if it is not a number. */
export function roundedFromText(text: string): Rounded | undefined {
  const parts = partsOf(text);
  if (!parts) return undefined;
  const { isNegative, digits, exponent } = parts;
  // Digits before the point; if negative, zeros after it.
  const magnitude = digits.length + exponent - DECIMAL_PLACES;
  if (magnitude > 16) return undefined;
  if (exponent >= 0) return inRange(isNegative, BigInt(digits) * 10n ** BigInt(exponent), false);
  if (-exponent > digits.length) return inRange(isNegative, 0n, true);
  const kept = BigInt(digits.slice(0, exponent) || '0');
  return inRange(isNegative, kept + roundingOf(digits.slice(exponent), kept), true);
}

/** 1 if the part that is cut off is over half, or is half and the digit before it is odd; otherwise 0. */
function roundingOf(cut: string, kept: bigint): bigint {
  const half = '5'.padEnd(cut.length, '0');
  if (cut === half) return kept & 1n;
  return cut > half ? 1n : 0n;
}

function inRange(isNegative: boolean, magnitude: bigint, isRounded: boolean): Rounded | undefined {
  if (magnitude > MAX) return undefined;
  return { value: isNegative ? -magnitude : magnitude, isRounded };
}

/**
 * The exact value of a number's shortest text, so 0.1 is one tenth. Negative zero is zero.
 * Undefined when it does not fit: not finite, magnitude over 1e15, or more than 15 decimals.
 */
export function decimalOf(value: number): Decimal | undefined {
  const rounded = roundedDecimalOf(value);
  return rounded?.isRounded ? undefined : rounded?.value;
}

/**
 * Reads a number's decimal text, plain or scientific, as JavaScript and DynamoDB write it.
 * Undefined if it is not a number or has more than 15 decimals.
 */
export function decimalFromText(text: string): Decimal | undefined {
  const parts = partsOf(text);
  if (!parts) return undefined;
  const { isNegative, digits, exponent } = parts;
  if (exponent < 0 || exponent > MAX_EXPONENT) return undefined;
  const magnitude = BigInt(digits) * 10n ** BigInt(exponent);
  return isNegative ? -magnitude : magnitude;
}

/** The digits without zeros at either end (`0` for zero), and the power of ten of the last digit in units of 10^-15. */
function partsOf(text: string) {
  const match = NUMBER_TEXT.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match;
  const digits = (whole + fraction).replace(/0+$/, '').replace(/^0+/, '');
  if (digits === '') return { isNegative: false, digits: '0', exponent: 0 };
  const zeros = (whole + fraction).length - (whole + fraction).replace(/0+$/, '').length;
  const exponent = Number(exponentText) + DECIMAL_PLACES - fraction.length + zeros;
  return { isNegative: sign === '-', digits, exponent };
}

/** Plain decimal text without an exponent or trailing zeros, as DynamoDB takes and returns N. */
export function decimalText(value: Decimal): string {
  const magnitude = value < 0n ? -value : value;
  const fraction = String(magnitude % UNIT)
    .padStart(DECIMAL_PLACES, '0')
    .replace(/0+$/, '');
  const text = String(magnitude / UNIT) + (fraction && `.${fraction}`);
  return value < 0n ? `-${text}` : text;
}
