// DynamoDB's numbers: exact decimals of up to 38 digits, which floating point would round.

export interface Decimal {
  /** -1, 0 or 1. */
  readonly sign: number;
  /** Without zeros at either end; empty for 0. */
  readonly digits: string;
  /** The first digit's power of ten; for 0 the one that it is written with. */
  readonly exponent: number;
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
/** Numbers that are already in their stored form. */
const PLAIN = /^(?:0|-?[1-9]\d{0,14})$/;
const MAX_DIGITS = 38;
const MAX_EXPONENT = 125;
const MIN_EXPONENT = -130;
const ZERO: Decimal = { sign: 0, digits: '', exponent: 0 };

/** How many zeros `text` begins with. */
function leadingZeros(text: string): number {
  let count = 0;
  while (text[count] === '0') count += 1;
  return count;
}

function withoutTrailingZeros(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '0') end -= 1;
  return text.slice(0, end);
}

const MAX_LONG = 2n ** 63n - 1n;

/** DynamoDB reads exponents as integers of 64 bits, before it says that they are out of range. */
function isLong(power: string): boolean {
  if (power.length < 19) return true;
  const value = BigInt(power.replace('+', ''));
  return value <= MAX_LONG && value >= -MAX_LONG - 1n;
}

/** @returns undefined for what is not a number, such as an empty text */
export function parseDecimal(text: string): Decimal | undefined {
  const match = NUMBER.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', power = '0'] = match;
  const all = whole + fraction;
  if (all === '' || !isLong(power)) return undefined;
  const zeros = leadingZeros(all);
  const digits = withoutTrailingZeros(all.slice(zeros));
  if (digits === '') return { ...ZERO, exponent: Number(power) };
  return { sign: sign === '-' ? -1 : 1, digits, exponent: Number(power) + whole.length - 1 - zeros };
}

/** Written without an exponent, however many zeros that takes. */
function plainText({ sign, digits, exponent }: Decimal): string {
  if (sign === 0) return '0';
  const minus = sign < 0 ? '-' : '';
  if (exponent < 0) return `${minus}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = exponent + 1;
  if (digits.length <= whole) return `${minus}${digits}${'0'.repeat(whole - digits.length)}`;
  return `${minus}${digits.slice(0, whole)}.${digits.slice(whole)}`;
}

/** The problem of a number that DynamoDB does not store, in its words. */
function problemOf({ digits, exponent }: Decimal): string | undefined {
  if (exponent > MAX_EXPONENT)
    return 'Number overflow. Attempting to store a number with magnitude larger than supported range';
  if (exponent < MIN_EXPONENT)
    return 'Number underflow. Attempting to store a number with magnitude smaller than supported range';
  if (digits.length > MAX_DIGITS) return 'Attempting to store more than 38 significant digits in a Number';
  return undefined;
}

export type Stored = { readonly text: string; readonly problem?: undefined } | { readonly problem: string };

/** A client's number in its stored form, or its problem in DynamoDB's words. */
export function storedNumber(text: string): Stored {
  if (PLAIN.test(text)) return { text };
  const decimal = parseDecimal(text);
  if (!decimal) return { problem: `The parameter cannot be converted to a numeric value: ${text}` };
  const problem = problemOf(decimal);
  return problem === undefined ? { text: plainText(decimal) } : { problem };
}

/** The number as an integer of units of 10^`power`. */
function integerOf({ sign, digits, exponent }: Decimal, power: number): bigint {
  if (sign === 0) return 0n;
  const zeros = exponent - (digits.length - 1) - power;
  return BigInt(sign) * BigInt(digits + '0'.repeat(zeros));
}

const lowestPower = ({ digits, exponent }: Decimal) => exponent - Math.max(digits.length - 1, 0);

/** The exact sum of two stored numbers, or their difference with `sign` -1, or why it cannot be stored. */
export function addNumbers(a: string, b: string, sign: 1 | -1 = 1): Stored {
  if (PLAIN.test(a) && PLAIN.test(b)) return { text: String(Number(a) + sign * Number(b) || 0) };
  const [left, right] = [parseDecimal(a)!, parseDecimal(b)!];
  const power = Math.min(lowestPower(left), lowestPower(right));
  const sum = integerOf(left, power) + BigInt(sign) * integerOf(right, power);
  return sum === 0n ? { text: '0' } : storedNumber(`${sum}e${power}`);
}

/** Orders two stored numbers: negative, 0 or positive. */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  if (PLAIN.test(a) && PLAIN.test(b)) return Number(a) - Number(b);
  const [left, right] = [parseDecimal(a)!, parseDecimal(b)!];
  if (left.sign !== right.sign) return left.sign - right.sign;
  if (left.exponent !== right.exponent) return (left.exponent - right.exponent) * left.sign;
  if (left.digits === right.digits) return 0;
  return (left.digits < right.digits ? -1 : 1) * left.sign;
}

/** Ends a negative number, so that it sorts after longer ones. */
const END = 255;

/** Bytes whose order is the order of the numbers. */
export function sortableNumber(text: string): Buffer {
  const { sign, digits, exponent } = parseDecimal(text)!;
  if (sign === 0) return Buffer.from([128]);
  const pairs = digits.match(/\d\d?/g)!.map((pair) => Number(pair.padEnd(2, '0')) + 1);
  const power = exponent - MIN_EXPONENT;
  return sign > 0
    ? Buffer.from([192, power, ...pairs])
    : Buffer.from([64, END - power, ...pairs.map((pair) => 101 - pair), END]);
}
