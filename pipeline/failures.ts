// Lists the errors bucket: what failed and why, what is known about each message now, and a replay of those that can still be counted.

import {
  failedMessageOf,
  FAILURE_KINDS,
  FAILURE_PREFIXES,
  type Again,
  type FailedMessage,
  type FailureKind,
} from '../core/failed-message.ts';
import { inParallel } from '../core/in-parallel.ts';
import { mappableOf } from '../core/message.ts';
import type { FollowedMessage, FollowMessage } from './follow-message.ts';
import type { ApiPorts } from './api-ports.ts';

export interface Failure extends Omit<FailedMessage, 'again'> {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly storedAt: number;
  readonly canReplay: boolean;
  /** Why it cannot be replayed. */
  readonly problem?: string;
}

export interface FailureList {
  /** Newest first. */
  readonly failures: readonly Failure[];
  /** False if the bucket has more objects than were listed: there may be newer ones. */
  readonly isWhole: boolean;
  readonly total: number;
}

export interface Replayed {
  /** Messages that the ingest function accepted. */
  readonly replayed: number;
  readonly failed: readonly { readonly index: number; readonly error: string }[];
  /** The index to continue from, when the time was too short for all. */
  readonly next?: number;
}

export interface Failures {
  /** `device` selects the rejections of one device. Rejects with the SDK's error, as all verbs do. */
  list(query: {
    readonly kind?: FailureKind;
    readonly device?: string;
    readonly limit: number;
  }): Promise<FailureList>;
  /** Undefined if there is no such object. `messages`: the first few, followed through the stack as of now. */
  inspect(
    key: string,
  ): Promise<{ readonly failure: Failure; readonly messages: readonly FollowedMessage[] } | undefined>;
  /** From message `from` on. Undefined if there is no such object; a text says why it cannot be replayed. */
  replay(key: string, from: number): Promise<Replayed | string | undefined>;
}

const READS_AT_ONCE = 8;
const MOST_FOLLOWED = 5;
const REPLAYS_AT_ONCE = 4;
/** API Gateway waits 29 seconds, and one more message may take ten. */
const REPLAY_MS = 12_000;
/** The name of a Firehose batch may carry a time this long after its first message. */
const ARCHIVE_MARGIN_MS = 1000;
/** Firehose writes its buffer after 300 s at the latest. */
const ARCHIVED_AFTER_MS = 360_000;
/** Lines of the archive that are searched for one message. */
const MAX_LINES = 200_000;

async function eventsOf(
  { lastMessages, now }: Pick<ApiPorts, 'lastMessages' | 'now'>,
  again: Again,
): Promise<readonly unknown[] | string> {
  if ('problem' in again) return again.problem;
  if ('events' in again) return again.events;
  const { traceId, receivedAt } = again.archived;
  let lines = 0;
  for await (const { event } of lastMessages.newestFirst(receivedAt + ARCHIVE_MARGIN_MS)) {
    lines += 1;
    if (mappableOf(event)?.context.traceId === traceId) return [event];
    if (lines === MAX_LINES) break;
  }
  const archivedBy = receivedAt + ARCHIVED_AFTER_MS;
  return now() < archivedBy
    ? `An earlier version stored it without its message, which will be in the archive by ${new Date(archivedBy).toISOString()}. Try again then`
    : 'An earlier version stored it without its message, which was not found in the archive. Read it as docs/operations.md describes';
}

const shown = (key: string, storedAt: number, { again, ...message }: FailedMessage): Failure => ({
  ...message,
  ...{ key, storedAt, canReplay: !('problem' in again) },
  ...('problem' in again && { problem: again.problem }),
});

type FailurePorts = Pick<ApiPorts, 'errors' | 'lastMessages' | 'ingestAgain' | 'now'> & {
  readonly follow: FollowMessage;
};

async function readMessage(
  { errors }: Pick<FailurePorts, 'errors'>,
  key: string,
): Promise<FailedMessage | undefined> {
  const text = await errors.read(key);
  return text === undefined ? undefined : failedMessageOf(key, text);
}

function createList({ errors }: Pick<FailurePorts, 'errors'>): Failures['list'] {
  return async ({ kind, device, limit }) => {
    const kinds = kind === undefined ? FAILURE_KINDS : [kind];
    const prefixes =
      device === undefined ? kinds.map((each) => FAILURE_PREFIXES[each]) : [errors.folderOf(device)];
    const pages = await Promise.all(prefixes.map((prefix) => errors.list(prefix)));
    const objects = pages.flatMap((page) => page.objects).sort((a, b) => b.storedAt - a.storedAt);
    const newest = objects.slice(0, limit);
    const found = new Map<string, Failure>();
    await inParallel(newest, READS_AT_ONCE, async ({ key, storedAt }) => {
      const message = await readMessage({ errors }, key);
      if (message) found.set(key, shown(key, storedAt, message));
    });
    return {
      failures: newest.flatMap(({ key }) => found.get(key) ?? []),
      isWhole: pages.every((page) => page.isWhole),
      total: objects.length,
    };
  };
}

function createInspect(ports: FailurePorts): Failures['inspect'] {
  const { errors, follow } = ports;
  return async (key) => {
    const [message, { objects }] = await Promise.all([readMessage(ports, key), errors.list(key)]);
    if (!message) return undefined;
    const failure = shown(key, objects.find((each) => each.key === key)?.storedAt ?? 0, message);
    const events = await eventsOf(ports, message.again);
    if (typeof events === 'string')
      return { failure: { ...failure, canReplay: false, problem: events }, messages: [] };
    const messages: FollowedMessage[] = [];
    for (const event of events.slice(0, MOST_FOLLOWED)) messages.push(await follow(event, true));
    return { failure, messages };
  };
}

function createReplay(ports: FailurePorts): Failures['replay'] {
  const { ingestAgain, now } = ports;
  return async (key, from) => {
    const message = await readMessage(ports, key);
    if (!message) return undefined;
    const events = await eventsOf(ports, message.again);
    if (typeof events === 'string') return events;
    const until = now() + REPLAY_MS;
    const failed: { index: number; error: string }[] = [];
    let [replayed, next] = [0, from];
    while (next < events.length && now() < until) {
      const some = events.slice(next, next + REPLAYS_AT_ONCE).map((event, n) => ({ event, index: next + n }));
      await inParallel(some, REPLAYS_AT_ONCE, async ({ event, index }) => {
        const error = await ingestAgain(event);
        if (error === undefined) replayed += 1;
        else failed.push({ index, error });
      });
      next += some.length;
    }
    return { replayed, failed, ...(next < events.length && { next }) };
  };
}

export const createFailures = (ports: FailurePorts): Failures => ({
  list: createList(ports),
  inspect: createInspect(ports),
  replay: createReplay(ports),
});
