// Routes for messages: the last messages of a device from the archive, and what became of each.

import * as z from 'zod/mini';
import { mappableOf } from '../core/message.ts';
import { ruleEventOf } from '../core/rule-event.ts';
import type { FollowMessage } from '../pipeline/follow-message.ts';
import type { LastMessages } from '../pipeline/api-ports.ts';
import { deviceId, pageLimit, time, timeText } from './fields.ts';
import { followed, shownFollowed } from './message-schema.ts';
import { invalid } from './problem.ts';
import { route, type Route } from './route.ts';

const USUAL_MESSAGES = 10;
const MOST_MESSAGES = 50;
/** Most lines of the archive that are searched. */
const MAX_SEEN = 50_000;
const LARGEST_PAYLOAD = 131_072;
const LONGEST_SHOWN = 4000;

/** The thing that publishes: for a sensor behind a gateway, the gateway. */
const thingOf = (id: string) => id.split(':', 1)[0]!;

interface MessageParts {
  readonly follow: FollowMessage;
  readonly lastMessages: LastMessages;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The last messages of a device. */
function archiveRoutes({ follow, lastMessages, now }: MessageParts): Route[] {
  return [
    route({
      method: 'GET',
      path: '/devices/{deviceId}/messages',
      summary:
        'The last messages of a device from the archive, newest first, and what became of each. A message appears in the archive up to 300 seconds after it arrives',
      params: { deviceId },
      query: {
        before: z.optional(timeText(now).check(z.describe('Only messages that arrived earlier'))),
        traceId: z.optional(
          z
            .string()
            .check(
              z.minLength(1),
              z.maxLength(128),
              z.describe('Only that message; also give `before`, a moment after it arrived'),
            ),
        ),
        limit: pageLimit(USUAL_MESSAGES, MOST_MESSAGES),
      },
      answer: z.strictObject({
        messages: z.array(
          z.extend(followed, {
            payload: z
              .string()
              .check(z.describe(`JSON, or Base64 if it is not JSON: the first ${LONGEST_SHOWN} characters`)),
            archive: z.strictObject({ key: z.string(), storedAt: time }),
          }),
        ),
        seen: z.int().check(z.describe('Messages of all devices that were searched')),
        seenFrom: z.optional(time.check(z.describe('When the oldest of them arrived; epoch milliseconds'))),
      }),
      async run({ params, query: { before, traceId, limit = USUAL_MESSAGES }, caller }) {
        const found: unknown[] = [];
        let seen = 0;
        let seenFrom: number | undefined;
        for await (const { event, key, storedAt } of lastMessages.newestFirst(before)) {
          const message = mappableOf(event);
          seen += 1;
          if (message) {
            const { context } = message;
            seenFrom = Math.min(seenFrom ?? Infinity, context.receivedAt);
            const isMeant =
              context.deviceId === thingOf(params.deviceId) &&
              (before === undefined || context.receivedAt < before) &&
              (traceId === undefined || context.traceId === traceId);
            if (isMeant) {
              const made = await follow(event, true);
              const isOfChild =
                params.deviceId === context.deviceId ||
                made.readings.some((reading) => reading.deviceId === params.deviceId);
              const payload = textOf(message.payload);
              if (isOfChild)
                found.push({ ...shownFollowed(made, caller), payload, archive: { key, storedAt } });
            }
          }
          if (found.length === (traceId === undefined ? limit : 1) || seen === MAX_SEEN) break;
        }
        return { messages: found, seen, seenFrom };
      },
    }),
  ];
}

/** What would become of a message. */
function explainRoutes({ follow, now }: MessageParts): Route[] {
  return [
    route({
      method: 'POST',
      path: '/devices/{deviceId}/messages/explain',
      summary: 'Explains what becomes of a given message with the present rules and mappings. Stores nothing',
      params: { deviceId },
      query: {},
      body: z.strictObject({
        topic: z.string().check(z.maxLength(256)),
        payload: z.string().check(z.maxLength(2 * LARGEST_PAYLOAD), z.describe('Base64')),
        receivedAt: z.optional(time),
      }),
      answer: followed,
      async run({ params, body: { topic, payload, receivedAt = now() }, caller }) {
        const event = ruleEventOf(topic, Buffer.from(payload, 'base64'), {
          receivedAt,
          traceId: 'explained',
        });
        if (event?.['deviceId'] !== thingOf(params.deviceId))
          throw invalid({
            in: 'body',
            name: 'topic',
            detail: `must be telemetry/SITE/${thingOf(params.deviceId)} or below it`,
          });
        return shownFollowed(await follow(event, false), caller);
      },
    }),
  ];
}

export const messageRoutes = (stores: MessageParts): Route[] => [
  ...archiveRoutes(stores),
  ...explainRoutes(stores),
];

const textOf = (payload: unknown) =>
  (typeof payload === 'string' ? payload : JSON.stringify(payload)).slice(0, LONGEST_SHOWN);
