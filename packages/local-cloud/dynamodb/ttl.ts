// Time to live: the attribute of a table that says when an item expires, and the sweep that deletes expired items.

import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import { writeFileSafely } from '../files/durable-files.ts';
import type { Log } from '../log.ts';
import { StartError } from '../start-error.ts';

/** Runs one DynamoDB operation and gives its answer. @throws AwsError */
export type CallTable = (operation: string, input: object) => Promise<Record<string, unknown>>;

export interface TimeToLive {
  attributeOf(table: string): string | undefined;
  /** `undefined` switches it off. Survives a restart. */
  set(table: string, attribute: string | undefined): Promise<void>;
  /** Deletes every expired item at once; DynamoDB does so within days. @returns how many */
  sweep(): Promise<number>;
  close(): void;
}

type Key = Readonly<Record<string, unknown>>;

/** DynamoDB does not delete items that expired more than five years ago, such as times in milliseconds instead of seconds. */
const FIVE_YEARS = 5 * 366 * 86_400;
const SWEEP_INTERVAL = 3_600_000;

interface Settings {
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly call: CallTable;
}

async function load(file: string): Promise<Map<string, string>> {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(file, 'utf8')) as Record<string, string>));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    if (!(error instanceof SyntaxError)) throw error;
    throw new StartError(
      `${file} is damaged: delete it, and the tables of the template get their time to live back`,
      {
        cause: error,
      },
    );
  }
}

/** The attribute of each table that has time to live, by the table's name. */
async function openAttributes(dir: string) {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, 'time-to-live.json');
  const attributes = await load(file);
  const save = () => writeFileSafely(file, JSON.stringify(Object.fromEntries(attributes)));
  return { attributes, save };
}

/** An expired item that was renewed since the scan stays. */
async function deleteExpired(call: CallTable, table: string, Key: Key, condition: object): Promise<boolean> {
  try {
    await call('ExpireItem', { TableName: table, Key, ...condition });
    return true;
  } catch (error) {
    if ((error as Error).name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}

async function sweepTable(call: CallTable, table: string, attribute: string, now: number): Promise<number> {
  const { Table: description } = await call('DescribeTable', { TableName: table });
  const keys = (description as { KeySchema: { AttributeName: string }[] }).KeySchema.map(
    (key) => key.AttributeName,
  );
  const expired = '#ttl BETWEEN :oldest AND :now';
  const names = { '#ttl': attribute };
  const values = { ':now': { N: String(now) }, ':oldest': { N: String(now - FIVE_YEARS) } };
  const keyNames = Object.fromEntries(keys.map((key, index) => [`#k${index}`, key]));
  let deleted = 0;
  let from: unknown;
  do {
    const page = await call('Scan', {
      TableName: table,
      FilterExpression: expired,
      ProjectionExpression: Object.keys(keyNames).join(', '),
      ExpressionAttributeNames: { ...names, ...keyNames },
      ExpressionAttributeValues: values,
      ExclusiveStartKey: from,
    });
    const condition = {
      ConditionExpression: expired,
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: values,
    };
    for (const key of page['Items'] as Key[]) {
      if (await deleteExpired(call, table, key, condition)) deleted += 1;
    }
    from = page['LastEvaluatedKey'];
  } while (from);
  return deleted;
}

/** Sweeps every hour of `clock`, from the first hour on. */
export async function createTimeToLive({ dir, clock, log, call }: Settings): Promise<TimeToLive> {
  const { attributes, save } = await openAttributes(dir);
  let cancel = () => {};
  let closed = false;

  async function sweep(): Promise<number> {
    let deleted = 0;
    for (const [table, attribute] of attributes) {
      if (closed) break;
      deleted += await sweepTable(call, table, attribute, Math.floor(clock.now() / 1000));
    }
    return deleted;
  }

  function schedule(): void {
    cancel = clock.after(SWEEP_INTERVAL, () => {
      void sweep()
        .catch((error: unknown) => {
          if (!closed) log.error('Expired items could not be deleted', { reason: String(error) });
        })
        .finally(() => {
          if (!closed) schedule();
        });
    });
  }
  schedule();

  return {
    attributeOf: (table) => attributes.get(table),
    async set(table, attribute) {
      if (attributes.get(table) === attribute) return;
      if (attribute === undefined) attributes.delete(table);
      else attributes.set(table, attribute);
      await save();
    },
    sweep,
    close() {
      closed = true;
      cancel();
    },
  };
}
