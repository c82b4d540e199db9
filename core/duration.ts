// Durations as people write them in rules: a whole number and its unit, such as 30m.

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds; undefined if it is not a duration. */
export function durationOf(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,7})(s|m|h|d)$/.exec(text) ?? [];
  return digits === undefined || unit === undefined ? undefined : Number(digits) * UNITS[unit]!;
}

/** In the largest unit that needs no fraction; whole seconds. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000) * 1000;
  const unit = ['d', 'h', 'm'].find((name) => seconds > 0 && seconds % (UNITS[name] ?? NaN) === 0) ?? 's';
  return `${seconds / UNITS[unit]!}${unit}`;
}
