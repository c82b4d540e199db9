// The result that all contenders must agree on: sums over all windows, so that one wrong window shows.

/**
 * The sums over all windows of their minima, maxima and sums, in tenths: whole numbers, so that the order does not
 * matter.
 */
export interface MetricOutcome {
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

export interface FoldOutcome {
  readonly windows: number;
  readonly readings: number;
  readonly temperature: MetricOutcome;
  readonly humidity: MetricOutcome;
}

/** A window in the JavaScript contenders. */
export interface Tally {
  count: number;
  temperature: { sum: number; min: number; max: number };
  humidity: { sum: number; min: number; max: number };
}

export const emptyTally = (): Tally => ({
  count: 0,
  temperature: { sum: 0, min: Infinity, max: -Infinity },
  humidity: { sum: 0, min: Infinity, max: -Infinity },
});

export function addToTally(tally: Tally, temperature: number, humidity: number): void {
  tally.count += 1;
  addValue(tally.temperature, temperature);
  addValue(tally.humidity, humidity);
}

function addValue(statistics: Tally['temperature'], value: number): void {
  statistics.sum += value;
  if (value < statistics.min) statistics.min = value;
  if (value > statistics.max) statistics.max = value;
}

export function outcomeOfTallies(tallies: Iterable<Tally>): FoldOutcome {
  let windows = 0;
  let readings = 0;
  const total = { temperature: { sum: 0, min: 0, max: 0 }, humidity: { sum: 0, min: 0, max: 0 } };
  for (const tally of tallies) {
    windows += 1;
    readings += tally.count;
    for (const metric of ['temperature', 'humidity'] as const) {
      for (const statistic of ['sum', 'min', 'max'] as const) {
        total[metric][statistic] += tenths(tally[metric][statistic]);
      }
    }
  }
  return { windows, readings, ...total };
}

/** A value in tenths. Sums of doubles are off by less than a millionth, which rounding removes. */
export const tenths = (value: number): number => Math.round(value * 10);
