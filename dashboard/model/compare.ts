// What is drawn over a device's own lines: other devices, and one more of its metrics. The address says which.

import type { Route } from './route.ts';
import type { Columns } from './windows.ts';

export interface Compared {
  readonly devices: readonly string[];
  /** Of the device itself, over its main metric. */
  readonly metric: string | undefined;
}

/** Beside the device itself: more lines than four nobody tells apart. */
export const MOST_DEVICES = 3;

/** No device's name has a comma. */
const SEPARATOR = ',';

/** Of `?with=fridge-2,fridge-3&over=humidity`; each device once, and not the one that is shown. */
export function comparedOf({ query }: Pick<Route, 'query'>, deviceId: string): Compared {
  const named = (query['with'] ?? '').split(SEPARATOR).filter((name) => name !== '' && name !== deviceId);
  return { devices: [...new Set(named)].slice(0, MOST_DEVICES), metric: query['over'] || undefined };
}

/** The query that compares with these devices. */
export const queryWith = (devices: readonly string[]): Route['query'] => ({
  with: devices.join(SEPARATOR) || undefined,
});

/** What the line of another device or metric shows at a moment: its bucket there, if it measured then. */
export function valueAt(columns: Pick<Columns, 'x' | 'mean' | 'gaps'>, seconds: number): number | undefined {
  const index = indexAt(columns, seconds);
  return index === undefined ? undefined : (columns.mean[index] ?? undefined);
}

/** The bucket nearest to a moment; undefined where nothing was measured for a while. */
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
