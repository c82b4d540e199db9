// Reads a number of up to fifteen digits in one step, whatever its length and wherever its point is.

/** More significant digits than these may name no double of their own. */
export const MAX_DIGITS = 15;

// A number: what it is, and as a whole number of digits with so many places behind the point.
const VALUE = 0;
const DIGITS = 8;
const PLACES = 16;
export const NUMBER_SIZE = 24;

export function valueOf(number: usize): f64 {
  return load<f64>(number, VALUE);
}

export function digitsOf(number: usize): i64 {
  return load<i64>(number, DIGITS);
}

export function placesOf(number: usize): i32 {
  return load<i32>(number, PLACES);
}

export function setZero(number: usize): void {
  store<f64>(number, 0, VALUE);
  store<i64>(number, 0, DIGITS);
  store<i32>(number, 0, PLACES);
}

/** By exponent up to 15, as i64 and as f64. */
export const wholePowers = memory.data((MAX_DIGITS + 1) * 8, 8);
const powers = memory.data((MAX_DIGITS + 1) * 8, 8);
for (let exponent = 0, power: i64 = 1; exponent <= MAX_DIGITS; exponent += 1, power *= 10) {
  store<i64>(wholePowers + (exponent << 3), power);
  store<f64>(powers + (exponent << 3), f64(power));
}

const MINUS: u8 = 0x2d;
const ZERO: u8 = 0x30;
// Read from memory for the reason that text.ts gives.
const ZEROS = memory.data<u8>([48, 48, 48, 48, 48, 48, 48, 48, 48, 48, 48, 48, 48, 48, 48, 48], 16);
const POINTS = memory.data<u8>([46, 46, 46, 46, 46, 46, 46, 46, 46, 46, 46, 46, 46, 46, 46, 46], 16);
const NINES = memory.data<u8>([9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], 16);
const LANES = memory.data<u8>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], 16);
const PAIR = memory.data<u16>([2561, 2561, 2561, 2561, 2561, 2561, 2561, 2561], 16);
const HUNDREDS = memory.data<u16>([100, 1, 100, 1, 100, 1, 100, 1], 16);
const TEN_THOUSANDS = memory.data<u16>([10_000, 1, 10_000, 1, 10_000, 1, 10_000, 1], 16);
/** Before the first byte, wherever that is. */
const NO_POINT = -100;

/**
 * Reads a JSON number without exponent and of up to 15 digits into `number`, and returns where it ends; 0 when there is
 * none. One that is longer gives 0 or a place within it, where no value can end.
 */
export function readNumber(at: usize, number: usize): usize {
  const negative = load<u8>(at) === MINUS;
  const start = at + usize(negative);
  const bytes = v128.load(start);
  const figures = i8x16.sub(bytes, v128.load(ZEROS));
  const isFigure = i8x16.le_u(figures, v128.load(NINES));
  const allPoints = i8x16.bitmask(i8x16.eq(bytes, v128.load(POINTS)));
  const length = ctz(~(i8x16.bitmask(isFigure) | allPoints));
  const points = allPoints & ((1 << length) - 1);
  const point = points !== 0 ? ctz(points) : length;
  const behind = points !== 0 ? length - point - 1 : 0;
  const count = length - i32(points !== 0);
  const isNumber =
    point !== 0 &&
    count <= MAX_DIGITS &&
    (points & (points - 1)) === 0 &&
    (points === 0 || behind !== 0) &&
    (point === 1 || load<u8>(start) !== ZERO);
  if (!isNumber) return 0;
  const read = rightAligned(figures, length, points !== 0 ? point : NO_POINT);
  const whole = negative ? -read : read;
  store<i64>(number, whole, DIGITS);
  store<i32>(number, behind, PLACES);
  // Both are exact, so this is the double that is nearest to the number.
  let value = f64(whole);
  if (behind !== 0) value /= load<f64>(powers + (behind << 3));
  store<f64>(number, value, VALUE);
  return start + length;
}

/** The number that the first bytes make, whose values the figures are, leaving the one at `point` out. */
function rightAligned(figures: v128, length: i32, point: i32): i64 {
  const shifted = i8x16.add(v128.load(LANES), i8x16.splat(i8(length - 16)));
  // Those before the point come from one further to the left; a lane from beyond the start becomes zero.
  const from = i8x16.add(shifted, i8x16.lt_s(shifted, i8x16.splat(i8(point + 1))));
  const sixteen = i8x16.swizzle(figures, from);
  // Of two bytes a and b it keeps 10 * a + b of (256 * b + a) * (10 * 256 + 1), what is over 16 bits being lost.
  const pairs = i16x8.shr_u(i16x8.mul(sixteen, v128.load(PAIR)), 8);
  const fours = i32x4.dot_i16x8_s(pairs, v128.load(HUNDREDS));
  const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(fours, fours), v128.load(TEN_THOUSANDS));
  const both = i64x2.extract_lane(eights, 0);
  return (both & 0xffffffff) * 100_000_000 + (both >>> 32);
}
