// Looks at four bytes of an archive at a time: where a text ends, and what a number says.

/** Room for the longest line and one piece of a chunk; see line-cutter.ts. */
export const MAX_LINE_BYTES = 1 << 20;
export const PIECE_BYTES = 1 << 18;
/** Zeros that must follow the last line, so that it may be read in whole words. */
export const PADDING = 8;

/**
 * What is being read: one buffer for all folds, since each is done with it when it has taken a piece. That it is a constant
 * of this file makes reading it more than twice as fast: V8 then need not look what it is, byte for byte.
 */
export const bytes = new Uint8Array(MAX_LINE_BYTES + PIECE_BYTES + PADDING);
const view = new DataView(bytes.buffer);

/** Numbers that were read, each as a whole number of `digits` with so many `places` behind the point, and what that is. */
export interface Numbers {
  readonly values: Float64Array;
  readonly digits: Float64Array;
  readonly places: Int32Array;
}

/** More significant digits than these may name no double of their own. */
const MAX_DIGITS = 15;
const POWERS = Float64Array.from({ length: MAX_DIGITS + 1 }, (_, n) => Number(`1e${n}`));

const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const HIGH_BITS = 0x80808080 | 0;

/**
 * Where the run of plain characters from `at` on ends: at the first quote, backslash, control character or byte that is
 * not ASCII. The lowest byte that an addition or subtraction marks in its high bit is one; only bytes above it may be
 * marked by mistake.
 */
export function plainEnd(at: number): number {
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
export function readNumber(at: number, numbers: Numbers, slot: number): number {
  const negative = bytes[at] === MINUS;
  const start = negative ? at + 1 : at;
  let end = start;
  let digits = 0;
  for (let four = fourDigits(end); four >= 0; four = fourDigits(end)) {
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
  if (negative) digits = -digits;
  numbers.digits[slot] = digits;
  numbers.places[slot] = places;
  // Both are exact, so this is the double that is nearest to the number.
  numbers.values[slot] = places === 0 ? digits : digits / POWERS[places]!;
  return end;
}

/** The number that four digits make, or -1 where one of the four bytes is no digit. */
function fourDigits(at: number): number {
  const digits = view.getInt32(at, true) ^ 0x30303030;
  if (((digits + 0x76767676) | digits) & HIGH_BITS) return -1;
  const pairs = Math.imul(digits, 10) + (digits >> 8);
  return (pairs & 0xff) * 100 + ((pairs >> 16) & 0xff);
}

/** The text of ASCII characters. */
export function textAt(at: number, length: number): string {
  return asciiOf(bytes.subarray(at, at + length));
}

export function asciiOf(characters: Uint8Array): string {
  return String.fromCharCode(...characters);
}

/** The four bytes at `at` as one number, the first one lowest. */
export function wordAt(at: number): number {
  return view.getInt32(at, true);
}

/** The bytes of a name in ASCII, four to a word, the last word filled up with zeros. */
export function spell(name: string): Int32Array {
  const bytes = new Uint8Array((name.length + 3) & ~3);
  for (let i = 0; i < name.length; i += 1) bytes[i] = name.charCodeAt(i);
  const view = new DataView(bytes.buffer);
  return Int32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getInt32(i * 4, true));
}

/** Whether the bytes at `at` are those that `words` spell from `from` on. Reads up to three bytes beyond them. */
export function isSpelled(at: number, length: number, words: Int32Array, from: number): boolean {
  const end = at + (length & ~3);
  let word = from;
  for (let next = at; next < end; next += 4) if (view.getInt32(next, true) !== words[word++]) return false;
  return (length & 3) === 0 || lastWord(at, length) === words[word];
}

/** Of the bytes, read in whole words as `isSpelled` does. */
export function hashAt(at: number, length: number): number {
  let hash = length;
  const whole = length >> 2;
  for (let i = 0; i < whole; i += 1) hash = mix(hash, view.getInt32(at + i * 4, true));
  if ((length & 3) !== 0) hash = mix(hash, lastWord(at, length));
  return hash ^ (hash >>> 15);
}

/** A multiplicative hash by 2^32 divided by the golden ratio. */
function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 16);
}

function lastWord(at: number, length: number): number {
  return view.getInt32(at + (length & ~3), true) & ((1 << ((length & 3) * 8)) - 1);
}
