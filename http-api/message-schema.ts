// The form in answers of a message with what became of it.

import * as z from 'zod/mini';
import type { FollowedMessage } from '../pipeline/follow-message.ts';
import { historyPage, shownEntry } from './alert-schema.ts';
import { time } from './fields.ts';
import type { ApiCaller } from './route.ts';

/** Of each kind; a message may have 1,000 readings of 32 metrics. */
const MOST_SHOWN = 100;

const sentence = z.string();

export const followed = z.strictObject({
  deviceId: z.optional(z.string()),
  site: z.optional(z.string()),
  receivedAt: z.optional(time),
  traceId: z.optional(z.string()),
  format: z.optional(z.string().check(z.describe('Absent where none was recognised'))),
  readings: z
    .array(
      z.strictObject({
        deviceId: z.string(),
        site: z.string(),
        timestamp: time,
        isOwnTime: z.boolean().check(z.describe('Said by the device; else it is when the message arrived')),
        metrics: z.array(
          z.strictObject({ name: z.string(), value: z.string(), unit: z.optional(z.string()) }),
        ),
        window: z.strictObject({ start: time, end: time }),
        counted: z
          .enum(['counted', 'absent', 'unknown'])
          .check(
            z.describe(
              'Whether its window has its fingerprint. unknown: the window has more readings than fingerprints at hand, or the message has no time of its own and was not read from the archive',
            ),
          ),
      }),
    )
    .check(z.describe(`The first ${MOST_SHOWN}`)),
  rejected: z.array(
    z.strictObject({ index: z.optional(z.int()), reason: sentence, detail: sentence, remedy: sentence }),
  ),
  skipped: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  rounded: z.int().check(z.describe('Values rounded at the fifteenth decimal')),
  judged: z.array(sentence).check(z.describe('Rules that look at it, a sentence each')),
  hints: z.array(sentence).check(z.describe('Rules that pass over a metric only for how it is spelled')),
  alerts: historyPage.shape.entries.check(z.describe('Changes of alerts that its windows brought about')),
});

export function shownFollowed(
  { context, readings, rejected, skipped, alerts, ...found }: FollowedMessage,
  caller: Pick<ApiCaller, 'group'>,
) {
  const { deviceId, site, receivedAt, traceId } = context ?? {};
  return {
    ...{ deviceId, site, receivedAt, traceId, ...found },
    readings: readings.slice(0, MOST_SHOWN),
    rejected: rejected.slice(0, MOST_SHOWN),
    skipped: skipped.slice(0, MOST_SHOWN).map(({ name, reason }) => ({ name, reason })),
    alerts: alerts.map((entry) => shownEntry(entry, caller)),
  };
}
