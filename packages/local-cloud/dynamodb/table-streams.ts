// The streams of tables for their readers. Each is one shard, and the table thread keeps its records for a day.

import type { Clock } from '../clock.ts';
import type { LogRecord } from '../kinesis/shard-reader.ts';
import type { Log } from '../log.ts';
import type { StreamRecord } from './store/stream-records.ts';

type Call = (operation: string, input: object) => Promise<Record<string, unknown>>;

export interface StreamPage {
  readonly records: readonly LogRecord[];
  /** Places of the oldest and the newest record, as in a shard log. */
  readonly oldest: number;
  readonly newest: number;
}

export interface TableStreams {
  /** Records after a place, at most `limit` and about 1 MB. */
  read(table: string, after: number, limit: number): Promise<StreamPage>;
  /** `listener` is called when any table may have changed. */
  onWrite(listener: () => void): void;
  /** Registers a reader of a table: `place` returns the place up to which it needs no record any more. */
  keepFor(table: string, place: () => number): void;
  /** Calls the listeners: a table may have changed. */
  written(): void;
  close(): void;
}

const WRITES = new Set([
  ...['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems', 'ExpireItem'],
  ...['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'],
]);
export const isWrite = (operation: string): boolean => WRITES.has(operation);

const HOUR_MS = 3_600_000;
const KEPT_MS = 24 * HOUR_MS;

const recordOf = ({ place, at, text }: StreamRecord): LogRecord => {
  const { dynamodb } = JSON.parse(text) as { dynamodb: { Keys: object } };
  return { place, arrivedAt: at, partitionKey: JSON.stringify(dynamodb.Keys), data: Buffer.from(text) };
};

/** Gives the places up to which a table's readers need no record any more. */
type Readers = Map<string, readonly (() => number)[]>;

/** Deletes the records that are older than a day, unless a reader still needs them. */
async function trim(call: Call, clock: Clock, readers: Readers): Promise<void> {
  const { TableNames: names } = (await call('ListTables', {})) as { TableNames: string[] };
  for (const name of names) {
    const places = (readers.get(name) ?? []).map((place) => place());
    const Place = Math.min(Number.MAX_SAFE_INTEGER, ...places);
    await call('TrimStream', { TableName: name, Before: clock.now() - KEPT_MS, Place });
  }
}

export function createTableStreams({
  call,
  clock,
  log,
}: {
  call: Call;
  clock: Clock;
  log: Log;
}): TableStreams {
  const listeners: (() => void)[] = [];
  const readers: Readers = new Map();
  let cancel = () => {};

  function later(): void {
    cancel = clock.after(HOUR_MS, () => {
      trim(call, clock, readers)
        .catch((error: unknown) =>
          log.warn('old records of table streams stay on disk', { reason: String(error) }),
        )
        .finally(later);
    });
  }
  later();

  return {
    async read(table, After, Limit) {
      const answer = await call('ReadStream', { TableName: table, After, Limit });
      const { Records, oldest, newest } = answer as unknown as {
        Records: StreamRecord[];
        oldest: number;
        newest: number;
      };
      return { records: Records.map(recordOf), oldest, newest };
    },
    onWrite: (listener) => void listeners.push(listener),
    keepFor: (table, place) => void readers.set(table, [...(readers.get(table) ?? []), place]),
    written() {
      for (const listener of listeners) listener();
    },
    close: () => cancel(),
  };
}
