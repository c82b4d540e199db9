// Reads a device's windows of a span of time, page by page, and rolls them up; stored hours are read instead of their windows.

import { QueryCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { foldHours, hasWholeWindows, HOUR_MS, HOUR_SECONDS, hourOf } from '../core/hour.ts';
import { bucketStartOf, rollUp, type Bucket } from '../core/rollup.ts';
import type { Window } from '../core/window.ts';
import type { HistoryQuestion, WindowHistory } from '../pipeline/ports.ts';
import { createMarksReader, createProgressReader, hourOfItem } from './rollup-store.ts';
import { chunkIn, seenIn, windowOf, type Item } from './window-item.ts';

/** Most windows that one page reads, in a few tenths of a second: more than a day of ten-second windows. */
const MAX_WINDOWS = 10_000;

interface WindowHistoryOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** The table of stored hours; without it, all hours are folded from windows. */
  readonly rollupsTable?: string;
  readonly windowSeconds: number;
  /** Whether reads are consistent. */
  readonly isConsistent?: boolean;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type Span = Pick<HistoryQuestion, 'deviceId' | 'metric'> & {
  /** Epoch milliseconds: from `first` to `last`, inclusive. */
  readonly first: number;
  readonly last: number;
  /** Items per request. */
  readonly page: number;
};

/** The newest window that has not expired. */
async function lastOf(
  { client, table, now }: WindowHistoryOptions,
  deviceId: string,
): Promise<Window | undefined> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: '#device = :device',
      ExpressionAttributeNames: { '#device': 'deviceId' },
      ExpressionAttributeValues: { ':device': { S: deviceId } },
      ScanIndexForward: false,
      Limit: 1,
    }),
  );
  return Items.filter((item) => isAlive(item, now())).map(windowOf)[0];
}

type WindowsIn = (span: Span) => AsyncGenerator<Window>;
type PiecesIn = (span: Span) => AsyncGenerator<Piece>;

/** @returns `read` of the history. @param hoursIn gives stored hours, if there are any */
function createRead(
  windowSeconds: number,
  windowsIn: WindowsIn,
  hoursIn: PiecesIn | undefined,
): WindowHistory['read'] {
  /** Windows, or stored hours instead. */
  function piecesIn({ seconds, limit, from, to, ...of }: HistoryQuestion) {
    const span = {
      ...of,
      first: bucketStartOf(from, seconds),
      last: bucketStartOf(to - 1, seconds) + seconds * 1000 - 1,
      page: Math.min(limit * (seconds / windowSeconds) + 1, 1000),
    };
    return hoursIn && seconds % HOUR_SECONDS === 0 ? asWindows(hoursIn(span)) : windowsIn(span);
  }

  return async (question) => {
    const { seconds, limit, metric } = question;
    const windows: Window[] = [];
    let [buckets, newest, looked] = [0, -Infinity, 0];
    for await (const window of piecesIn(question)) {
      const start = bucketStartOf(window.windowStart, seconds);
      if (start > newest && (buckets === limit || looked >= MAX_WINDOWS)) {
        return { buckets: rollUp(windows, seconds), next: start };
      }
      looked += 1;
      if (metric !== undefined && !window.metrics.has(metric)) continue;
      if (start > newest) buckets += 1;
      newest = start;
      windows.push(window);
    }
    return { buckets: rollUp(windows, seconds) };
  };
}

export function createWindowHistory(options: WindowHistoryOptions): WindowHistory {
  const { table, rollupsTable, windowSeconds } = options;
  const query = createQuery(options);
  const hoursIn =
    rollupsTable !== undefined && hasWholeWindows(windowSeconds)
      ? createHours({ ...options, rollupsTable }, query)
      : undefined;

  async function* windowsIn(span: Span): AsyncGenerator<Window> {
    for await (const item of query(table, span)) yield windowOf(item);
  }

  return {
    read: createRead(windowSeconds, windowsIn, hoursIn),

    async hours({ deviceId, from, to }) {
      const span = { deviceId, first: hourOf(from), last: hourOf(to - 1) + HOUR_MS - 1, page: 1000 };
      const hours: Bucket[] = [];
      const windows: Window[] = [];
      for await (const piece of (hoursIn ?? windowsIn)(span)) {
        if ('end' in piece) hours.push(piece);
        else windows.push(piece);
      }
      return [...hours, ...foldHours(windows)].sort((a, b) => a.start - b.start);
    },

    async stored({ deviceId, from, to, limit }) {
      const windows: Window[] = [];
      const first = bucketStartOf(from, windowSeconds);
      const last = bucketStartOf(to - 1, windowSeconds) + windowSeconds * 1000 - 1;
      for await (const window of windowsIn({ deviceId, first, last, page: Math.min(limit + 1, 1000) })) {
        if (windows.push(window) === limit) break;
      }
      return windows;
    },

    async fingerprints(deviceId, windowStart) {
      for await (const item of query(table, { deviceId, first: windowStart, last: windowStart, page: 1 }))
        return { known: seenIn(item), isWhole: chunkIn(item) === undefined };
      return undefined;
    },

    last: async (deviceId) => lastOf(options, deviceId),
  };
}

