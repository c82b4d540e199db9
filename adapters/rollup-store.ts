// Stores folded hours: one item per hour and device, in the layout of a window, and marks for hours that changed since.

import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { decimalText } from '../core/decimal.ts';
import { HOUR_MS } from '../core/hour.ts';
import type { Bucket } from '../core/rollup.ts';
import type { Mark, Rollups } from '../pipeline/rollup-ports.ts';
import { windowOf, type Item } from './window-item.ts';

const DAY_SECONDS = 86_400;
/** Device ids have no number sign. */
const PROGRESS = { deviceId: { S: '#progress' }, windowStart: { N: '0' } };

/** A mark's sort key is the negative start of its hour, so that one small query finds a device's marks. */
const keyOf = (deviceId: string, sortKey: number): Item => ({
  deviceId: { S: deviceId },
  windowStart: { N: String(sortKey) },
});

interface RollupStoreOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** For hours. */
  readonly retentionDays: number;
  /** For windows: once an hour's first window has expired, its mark is useless. */
  readonly windowRetentionDays: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type Table = Pick<RollupStoreOptions, 'client' | 'table'>;

function createMark({ client, table, windowRetentionDays }: RollupStoreOptions): Rollups['mark'] {
  return async (deviceId, start) => {
    const expiresAt = Math.floor(start / 1000) + windowRetentionDays * DAY_SECONDS;
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: keyOf(deviceId, -start),
        UpdateExpression: 'SET expiresAt = :expires ADD times :one',
        ExpressionAttributeValues: { ':expires': { N: String(expiresAt) }, ':one': { N: '1' } },
      }),
    );
  };
}

export function createRollupStore(options: RollupStoreOptions): Rollups {
  const { client, table, retentionDays } = options;
  const readMarks = createMarksReader(options);
  return {
    progress: createProgressReader(options),

    async saveProgress({ until, after }) {
      const Item = { ...PROGRESS, until: { N: String(until) }, after: { S: after } };
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },

    async keep(deviceId, hour) {
      const put = new PutItemCommand({
        TableName: table,
        Item: itemOf(deviceId, hour, retentionDays),
        ConditionExpression: 'attribute_not_exists(readings) OR readings <= :readings',
        ExpressionAttributeValues: { ':readings': { N: String(hour.readings) } },
      });
      await client.send(put).catch(unlessRefused);
    },

    mark: createMark(options),

    marks: async (deviceId) => readMarks(deviceId),

    async unmark(deviceId, { start, times }) {
      const remove = new DeleteItemCommand({
        TableName: table,
        Key: keyOf(deviceId, -start),
        ConditionExpression: 'times = :times',
        ExpressionAttributeValues: { ':times': { N: String(times) } },
      });
      await client.send(remove).catch(unlessRefused);
    },
  };
}

export function createProgressReader({ client, table }: Table): Rollups['progress'] {
  return async () => {
    const get = new GetItemCommand({ TableName: table, Key: PROGRESS, ConsistentRead: true });
    const { Item } = await client.send(get);
    return Item && { until: Number(Item['until']?.N), after: Item['after']?.S ?? '' };
  };
}

/** Marks of hours from `from` to before `to` (epoch milliseconds), oldest first; all marks if both are absent. */
export function createMarksReader({ client, table, now }: Table & Pick<RollupStoreOptions, 'now'>) {
  return async (deviceId: string, from = 1, to = Number.MAX_SAFE_INTEGER): Promise<Mark[]> => {
    const marks: Mark[] = [];
    let after: Record<string, AttributeValue> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'deviceId = :device AND windowStart BETWEEN :last AND :first',
          ExpressionAttributeValues: {
            ':device': { S: deviceId },
            ':last': { N: String(-to + 1) },
            ':first': { N: String(-from) },
          },
          ScanIndexForward: false,
          ConsistentRead: true,
          ExclusiveStartKey: after,
        }),
      );
      for (const item of Items)
        if (Number(item['expiresAt']?.N) * 1000 > now())
          marks.push({ start: -Number(item['windowStart']?.N), times: Number(item['times']?.N) });
      after = LastEvaluatedKey;
    } while (after);
    return marks;
  };
}

function itemOf(deviceId: string, hour: Bucket, retentionDays: number): Item {
  const { start, readings, metrics } = hour;
  const statistics = [...metrics].flatMap(([metric, { min, max, sum, count }]) => [
    [`${metric}.min`, { N: decimalText(min) }] as const,
    [`${metric}.max`, { N: decimalText(max) }] as const,
    [`${metric}.sum`, { N: decimalText(sum) }] as const,
    [`${metric}.count`, { N: String(count) }] as const,
  ]);
  return {
    ...keyOf(deviceId, start),
    readings: { N: String(readings) },
    expiresAt: { N: String(Math.floor(start / 1000) + retentionDays * DAY_SECONDS) },
    ...Object.fromEntries(statistics),
    ...spanOf(hour),
  };
}

function spanOf({ firstReadingAt, lastReadingAt, lastFingerprint, last }: Bucket): Item {
  if (!Number.isFinite(firstReadingAt)) return {};
  const values = [...last].map(([metric, value]) => [metric, { N: decimalText(value) }] as const);
  return {
    firstReadingAt: { N: String(firstReadingAt) },
    lastReadingAt: { N: String(lastReadingAt) },
    lastFingerprint: { B: Buffer.from(lastFingerprint, 'hex') },
    last: { M: Object.fromEntries(values) },
  };
}

/** Reads the item of an hour; throws as `windowOf` does. */
export function hourOfItem(item: Item): Bucket {
  const { windowStart: start, deviceId: _id, site: _site, ...statistics } = windowOf(item);
  return { start, end: start + HOUR_MS, ...statistics };
}

function unlessRefused(error: unknown): void {
  if (!(error instanceof ConditionalCheckFailedException)) throw error;
}
