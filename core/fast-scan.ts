// Looks at four bytes of an archive at a time: where a text ends, and what a number says.

/** Bytes of zero that must follow the last line, so that it may be read in whole words. */
export const PADDING = 8;

/** A piece of an archive: the same bytes twice, PADDING included. */
export interface Input {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Numbers that were read, each as `digits` / 10 ** `places`. */
export interface Numbers {
  readonly digits: Float64Array;
  readonly places: Int32Array;
}

/** More significant digits than these may name no double of their own. */
const MAX_DIGITS = 15;

const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const HIGH_BITS = 0x80808080 | 0;

/**
 * Where the run of plain characters from `at` on ends: at the first quote, backslash, control character or byte that is
 * not ASCII. The lowest byte that an addition or subtraction marks in its high bit is one; only bytes above it may be
 * marked by mistake.
 */
export function plainEnd(view: DataView, at: number): number {
  for (let from = at; ; from += 4) {
    const word = view.getInt32(from, true);
    const belowSpace = word - 0x20202020;
    const aboveTilde = word + 0x01010101;
    const quote = (word ^ 0x22222222) - 0x01010101;
    const backslash = (word ^ 0x5c5c5c5c) - 0x01010101;
    const marked = (word | belowSpace | aboveTilde | quote | backslash) & HIGH_BITS;
    if (marked !== 0) return from + ((31 - Math.clz32(marked & -marked)) >> 3);
  }
}

/**
 * Reads a JSON number without exponent and of up to 15 digits into `slot` of the numbers, and returns where it ends;
 * 0 when there is none.
 */
export function readNumber({ bytes, view }: Input, at: number, numbers: Numbers, slot: number): number {
  const negative = bytes[at] === MINUS;
  const start = negative ? at + 1 : at;
  let end = start;
  let digits = 0;
  for (let four = fourDigits(view, end); four >= 0; four = fourDigits(view, end)) {
    digits = digits * 10_000 + four;
    end += 4;
  }
  let digit = bytes[end]! - ZERO;
  for (; digit >= 0 && digit <= 9; digit = bytes[end]! - ZERO) {
    digits = digits * 10 + digit;
    end += 1;
  }
  let count = end - start;
  if (count === 0 || (count > 1 && bytes[start] === ZERO)) return 0;
  let places = 0;
  if (bytes[end] === POINT) {
    end += 1;
    for (digit = bytes[end]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[end]! - ZERO) {
      digits = digits * 10 + digit;
      end += 1;
      places += 1;
    }
    if (places === 0) return 0;
    count += places;
  }
  if (count > MAX_DIGITS) return 0;
  // Subtracted from zero, because negative zero is zero.
  numbers.digits[slot] = negative ? 0 - digits : digits;
  numbers.places[slot] = places;
  return end;
}

/** The number that four digits make, or -1 where one of the four bytes is no digit. */
function fourDigits(view: DataView, at: number): number {
  const digits = view.getInt32(at, true) ^ 0x30303030;
  if (((digits + 0x76767676) | digits) & HIGH_BITS) return -1;
  const pairs = Math.imul(digits, 10) + (digits >> 8);
  return (pairs & 0xff) * 100 + ((pairs >> 16) & 0xff);
}

/** The text of ASCII characters. */
export function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
