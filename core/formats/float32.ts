// A decoder that reads four bytes as a float and prints eight shows digits that nobody measured.

/** More digits than a float of 32 bits can tell apart. */
const MAX_DIGITS = 9;

/**
 * The shortest decimal of a float that was widened: 27.2 for 27.200000762939453. A number that was measured with so many
 * digits is exactly a float by one chance in 2^29. Everything else stays as it is.
 */
export function shortestFloat(value: unknown): unknown {
  if (typeof value !== 'number' || !Number.isFinite(value) || Math.fround(value) !== value) return value;
  for (let digits = 6; digits <= MAX_DIGITS; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
