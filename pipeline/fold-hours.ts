// Folds the hours that are over, device by device and hour by hour, so that years can be read after the windows have expired.

import type { Device } from '../core/device.ts';
import { FOLDED_AFTER_MS, foldHours, hasWholeWindows, HOUR_MS, hourOf } from '../core/hour.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { WindowHistory } from './ports.ts';
import type { RollupProgress, Rollups } from './rollup-ports.ts';

const READS_AT_ONCE = 16;
/** After these devices the progress is saved, and the time left is checked. */
const DEVICES_AT_ONCE = 64;

/**
 * Continues where it stopped, until `endsAt` (epoch milliseconds); `devices` sorted by name. `isLate`: what is left is
 * so old that its windows may expire first. Rejects with the SDK's error; safe to repeat.
 */
export type FoldHours = (
  devices: readonly Device[],
  options: { readonly endsAt: number },
) => Promise<{ readonly isLate: boolean }>;

interface FoldParts {
  readonly rollups: Omit<Rollups, 'mark'>;
  /** Must read consistently. */
  readonly windows: Pick<WindowHistory, 'stored'>;
  readonly windowSeconds: number;
  readonly retentionDays: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The hour of the oldest stored window. */
async function firstHour(
  { windows, retentionDays, now }: FoldParts,
  devices: readonly Device[],
): Promise<number | undefined> {
  const span = { from: now() - retentionDays * 24 * HOUR_MS, to: now(), limit: 1 };
  const oldest = await inParallel(devices, READS_AT_ONCE, async ({ deviceId }) => {
    const [window] = await windows.stored({ ...span, deviceId });
    return window?.windowStart ?? Infinity;
  });
  const first = oldest.reduce((a, b) => Math.min(a, b), Infinity);
  return first === Infinity ? undefined : hourOf(first);
}

/** Folds the hour, and the earlier ones that changed since they were folded. The marks are read before the windows. */
async function foldDevice(
  { rollups, windows, windowSeconds }: FoldParts,
  deviceId: string,
  hour: number,
): Promise<void> {
  const marks = (await rollups.marks(deviceId)).filter(({ start }) => start <= hour);
  for (const start of new Set([hour, ...marks.map((mark) => mark.start)])) {
    const limit = HOUR_MS / 1000 / windowSeconds;
    const stored = await windows.stored({ deviceId, from: start, to: start + HOUR_MS, limit });
    for (const folded of foldHours(stored)) await rollups.keep(deviceId, folded);
  }
  for (const mark of marks) await rollups.unmark(deviceId, mark);
}

export function createFoldHours(parts: FoldParts): FoldHours {
  const { rollups, windowSeconds, retentionDays, now } = parts;

  /** Saves the progress, and gives it. */
  async function foldHour(
    { until, after }: RollupProgress,
    devices: readonly Device[],
    endsAt: number,
  ): Promise<RollupProgress> {
    let done = after;
    const left = devices.filter(({ deviceId }) => deviceId > after);
    for (let from = 0; from < left.length; from += DEVICES_AT_ONCE) {
      if (now() >= endsAt) break;
      const some = left.slice(from, from + DEVICES_AT_ONCE);
      await inParallel(some, READS_AT_ONCE, async ({ deviceId }) => foldDevice(parts, deviceId, until));
      done = some.at(-1)!.deviceId;
    }
    const isOver = done === (left.at(-1)?.deviceId ?? done);
    const progress = isOver ? { until: until + HOUR_MS, after: '' } : { until, after: done };
    await rollups.saveProgress(progress);
    return progress;
  }

  return async (devices, { endsAt }) => {
    if (!hasWholeWindows(windowSeconds)) return { isLate: false };
    let progress = await rollups.progress();
    if (!progress) {
      const first = await firstHour(parts, devices);
      if (first === undefined) return { isLate: false };
      progress = { until: first, after: '' };
    }
    const isDue = ({ until }: RollupProgress) => now() >= until + HOUR_MS + FOLDED_AFTER_MS;
    while (isDue(progress) && now() < endsAt) progress = await foldHour(progress, devices, endsAt);
    return { isLate: now() - progress.until > (retentionDays * 24 * HOUR_MS) / 2 };
  };
}
