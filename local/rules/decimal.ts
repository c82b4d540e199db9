// The numbers of rules SQL: exact decimals of 34 significant digits, rounded half to even, as AWS documents its Decimal type.

/** The value is `coefficient * 10 ** exponent`; the coefficient has no trailing zeros and at most 34 digits. */
export interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

const PRECISION = 34;
/** Largest and smallest power of ten of the first digit (AWS: 1E-999 to 9.999E999). */
const MAX_MAGNITUDE = 999;
const form = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

export const ZERO: Decimal = { coefficient: 0n, exponent: 0 };

function digitsOf(coefficient: bigint): string {
  return (coefficient < 0n ? -coefficient : coefficient).toString();
}

/** Rounds to 34 digits and strips trailing zeros; undefined when the magnitude is beyond what a Decimal holds. */
function normal(coefficient: bigint, exponent: number, inexact = false): Decimal | undefined {
  if (coefficient === 0n) return ZERO;
  const digits = digitsOf(coefficient);
  const excess = Math.max(0, digits.length - PRECISION);
  const head = BigInt(digits.slice(0, digits.length - excess));
  const rounded = excess > 0 ? head + (roundsUp(digits, excess, head, inexact) ? 1n : 0n) : head;
  const text = rounded.toString();
  const stripped = text.replace(/0+$/, '');
  const total = exponent + excess + (text.length - stripped.length);
  if (Math.abs(total + stripped.length - 1) > MAX_MAGNITUDE) return undefined;
  return { coefficient: BigInt(stripped) * (coefficient < 0n ? -1n : 1n), exponent: total };
}

function roundsUp(digits: string, excess: number, head: bigint, inexact: boolean): boolean {
  const tail = digits.slice(digits.length - excess);
  const half = `5${'0'.repeat(excess - 1)}`;
  if (tail !== half) return tail > half;
  return inexact || head % 2n === 1n;
}

/** Reads what JSON and SQL write as a number; undefined when `text` is none or its magnitude is out of range. */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = form.exec(text);
  if (!parts) return undefined;
  const [, sign, whole = '', fraction = '', power = '0'] = parts;
  const digits = (whole + fraction).replace(/^0+/, '');
  // Digits beyond these cannot change the rounding, but for whether anything follows a half.
  const kept = digits.slice(0, PRECISION + 1);
  const rest = digits.slice(PRECISION + 1);
  const exponent = Number(power) - fraction.length + rest.length;
  return normal(BigInt(`${sign}${kept || '0'}`), exponent, /[1-9]/.test(rest));
}

/** @param value finite */
export function decimalOf(value: number): Decimal {
  return (Number.isSafeInteger(value) ? normal(BigInt(value), 0) : parseDecimal(String(value)))!;
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  const shift = (value: Decimal) => value.coefficient * 10n ** BigInt(value.exponent - exponent);
  return [shift(a), shift(b), exponent];
}

export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const [left, right] = aligned(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}

export function add(a: Decimal, b: Decimal): Decimal | undefined {
  const [left, right, exponent] = aligned(a, b);
  return normal(left + right, exponent);
}

export function subtract(a: Decimal, b: Decimal): Decimal | undefined {
  return add(a, { coefficient: -b.coefficient, exponent: b.exponent });
}

export function multiply(a: Decimal, b: Decimal): Decimal | undefined {
  return normal(a.coefficient * b.coefficient, a.exponent + b.exponent);
}

/** Undefined for a division by zero. */
export function divide(a: Decimal, b: Decimal): Decimal | undefined {
  if (b.coefficient === 0n) return undefined;
  const scale = PRECISION * 2 + 2;
  const dividend = a.coefficient * 10n ** BigInt(scale);
  const quotient = dividend / b.coefficient;
  return normal(quotient, a.exponent - b.exponent - scale, dividend % b.coefficient !== 0n);
}

/** Takes the sign of the dividend, as Java's BigDecimal does; undefined for a division by zero. */
export function remainder(a: Decimal, b: Decimal): Decimal | undefined {
  if (b.coefficient === 0n) return undefined;
  const [left, right, exponent] = aligned(a, b);
  return normal(left % right, exponent);
}

export type Rounding = 'down' | 'floor' | 'ceil' | 'half-away';

const steps: Record<Rounding, (negative: boolean, twice: -1 | 0 | 1) => boolean> = {
  down: () => false,
  floor: (negative) => negative,
  ceil: (negative) => !negative,
  'half-away': (_negative, twice) => twice >= 0,
};

/** Rounds to `places` decimal places. */
export function roundTo(value: Decimal, places: number, rounding: Rounding): Decimal {
  if (value.exponent >= -places) return value;
  const unit = 10n ** BigInt(-places - value.exponent);
  const negative = value.coefficient < 0n;
  const size = negative ? -value.coefficient : value.coefficient;
  const rest = (size % unit) * 2n;
  const away = steps[rounding](negative, rest < unit ? -1 : rest > unit ? 1 : 0);
  const magnitude = size / unit + (away ? 1n : 0n);
  return normal(negative ? -magnitude : magnitude, -places) ?? ZERO;
}

export function isWhole(value: Decimal): boolean {
  return value.exponent >= 0;
}

/** Plain digits where that is short, else scientific notation as Java writes it: `1E+400`, `1.2E-7`. */
export function decimalText({ coefficient, exponent }: Decimal): string {
  const sign = coefficient < 0n ? '-' : '';
  const digits = digitsOf(coefficient);
  const magnitude = exponent + digits.length - 1;
  if (exponent >= 0 && magnitude < PRECISION) return sign + digits + '0'.repeat(exponent);
  if (exponent < 0 && magnitude >= -6) {
    const padded = digits.padStart(1 - exponent, '0');
    return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${sign}${digits[0]}${fraction}E${magnitude < 0 ? '-' : '+'}${Math.abs(magnitude)}`;
}

/** @param value whole */
export function toBigInt(value: Decimal): bigint {
  return value.coefficient * 10n ** BigInt(value.exponent);
}
