// A decoder that reads four bytes as a float and stores a double prints digits that nobody measured.

/** The digits that suffice to distinguish all 32-bit floats. */
const MAX_DIGITS = 9;

/**
 * The shortest decimal of a float that was widened to a double: 27.2 for 27.200000762939453. A value measured with so many
 * digits equals a float with a probability of 2^-29. Everything else stays as it is.
 */
export function shortestFloat(value: unknown): unknown {
  if (typeof value !== 'number' || !Number.isFinite(value) || Math.fround(value) !== value) return value;
  for (let digits = 6; digits <= MAX_DIGITS; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
