// Routes for the errors bucket: what failed and why, and a replay of what can still be counted.

import * as z from 'zod/mini';
import { FAILURE_KINDS, kindOf } from '../core/failed-message.ts';
import type { Failures } from '../pipeline/failures.ts';
import { deviceId, pageLimit, time } from './fields.ts';
import { followed, shownFollowed } from './message-schema.ts';
import { ApiProblem } from './problem.ts';
import { route, type Route } from './route.ts';

const USUAL_PAGE = 20;
const LARGEST_PAGE = 50;

const key = z.string().check(
  z.maxLength(1024),
  z.refine((text) => kindOf(text) !== undefined, 'must be a `key` from GET /errors'),
);

const failure = z.strictObject({
  key: z.string(),
  kind: z
    .enum(FAILURE_KINDS)
    .check(
      z.describe(
        'rejected: ingest rejected readings. rule: a rule could not deliver the message. function: the function failed after all retries',
      ),
    ),
  storedAt: time,
  deviceId: z.optional(z.string()),
  traceId: z.optional(z.string()),
  receivedAt: z.optional(time),
  reasons: z.array(z.string()),
  canReplay: z.boolean(),
  problem: z.optional(z.string().check(z.describe('Why it cannot be replayed'))),
});

function errorsRoute(failures: Failures): Route {
  return route({
    method: 'GET',
    path: '/errors',
    summary: 'Rejected and failed messages, newest first, with the reasons',
    params: {},
    query: {
      kind: z.optional(z.enum(FAILURE_KINDS)),
      device: z.optional(deviceId.check(z.describe('Only rejections of this device'))),
      limit: pageLimit(USUAL_PAGE, LARGEST_PAGE),
    },
    answer: z.strictObject({
      failures: z.array(failure),
      total: z.int().check(z.describe('Number of objects listed')),
      isWhole: z
        .boolean()
        .check(z.describe('False if the bucket has more objects than were listed: there may be newer ones')),
    }),
    run: ({ query: { kind, device, limit = USUAL_PAGE } }) =>
      failures.list({ limit, ...(kind && { kind }), ...(device !== undefined && { device }) }),
  });
}

function errorRoute(failures: Failures): Route {
  return route({
    method: 'GET',
    path: '/errors/entry',
    summary: 'One object of the errors bucket, and what became of its messages since',
    params: {},
    query: { key },
    answer: z.strictObject({ failure, messages: z.array(followed) }),
    async run({ query, caller }) {
      const found = await failures.inspect(query.key);
      if (!found) throw gone(query.key);
      return { ...found, messages: found.messages.map((each) => shownFollowed(each, caller)) };
    },
  });
}

function replayRoute(failures: Failures): Route {
  return route({
    method: 'POST',
    path: '/errors/replay',
    summary:
      'Sends the messages of an object to the ingest function again. Readings that are counted already are not counted twice. The object stays',
    params: {},
    query: {},
    body: z.strictObject({
      key,
      from: z.optional(
        z
          .int()
          .check(z.minimum(0), z.describe('The `next` of an earlier answer: the number of messages to skip')),
      ),
    }),
    answer: z.strictObject({
      replayed: z.int().check(z.describe('Messages that the function accepted')),
      failed: z.array(z.strictObject({ index: z.int(), error: z.string() })),
      next: z.optional(
        z.int().check(z.describe('The `from` of the next call, if the time was too short for all')),
      ),
    }),
    async run({ body, count }) {
      const found = await failures.replay(body.key, body.from ?? 0);
      if (found === undefined) throw gone(body.key);
      if (typeof found === 'string') throw new ApiProblem(409, `It cannot be replayed: ${found}`);
      count('MessagesReplayed', found.replayed);
      count('ReplaysFailed', found.failed.length);
      return found;
    },
  });
}

export const errorRoutes = (failures: Failures): Route[] => [
  errorsRoute(failures),
  errorRoute(failures),
  replayRoute(failures),
];

const gone = (name: string) =>
  new ApiProblem(404, `The errors bucket has no object ${name}; objects expire after a year`);
