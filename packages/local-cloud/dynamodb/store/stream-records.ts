// The streams of tables: what each write changed, kept in the same transaction as the write.

import { isDeepStrictEqual } from 'node:util';
import type { Item } from '../values/attribute-value.ts';
import { itemSize } from '../values/size.ts';
import type { Database } from './database.ts';
import type { Rows } from './rows.ts';
import type { StreamView, Table } from './table.ts';

/** A record as functions and GetRecords get it, without what all records of a stream share. */
export interface StreamRecord {
  /** From 1 on, without gaps. */
  readonly place: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** JSON of a `Change`. */
  readonly text: string;
}

export interface Change {
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly dynamodb: {
    readonly Keys: Item;
    readonly NewImage?: Item;
    readonly OldImage?: Item;
    readonly SizeBytes: number;
    readonly StreamViewType: StreamView;
  };
  /** Present when time to live deleted the item. */
  readonly userIdentity?: { readonly type: string; readonly principalId: string };
}

export interface StreamRecords {
  append(table: Table, before: Item | undefined, after: Item | undefined): void;
  /** Records after the place `after`, at most `limit` and about 1 MB. */
  read(table: string, after: number, limit: number): StreamRecord[];
  /** Places of the oldest and the newest record. If no record is kept, `oldest` is the place after the newest. */
  bounds(table: string): { readonly oldest: number; readonly newest: number };
  /** Deletes records from before `time` up to `place`. */
  trim(table: string, time: number, place: number): void;
  /** Deletes all records. The next stream of that name continues the places: its ARN is the same, and readers remember their place. */
  delete(table: string): void;
  /** Marks what `run` deletes as expired. */
  asTimeToLive<Result>(run: () => Result): Result;
}

const MOST_BYTES = 1_048_576;
const TIME_TO_LIVE = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };

function keysIn(item: Item, { keys }: Table): Item {
  return Object.fromEntries(keys.map(({ name }) => [name, item[name]!]));
}

function changeOf(table: Table, before: Item | undefined, after: Item | undefined): Change {
  const view = table.streamView!;
  const images = {
    ...(after && ['NEW_IMAGE', 'NEW_AND_OLD_IMAGES'].includes(view) && { NewImage: after }),
    ...(before && ['OLD_IMAGE', 'NEW_AND_OLD_IMAGES'].includes(view) && { OldImage: before }),
  };
  const Keys = keysIn((after ?? before)!, table);
  const SizeBytes = [Keys, ...Object.values(images)].reduce((sum, item) => sum + itemSize(item), 0);
  return {
    eventName: before ? (after ? 'MODIFY' : 'REMOVE') : 'INSERT',
    dynamodb: { Keys, ...images, SizeBytes, StreamViewType: view },
  };
}

const prepareAll = (sql: Database['sql']) => ({
  next: sql.prepare(
    'INSERT INTO streams VALUES (?, 1) ON CONFLICT DO UPDATE SET newest = newest + 1 RETURNING newest',
  ),
  add: sql.prepare('INSERT INTO stream_records VALUES (?, ?, ?, ?)'),
  behind: sql.prepare(
    'SELECT place, at, record AS text FROM stream_records WHERE table_name = ? AND place > ? ORDER BY place',
  ),
  newest: sql.prepare('SELECT newest FROM streams WHERE table_name = ?'),
  oldest: sql.prepare('SELECT min(place) AS oldest FROM stream_records WHERE table_name = ?'),
});

/** The first `limit` records, or fewer that have about 1 MB. */
function pageOf(rows: Iterable<Record<string, unknown>>, limit: number): StreamRecord[] {
  const found: StreamRecord[] = [];
  let bytes = 0;
  for (const row of rows) {
    const record = { ...row } as unknown as StreamRecord;
    bytes += record.text.length;
    if (found.length === limit || (found.length > 0 && bytes > MOST_BYTES)) break;
    found.push(record);
  }
  return found;
}

export function createStreamRecords({ sql, beginWrite }: Database, now: () => number): StreamRecords {
  const { next, add, behind, newest, oldest } = prepareAll(sql);
  let isExpiring = false;
  return {
    append(table, before, after) {
      if (before === undefined && after === undefined) return;
      if (before && after && isDeepStrictEqual(before, after)) return;
      const change = changeOf(table, before, after);
      const text = JSON.stringify(isExpiring ? { ...change, userIdentity: TIME_TO_LIVE } : change);
      beginWrite();
      const place = next.get(table.name)!['newest'] as number;
      add.run(table.name, place, now(), text);
    },
    read: (table, after, limit) => pageOf(behind.iterate(table, after), limit),
    bounds(table) {
      const last = (newest.get(table)?.['newest'] as number | undefined) ?? 0;
      return { oldest: (oldest.get(table)!['oldest'] as number | null) ?? last + 1, newest: last };
    },
    trim(table, time, place) {
      beginWrite();
      sql
        .prepare('DELETE FROM stream_records WHERE table_name = ? AND at < ? AND place <= ?')
        .run(table, time, place);
    },
    delete(table) {
      beginWrite();
      sql.prepare('DELETE FROM stream_records WHERE table_name = ?').run(table);
    },
    asTimeToLive(run) {
      isExpiring = true;
      try {
        return run();
      } finally {
        isExpiring = false;
      }
    },
  };
}

/** Rows whose writes also go into the stream of their table. */
export function withStreams(rows: Rows, streams: StreamRecords): Rows {
  return {
    ...rows,
    put(table, key, item, text, before) {
      rows.put(table, key, item, text, before);
      if (table.streamView !== undefined) streams.append(table, before, item);
    },
    delete(table, key, before) {
      rows.delete(table, key, before);
      if (table.streamView !== undefined) streams.append(table, before, undefined);
    },
  };
}
