// Stores the history of alerts, one item per change, until the table's retention ends.

import {
  ConditionalCheckFailedException,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { HistoryEntry, Notification } from '../core/alert-state.ts';
import { sentTo, type SentTo, type Subscriber } from '../core/sent-to.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { AlertHistory, AlertHistoryPage } from '../pipeline/ports.ts';

const DAY_MS = 86_400_000;
const DAY_SECONDS = 86_400;
/** Hexadecimal digits of a window's start. */
const WINDOW_DIGITS = 12;
const CALLS_AT_ONCE = 8;
/** Each day takes a query, even without entries. */
const MAX_DAYS_A_PAGE = 31;

interface HistoryOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** Entries expire this many days after the change that they describe. */
  readonly retentionDays: number;
}

async function put({ client, table, retentionDays }: HistoryOptions, entry: HistoryEntry): Promise<void> {
  const key = keyOf(entry);
  const Item = {
    deviceId: { S: entry.deviceId },
    entry: { S: key },
    day: { S: key.slice(0, 10) },
    event: { S: JSON.stringify(entry) },
    expiresAt: { N: String(Math.floor(entry.at / 1000) + retentionDays * DAY_SECONDS) },
  };
  await client.send(new PutItemCommand({ TableName: table, Item }));
}

async function noteSent(
  { client, table }: HistoryOptions,
  notification: Notification,
  at: number,
  confirmed: readonly Subscriber[] | undefined,
): Promise<void> {
  const { deviceId, decidedAt, windowStart, alertId } = notification;
  const key = keyOf({ at: decidedAt, windowStart, entryId: alertId });
  const update = new UpdateItemCommand({
    TableName: table,
    Key: { deviceId: { S: deviceId }, entry: { S: key } },
    UpdateExpression: `SET sentAt = :at${confirmed ? ', sentTo = :to' : ''}`,
    ConditionExpression: 'attribute_exists(deviceId)',
    ExpressionAttributeValues: {
      ':at': { N: String(at) },
      ...(confirmed && { ':to': { S: JSON.stringify(sentTo(notification, confirmed)) } }),
    },
  });
  try {
    await client.send(update);
  } catch (error) {
    // The entry is not written yet, or became part of another one.
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

/** Entries of a device or a day with keys from `first` to before `end`, newest first. */
async function query(
  { client, table }: HistoryOptions,
  partition: { readonly deviceId: string } | { readonly day: string },
  { first, end, limit }: { readonly first: string; readonly end: string; readonly limit: number },
): Promise<HistoryEntry[]> {
  if (first >= end) return [];
  const [[name, value]] = Object.entries(partition) as [[string, string]];
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      ...('day' in partition && { IndexName: 'Days' }),
      KeyConditionExpression: '#partition = :partition AND #entry BETWEEN :first AND :end',
      ExpressionAttributeNames: { '#partition': name, '#entry': 'entry' },
      ExpressionAttributeValues: { ':partition': { S: value }, ':first': { S: first }, ':end': { S: end } },
      ScanIndexForward: false,
      Limit: limit + 1, // the end itself may be among them
    }),
  );
  const inside = Items.filter((item) => item['entry']?.S !== end).slice(0, limit);
  return inside.map(entryIn);
}

export function createAlertHistory(options: HistoryOptions): AlertHistory {
  return {
    async record(entries) {
      await inParallel(entries, CALLS_AT_ONCE, async (entry) => put(options, entry));
    },

    async noteSent(notifications, at, confirmed) {
      await inParallel(notifications, CALLS_AT_ONCE, async (each) => noteSent(options, each, at, confirmed));
    },

    async read({ deviceId, from, to, limit, next }) {
      const first = isoOf(from);
      let end = next ?? isoOf(to);
      if (deviceId !== undefined)
        return pageOf(await query(options, { deviceId }, { first, end, limit: limit + 1 }), limit);
      const entries: HistoryEntry[] = [];
      for (let days = 0; days < MAX_DAYS_A_PAGE; days += 1) {
        const midnight = startOfDayBefore(end);
        const wanted = { first: first > midnight ? first : midnight, end, limit: limit + 1 - entries.length };
        entries.push(...(await query(options, { day: midnight.slice(0, 10) }, wanted)));
        if (entries.length > limit || midnight <= first) return pageOf(entries, limit);
        end = midnight;
      }
      return { entries, next: end };
    },
  };
}

function entryIn({ event, sentAt, sentTo: to }: Readonly<Record<string, AttributeValue>>): HistoryEntry {
  const entry = JSON.parse(event?.S ?? '{}') as HistoryEntry;
  if (sentAt?.N === undefined) return entry;
  return { ...entry, sentAt: Number(sentAt.N), ...(to?.S !== undefined && (JSON.parse(to.S) as SentTo)) };
}

function pageOf(entries: readonly HistoryEntry[], limit: number): AlertHistoryPage {
  const page = entries.slice(0, limit);
  return { entries: page, ...(entries.length > limit && { next: keyOf(page.at(-1)!) }) };
}

/** Sorts by time, and entries of one moment by window. No entry's key is a time alone. */
const keyOf = ({ at, windowStart = 0, entryId }: Pick<HistoryEntry, 'at' | 'windowStart' | 'entryId'>) =>
  `${isoOf(at)}/${windowStart.toString(16).padStart(WINDOW_DIGITS, '0')}${entryId}`;
const isoOf = (time: number) => new Date(time).toISOString();

/** Midnight of the day that contains the last moment before the key. */
function startOfDayBefore(key: string): string {
  const time = Date.parse(key.slice(0, 24));
  const last = key.length > 24 ? time : time - 1;
  return isoOf(Math.floor(last / DAY_MS) * DAY_MS);
}
