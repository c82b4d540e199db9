// Routes for messages: the last messages of a device from the archive, and what became of each.

import * as z from 'zod/mini';
import { mappableOf } from '../core/message.ts';
import type { MessageContext } from '../core/reading.ts';
import { ruleEventOf } from '../core/rule-event.ts';
import type { FollowMessage } from '../pipeline/follow-message.ts';
import type { LastMessages } from '../pipeline/api-ports.ts';
import { deviceId, pageLimit, time, timeText } from './fields.ts';
import { followed, shownFollowed } from './message-schema.ts';
import { invalid } from './problem.ts';
import { route, type ApiCaller, type Route } from './route.ts';

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

interface Search {
  readonly deviceId: string;
  readonly before?: number | undefined;
  readonly traceId?: string | undefined;
  readonly limit?: number | undefined;
}

/** Whether the thing of the device sent the message, at the time and with the trace that are wanted. */
const isWanted = ({ deviceId: id, before, traceId }: Search, context: MessageContext) =>
  context.deviceId === thingOf(id) &&
  (before === undefined || context.receivedAt < before) &&
  (traceId === undefined || context.traceId === traceId);

/** Searches the archive, newest messages first. */
async function search({ follow, lastMessages }: MessageParts, query: Search, caller: ApiCaller) {
  const { deviceId: id, before, traceId, limit = USUAL_MESSAGES } = query;
  const messages: unknown[] = [];
  let seen = 0;
  let seenFrom: number | undefined;
  for await (const { event, key, storedAt } of lastMessages.newestFirst(before)) {
    const message = mappableOf(event);
    seen += 1;
    if (message) seenFrom = Math.min(seenFrom ?? Infinity, message.context.receivedAt);
    if (message && isWanted(query, message.context)) {
      const made = await follow(event, true);
      const isOfDevice =
        id === message.context.deviceId || made.readings.some((reading) => reading.deviceId === id);
      const payload = textOf(message.payload);
      if (isOfDevice) messages.push({ ...shownFollowed(made, caller), payload, archive: { key, storedAt } });
    }
    if (messages.length === (traceId === undefined ? limit : 1) || seen === MAX_SEEN) break;
  }
  return { messages, seen, seenFrom };
}

function messagesRoute(parts: MessageParts): Route {
  return route({
    method: 'GET',
    path: '/devices/{deviceId}/messages',
    summary:
      'The last messages of a device from the archive, newest first, and what became of each. A message appears in the archive up to 300 seconds after it arrives',
    params: { deviceId },
    query: {
      before: z.optional(timeText(parts.now).check(z.describe('Only messages that arrived earlier'))),
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
    run: async ({ params, query: { limit, ...query }, caller }) =>
      search(parts, { ...params, ...query, limit }, caller),
  });
}

function explainRoute({ follow, now }: Pick<MessageParts, 'follow' | 'now'>): Route {
  return route({
    method: 'POST',
    path: '/devices/{deviceId}/messages/explain',
    summary: 'Explains what becomes of a given message with the current rules and mappings. Stores nothing',
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
  });
}

export const messageRoutes = (stores: MessageParts): Route[] => [messagesRoute(stores), explainRoute(stores)];

const textOf = (payload: unknown) =>
  (typeof payload === 'string' ? payload : JSON.stringify(payload)).slice(0, LONGEST_SHOWN);
