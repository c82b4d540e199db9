// The schema of a message and its outcome in answers.

import * as z from 'zod/mini';
import type { FollowedMessage } from '../pipeline/follow-message.ts';
import { historyPage, shownEntry } from './alert-schema.ts';
import { time } from './fields.ts';
import type { ApiCaller } from './route.ts';

/** Most entries of each kind; a message may have 1,000 readings of 32 metrics. */
const MOST_SHOWN = 100;

const sentence = z.string();

export const followed = z.strictObject({
  deviceId: z.optional(z.string()),
  site: z.optional(z.string()),
  receivedAt: z.optional(time),
  traceId: z.optional(z.string()),
  format: z.optional(z.string().check(z.describe('Absent if none was recognised'))),
  readings: z
    .array(
      z.strictObject({
        deviceId: z.string(),
        site: z.string(),
        timestamp: time,
        isOwnTime: z
          .boolean()
          .check(z.describe('True if the time comes from the device, false if it is the time of arrival')),
        metrics: z.array(
          z.strictObject({ name: z.string(), value: z.string(), unit: z.optional(z.string()) }),
        ),
        window: z.strictObject({ start: time, end: time }),
        counted: z
          .enum(['counted', 'absent', 'unknown'])
          .check(
            z.describe(
              'Whether its window has its fingerprint. unknown: the window has more readings than fingerprints that can be read, or the message has no time of its own and was not read from the archive',
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
  judged: z.array(sentence).check(z.describe('Rules that judge it, a sentence each')),
  hints: z.array(sentence).check(z.describe('Rules that skip a metric only because of its spelling')),
  alerts: historyPage.shape.entries.check(z.describe('Changes of alerts that its windows caused')),
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
