// Reads a device's windows over a span of time, page by page, rolled up on the way.

import { QueryCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { bucketStartOf, rollUp } from '../core/rollup.ts';
import type { Window } from '../core/window.ts';
import type { HistoryQuestion, WindowHistory } from '../pipeline/ports.ts';
import { windowOf } from './window-item.ts';

/** Windows that one page reads, some tenths of a second: more than the longest bucket has of the shortest windows. */
const MAX_WINDOWS = 10_000;

export function createWindowHistory(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly windowSeconds: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): WindowHistory {
  const { client, table, windowSeconds, now } = options;
  /** DynamoDB deletes expired items hours late. */
  const isAlive = (item: Record<string, AttributeValue>) => Number(item['expiresAt']?.N) * 1000 > now();

  async function* windowsIn({ deviceId, metric, from, to, seconds, limit }: HistoryQuestion) {
    let after: Record<string, AttributeValue> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: '#device = :device AND #start BETWEEN :first AND :last',
          ...namesFor(metric),
          ExpressionAttributeValues: {
            ':device': { S: deviceId },
            ':first': { N: String(bucketStartOf(from, seconds)) },
            ':last': { N: String(bucketStartOf(to - 1, seconds) + seconds * 1000 - 1) },
          },
          Limit: Math.min(limit * (seconds / windowSeconds) + 1, 1000),
          ExclusiveStartKey: after,
        }),
      );
      for (const item of Items) if (isAlive(item)) yield windowOf(item);
      after = LastEvaluatedKey;
    } while (after);
  }

  return {
    async read(question) {
      const { seconds, limit, metric } = question;
      const windows: Window[] = [];
      let [buckets, newest, looked] = [0, -Infinity, 0];
      for await (const window of windowsIn(question)) {
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
    },

    async stored(span) {
      const windows: Window[] = [];
      for await (const window of windowsIn({ ...span, seconds: windowSeconds })) {
        if (windows.push(window) === span.limit) break;
      }
      return windows;
    },

    async last(deviceId) {
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
      return Items.filter(isAlive).map(windowOf)[0];
    },
  };
}

/** The fingerprints of readings are left where they are. */
function namesFor(metric: string | undefined) {
  const names = { '#device': 'deviceId', '#start': 'windowStart' };
  if (metric === undefined) return { ExpressionAttributeNames: names };
  const figures = ['min', 'max', 'sum', 'count'].map((figure) => [`#${figure}`, `${metric}.${figure}`]);
  return {
    ExpressionAttributeNames: {
      ...names,
      ...Object.fromEntries(figures),
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
