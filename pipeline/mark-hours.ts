// Marks the hours that late readings changed, so that they are folded again.

import { changedHours, hourOf, type ChangedHour } from '../core/hour.ts';
import type { ParsedMessage } from '../core/message.ts';
import type { Delta } from '../core/window.ts';
import type { Batch } from './batch.ts';
import type { Rollups } from './rollup-ports.ts';

/**
 * A step of a batch, after the windows are written. Readings that an earlier call counted mark their hour too, in
 * case that call crashed.
 */
export async function markHours(
  batch: Batch,
  deltas: readonly Delta[],
  parts: { readonly rollups: Pick<Rollups, 'mark'>; readonly now: () => number; readonly share: number },
): Promise<void> {
  const isBehind = ({ accepted }: ParsedMessage, { deviceId, start }: ChangedHour) =>
    accepted.some((reading) => reading.deviceId === deviceId && hourOf(reading.timestamp) === start);
  const behind = (hour: ChangedHour) =>
    batch.ofDevice(hour.deviceId).filter((message) => isBehind(message, hour));
  const mark = ({ deviceId, start }: ChangedHour) => parts.rollups.mark(deviceId, start);
  await batch.each(changedHours(deltas, parts.now()), mark, behind, parts.share);
}
