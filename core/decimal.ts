// Sums must not depend on the order or the path of their parts, so values are exact decimals instead of floating point.

/** A decimal number as an integer count of 10^-15. */
export type Decimal = bigint;

/** Decimals kept behind the point. */
export const DECIMAL_PLACES = 15;
/** Largest magnitude of a single value: 16 + 15 digits leave 7 of DynamoDB's 38 for adding up. */
export const MAX_MAGNITUDE = 1e15;

const UNIT = 10n ** BigInt(DECIMAL_PLACES);
const MICRO = UNIT / 1_000_000n;
const NUMBER_TEXT = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const MAX_EXPONENT = 400;

/**
 * The exact value of a number's shortest text, so 0.1 is one tenth. Negative zero is zero.
 * Undefined when it does not fit: not finite, magnitude over 1e15, or more than 15 decimals.
 */
export function decimalOf(value: number): Decimal | undefined {
  if (!(Math.abs(value) <= MAX_MAGNITUDE)) return undefined;
  // Up to 15 significant digits name one double only, so dividing back proves that nothing was rounded.
  const micros = Math.round(value * 1e6);
  if (Math.abs(micros) < 1e15 && micros / 1e6 === value) return BigInt(micros) * MICRO;
  return decimalFromText(String(value));
}

/**
 * Reads a number's decimal text, plain or scientific, as JavaScript and DynamoDB write it.
 * Undefined when it is no number or has more than 15 decimals.
 */
export function decimalFromText(text: string): Decimal | undefined {
  const match = NUMBER_TEXT.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match;
  const digits = (whole + fraction).replace(/0+$/, '');
  if (digits.replace(/^0+/, '') === '') return 0n;
  const exponent = Number(exponentText) + DECIMAL_PLACES + whole.length - digits.length;
  if (exponent < 0 || exponent > MAX_EXPONENT) return undefined;
  const magnitude = BigInt(digits) * 10n ** BigInt(exponent);
  return sign === '-' ? -magnitude : magnitude;
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
