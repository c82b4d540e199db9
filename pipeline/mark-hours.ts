// Marks the hours that late readings changed, so that they are folded again.

import { HOUR_MS, hourOf } from '../core/hour.ts';
import type { ParsedMessage } from '../core/message.ts';
import type { Delta } from '../core/window.ts';
import type { Batch } from './batch.ts';
import { MARKED_AFTER_MS } from './fold-hours.ts';
import type { Rollups } from './rollup-ports.ts';

export interface ChangedHour {
  readonly deviceId: string;
  /** Epoch milliseconds. */
  readonly start: number;
}

/** The hours of windows that may have been folded before they changed; `now`: after they were written. */
export function changedHours(
  windows: Iterable<Pick<Delta, 'deviceId' | 'windowStart'>>,
  now: number,
): ChangedHour[] {
  const found = new Map<string, ChangedHour>();
  for (const { deviceId, windowStart } of windows) {
    const start = hourOf(windowStart);
    if (now >= start + HOUR_MS + MARKED_AFTER_MS) found.set(`${start}/${deviceId}`, { deviceId, start });
  }
  return [...found.values()];
}

/** A step of a batch, after the windows are written: also of readings that were counted before, should that call have crashed. */
export async function markHours(
  batch: Batch,
  deltas: readonly Delta[],
  parts: { readonly rollups: Pick<Rollups, 'mark'>; readonly now: () => number; readonly share: number },
): Promise<void> {
  const isBehind = (message: ParsedMessage, { deviceId, start }: ChangedHour) =>
    message.accepted.some((reading) => reading.deviceId === deviceId && hourOf(reading.timestamp) === start);
  const mark = ({ deviceId, start }: ChangedHour) => parts.rollups.mark(deviceId, start);
  await batch.each(changedHours(deltas, parts.now()), mark, isBehind, parts.share);
}
