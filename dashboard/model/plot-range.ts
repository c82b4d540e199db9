// A plot's value range: the data and the limits near it, rounded to whole steps, without jumping.

export type Range = readonly [low: number, high: number];

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** A step such that a dozen of them cover the span. */
const stepOf = (span: number) =>
  STEPS.find((step) => span / step <= 12) ?? 10 ** Math.ceil(Math.log10(span / 12));

/**
 * @param limits included if their distance to the data is at most the data's height, or at most `reach`
 * @param before the range shown before for the same span; the new range includes it
 */
export function rangeOf(
  values: readonly (number | null)[],
  limits: readonly number[],
  before?: Range,
  reach = 8,
): Range {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = limits.length > 0 ? [Math.min(...limits), Math.max(...limits)] : [0, 1];
  const near = Math.max(high - low, reach);
  const shown = limits.filter((limit) => limit >= low - near && limit <= high + near);
  low = Math.min(low, ...shown);
  high = Math.max(high, ...shown);
  const step = stepOf(Math.max(high - low, 0.5) * 1.15);
  const pad = (high - low || step) * 0.06;
  const whole = (steps: number) => Number((steps * step).toFixed(6)); // 38 * 0.1 is 3.8000000000000003
  const range: Range = [whole(Math.floor((low - pad) / step)), whole(Math.ceil((high + pad) / step))];
  return before ? [Math.min(before[0], range[0]), Math.max(before[1], range[1])] : range;
}
