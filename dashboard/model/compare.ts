// What is drawn over a device's own plot: other devices, and one more of its metrics. The address holds the choice.

import type { Route } from './route.ts';
import type { Columns } from './windows.ts';

export interface Compared {
  readonly devices: readonly string[];
  /** Another metric of the device, drawn over its main one. */
  readonly metric: string | undefined;
}

/** Besides the device itself. More than four lines are hard to tell apart. */
export const MOST_DEVICES = 3;

/** Device names have no commas. */
const SEPARATOR = ',';

/** Parses `?with=fridge-2,fridge-3&over=humidity`: each device once, without the one that is shown. */
export function comparedOf({ query }: Pick<Route, 'query'>, deviceId: string): Compared {
  const named = (query['with'] ?? '').split(SEPARATOR).filter((name) => name !== '' && name !== deviceId);
  return { devices: [...new Set(named)].slice(0, MOST_DEVICES), metric: query['over'] || undefined };
}

/** The query parameters for comparing with these devices. */
export const queryWith = (devices: readonly string[]): Route['query'] => ({
  with: devices.join(SEPARATOR) || undefined,
});

/** The value of a line at a moment; undefined if nothing was measured then. */
export function valueAt(columns: Pick<Columns, 'x' | 'mean' | 'gaps'>, seconds: number): number | undefined {
  const index = indexAt(columns, seconds);
  return index === undefined ? undefined : (columns.mean[index] ?? undefined);
}

/** The index of the bucket nearest to a moment; undefined within a gap. */
export function indexAt({ x, gaps }: Pick<Columns, 'x' | 'gaps'>, seconds: number): number | undefined {
  const at = seconds * 1000;
  if (x.length === 0 || gaps.some(([from, to]) => at > from && at < to)) return undefined;
  let [low, high] = [0, x.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle]! < seconds) low = middle + 1;
    else high = middle;
  }
  return low > 0 && seconds - x[low - 1]! < x[low]! - seconds ? low - 1 : low;
}
