// The table that a rebuild writes: a separate one, or the stack's, which ingest writes at the same time.

import { ScanCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { totalsOf } from '../adapters/window-item.ts';
import { createOwnTables, fingerprintsTableOf } from './own-tables.ts';
import { createWindowBatches, isPuttable, type StoredWindow } from './window-batches.ts';
import { createWindowStore } from '../adapters/window-store.ts';
import { inParallel } from '../core/in-parallel.ts';
import { maxReadingsOf, type Delta, type WindowTotals } from '../core/window.ts';
import { AuditError } from './archive-options.ts';
import type { RebuildOptions } from './rebuild-options.ts';

/** The result for a window. */
export interface Written {
  readonly delta: Delta;
  /** Whether it was created. */
  readonly isNew: boolean;
  /** Counted readings; in a dry run those that would be counted. */
  readonly added: number;
  /** Readings that do not fit, since the window is full. */
  readonly refused: number;
}

export interface Target {
  /** Whether it is the stack's table, whose hours are marked. */
  readonly isShared: boolean;
  /** Counts the readings that the windows lack; one delta per window. Rejects with the SDK's error. */
  write(deltas: readonly Delta[]): Promise<Written[]>;
}

const WRITES_AT_ONCE = 16;
/** The number of windows read to determine a table's window length. */
const LOOKED_AT = 200;

/**
 * Creates the table if it is a separate one. Rejects with an AuditError if it cannot be written, otherwise with the
 * SDK's error.
 */
export async function openTarget(client: DynamoDBClient, options: RebuildOptions): Promise<Target> {
  const { table, windowSeconds, stackTables, isDryRun } = options;
  const tables = createOwnTables(client);
  const known = await tables.kindOf(table);
  if (known.kind === 'other') {
    if (!stackTables) throw new AuditError(OTHER_TABLE(table));
    await checkTable(client, table, windowSeconds);
    return { isShared: true, write: createWriting(client, options, stackTables.fingerprintsTable) };
  }
  if (stackTables) throw new AuditError(`--table ${table}: the stack has no such table of windows`);
  if (known.kind === 'own' && known.windowSeconds !== windowSeconds)
    throw new AuditError(
      `--window-seconds ${windowSeconds}: the windows of ${table} have ${known.windowSeconds} s: name another table`,
    );
  if (!isDryRun) await tables.create(table, windowSeconds);
  if (isDryRun && known.kind === 'none')
    return { isShared: false, write: async (deltas) => deltas.map(whollyNew) };
  return { isShared: false, write: createWriting(client, options, fingerprintsTableOf(table), true) };
}

const OTHER_TABLE = (table: string) =>
  `--table ${table}: was not made by npm run rebuild: for the stack's WindowsTable give --fingerprints-table and ` +
  '--rollups-table as well, or name a new table';

const whollyNew = (delta: Delta): Written => ({
  delta,
  isNew: true,
  added: delta.readings.size,
  refused: 0,
});

/** `isAlone`: nothing else writes to the table, so missing windows are written in batches. */
function createWriting(
  client: DynamoDBClient,
  { table, windowSeconds, retentionDays, isDryRun }: RebuildOptions,
  fingerprintsTable: string,
  isAlone = false,
): Target['write'] {
  const settings = { client, table, fingerprintsTable, retentionDays, windowSeconds };
  const batches = createWindowBatches(settings);
  const store = createWindowStore(settings);
  const maxReadings = maxReadingsOf(windowSeconds);

  async function complete(delta: Delta, stored: StoredWindow | undefined): Promise<Written> {
    const isNew = stored === undefined;
    if (stored) checkWindow(totalsOf(stored.item), { table, windowSeconds });
    const missing = stored ? await stored.missing() : delta;
    if (missing.readings.size === 0) return { delta, isNew, added: 0, refused: 0 };
    if (isDryRun) {
      const room = maxReadings - Number(stored?.item['readings']?.N ?? 0);
      const added = Math.min(room, missing.readings.size);
      return { delta, isNew, added, refused: missing.readings.size - added };
    }
    if (isNew && isPuttable(delta) && (await batches.putIfNone(delta))) return whollyNew(delta);
    const { applied, overflow } = await store.apply(missing);
    return { delta, isNew, added: applied, refused: overflow.length };
  }

  return async (deltas) => {
    const stored = await batches.read(deltas);
    const toPut = new Set(
      deltas.filter((delta, n) => isAlone && !isDryRun && !stored[n] && isPuttable(delta)),
    );
    await batches.put([...toPut]);
    const all = deltas.map((delta, n) => ({ delta, stored: stored[n] }));
    return inParallel(all, WRITES_AT_ONCE, async ({ delta, stored: known }) =>
      toPut.has(delta) ? whollyNew(delta) : complete(delta, known),
    );
  };
}

/** Reads some windows of the table. */
async function checkTable(client: DynamoDBClient, table: string, windowSeconds: number): Promise<void> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table, Limit: LOOKED_AT }));
  for (const item of Items) checkWindow(totalsOf(item), { table, windowSeconds });
}

/** Two lengths in one table would count readings twice. */
function checkWindow(
  { windowStart, lastReadingAt = windowStart }: WindowTotals,
  { table, windowSeconds }: { readonly table: string; readonly windowSeconds: number },
): void {
  const size = windowSeconds * 1000;
  if (windowStart % size === 0 && lastReadingAt < windowStart + size) return;
  throw new AuditError(
    `${table} has windows of another length than ${windowSeconds} s, such as the one of ${new Date(windowStart).toISOString()}: ` +
      "give --window-seconds as the stack's WindowSeconds is, or name a new table",
  );
}