/** DynamoDB may delete expired items hours late. */
const isAlive = (item: Item, now: number) => Number(item['expiresAt']?.N) * 1000 > now;

type Query = (table: string, span: Span, more?: { readonly isConsistent: true }) => AsyncGenerator<Item>;

function createQuery({ client, isConsistent = false, now }: WindowHistoryOptions): Query {
  return async function* itemsIn(table, { deviceId, metric, first, last, page }, more) {
    let after: Record<string, AttributeValue> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: '#device = :device AND #start BETWEEN :first AND :last',
          ...namesFor(metric),
          ExpressionAttributeValues: {
            ':device': { S: deviceId },
            ':first': { N: String(first) },
            ':last': { N: String(last) },
          },
          Limit: page,
          ConsistentRead: more?.isConsistent ?? isConsistent,
          ExclusiveStartKey: after,
        }),
      );
      for (const item of Items) if (isAlive(item, now())) yield item;
      after = LastEvaluatedKey;
    } while (after);
  };
}

type Piece = Window | Bucket;

/** Stored hours, oldest first, and the windows of hours that are not folded yet or have changed since. */
function createHours(
  options: WindowHistoryOptions & { readonly rollupsTable: string },
  query: Query,
): PiecesIn {
  const { client, table, rollupsTable, now } = options;
  const readProgress = createProgressReader({ client, table: rollupsTable });
  const readMarks = createMarksReader({ client, table: rollupsTable, now });

  async function* windowsIn(span: Span): AsyncGenerator<Piece> {
    for await (const item of query(table, span, { isConsistent: true })) yield windowOf(item);
  }

  return async function* hoursIn(span) {
    const { deviceId, first, last } = span;
    const { until = first } = (await readProgress()) ?? {};
    const end = Math.max(first, Math.min(last + 1, until));
    // Marks are read before the hours, so that an hour without a mark matched its windows at that time.
    const marks = end > first ? await readMarks(deviceId, first, end) : [];
    const changed = marks.map(({ start }) => start);
    async function* changedBefore(time: number) {
      while (changed.length > 0 && changed[0]! < time) {
        const start = changed.shift()!;
        yield* windowsIn({ ...span, first: start, last: start + HOUR_MS - 1 });
      }
    }
    if (end > first) {
      for await (const item of query(rollupsTable, { ...span, last: end - 1 }, { isConsistent: true })) {
        const hour = hourOfItem(item);
        yield* changedBefore(hour.start);
        if (changed[0] !== hour.start) yield hour;
      }
      yield* changedBefore(end);
    }
    if (last >= end) yield* windowsIn({ ...span, first: end });
  };
}

/** Presents hours as windows of an hour. */
async function* asWindows(pieces: AsyncIterable<Piece>): AsyncGenerator<Window> {
  for await (const piece of pieces) {
    if (!('end' in piece)) yield piece;
    else yield { ...piece, windowStart: piece.start, deviceId: '', site: '' };
  }
}

/** The attributes to read: without the fingerprints of readings. */
function namesFor(metric: string | undefined) {
  const names = { '#device': 'deviceId', '#start': 'windowStart' };
  if (metric === undefined) return { ExpressionAttributeNames: names };
  const statistics = ['min', 'max', 'sum', 'count'].map((name) => [`#${name}`, `${metric}.${name}`]);
  return {
    ExpressionAttributeNames: {
      ...names,
      ...Object.fromEntries(statistics),
      '#readings': 'readings',
      '#expires': 'expiresAt',
      '#site': 'site',
      '#first': 'firstReadingAt',
      '#newest': 'lastReadingAt',
      '#print': 'lastFingerprint',
      '#last': 'last',
    },
    ProjectionExpression:
      '#device, #start, #site, #readings, #expires, #min, #max, #sum, #count, #first, #newest, #print, #last',
  };
}
