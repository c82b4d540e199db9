// The parts of messages that are not used: what was rejected in parsing, and readings for which a window has no room.

import type { ParsedMessage } from '../core/message.ts';
import type { Reading, Rejection } from '../core/reading.ts';
import { remedyFor } from '../core/remedy.ts';
import { maxReadingsOf, windowStartOf } from '../core/window.ts';
import type { Counting } from './ports.ts';

export interface Unused {
  readonly message: ParsedMessage;
  readonly rejected: readonly Rejection[];
}

/** The rejections of each message, including readings for which a window has no room. */
export function withOverflow(
  messages: readonly ParsedMessage[],
  overflow: ReadonlySet<Reading>,
  windowSeconds: number,
): Unused[] {
  const most = maxReadingsOf(windowSeconds);
  return messages.map((message) => {
    const full = message.accepted
      .filter((reading) => overflow.has(reading))
      .map((reading): Rejection => {
        const { original, ...place } = message.sourceOf(reading);
        const start = new Date(windowStartOf(reading.timestamp, windowSeconds)).toISOString();
        const detail = `${reading.deviceId} has ${most} readings in the window of ${start}, which is the most that a window takes`;
        return { ...place, reason: 'window-full', detail, original };
      });
    return { message, rejected: [...message.rejected, ...full] };
  });
}

/** The log names each device, the reason and the remedy, and nothing of the payload. */
export function countRejected(kept: readonly Unused[], counting: Counting): void {
  const rejected = kept.flatMap((one) =>
    one.rejected.map(({ reason }) => ({ reason, deviceId: one.message.context?.deviceId ?? 'unknown' })),
  );
  counting.count('ReadingsRejected', rejected.length);
  for (const [reason, ofReason] of Map.groupBy(rejected, (each) => each.reason)) {
    counting.count('ReadingsRejected', ofReason.length, reason);
    for (const [deviceId, { length: readings }] of Map.groupBy(ofReason, (each) => each.deviceId)) {
      counting.warn('Readings rejected', { deviceId, reason, readings, remedy: remedyFor(reason) });
    }
  }
}
