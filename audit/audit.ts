// Compares the windows table and the parsed archive with the raw archive, which has every message. It can also repair the table.

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { compareWindows } from '../core/archive/difference.ts';
import { maxReadingsOf, windowStartOf, type WindowTotals } from '../core/window.ts';
import { changedHours } from '../core/hour.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { MapMessage } from '../core/map-message.ts';
import { createRollupStore } from '../adapters/rollup-store.ts';
import { createWindowStore } from '../adapters/window-store.ts';
import { createTotalsReader } from '../adapters/window-totals.ts';
import { openDynamoDb } from '../adapters/dynamodb-client.ts';
import { filesBelow, readableChunks } from './archive-files.ts';
import { foldArchive, type FoldedArchive } from './fold-archive.ts';
import { openMapping } from './open-mapping.ts';
import { AuditError } from './archive-options.ts';
import type { AuditOptions } from './options.ts';
import { compareParsed } from './compare-parsed.ts';
import { recordChecks } from './record.ts';

type Key = Pick<WindowTotals, 'deviceId' | 'windowStart'>;

interface Reporting {
  readonly say: (line: string) => void;
  readonly now: number;
}

type Finding = Key & { readonly kind: 'differs' | 'full'; readonly phrase: string };

const QUERIES_AT_ONCE = 8;
/** The template's Firehose writes buffered messages after this time at the latest. */
const ARCHIVE_LAG_MS = 300_000;
const LAG_NOTE =
  'the archive lags by up to 300 s: the newest windows may differ for that reason alone; --to -6m leaves them out';
const keyText = ({ deviceId, windowStart }: Key) => `${windowStart}/${deviceId}`;

/**
 * Reports each window that differs, and what was read, in a line each. Resolves to whether all agree, after the repair
 * if there is one, and every file was read to its end. Devices that are not in the archive are not checked. Rejects with
 * an AuditError if there is nothing to compare, otherwise with the error of DynamoDB.
 */
export async function audit(
  options: AuditOptions,
  say: (line: string) => void,
  now = Date.now(),
): Promise<boolean> {
  const client = openDynamoDb(options.client);
  try {
    const mapMessage = options.mappings && (await openMapping(client, options.mappings));
    const { folded, isWhole } = await fold(options, mapMessage, say);
    const compared = await compareWith(client, options, folded, { say, now });
    const { readings } = compared;
    const agrees = compared.agrees && isWhole;
    const { parsedFolder } = options;
    if (parsedFolder === undefined) return agrees;
    const parsed = await compareParsed({ ...options, mapMessage }, parsedFolder, say);
    const again = (parsed.readings ?? 0) - readings;
    if (again > 0)
      say(`${again} readings came again in a later hour: the parsed archive has them once for each`);
    return agrees && parsed.agrees;
  } finally {
    client.destroy();
  }
}

async function compareWith(
  client: DynamoDBClient,
  options: AuditOptions,
  folded: FoldedArchive,
  { say, now }: Reporting,
): Promise<{ readonly agrees: boolean; readonly readings: number }> {
  const expected = expectedOf(folded, options);
  const compare = createCompare(client, options, expected, { say, now });
  async function conclude(differing: readonly Finding[]) {
    const { archived, readings, from, to } = expected;
    const { record } = options;
    if (record) await recordChecks(client, record, { archived, differing, from, to }, { say, now });
    return { agrees: differing.length === 0, readings };
  }

  const found = await compare();
  if (found.length === 0 || !options.repair) return conclude(found);
  const counted = await repairWindows(client, { ...options, repair: options.repair }, folded, found);
  say(`${counted} readings counted that the table lacked`);
  return conclude(await compare());
}

/** @returns a function that gives the windows that differ and could be repaired, and reports all that differ */
function createCompare(
  client: DynamoDBClient,
  { table, windowSeconds }: AuditOptions,
  { archived, from, to }: ReturnType<typeof expectedOf>,
  { say, now }: Reporting,
) {
  const maxReadings = maxReadingsOf(windowSeconds);
  const readTotals = createTotalsReader({ client, table, now: () => Date.now() });

  async function findingsOf(deviceId: string): Promise<Finding[]> {
    const stored = await readTotals({ deviceId, from, to });
    const inTable = new Map(stored.map((window) => [window.windowStart, window]));
    const inArchive = archived.get(deviceId)!;
    const starts = [...new Set([...inTable.keys(), ...inArchive.keys()])].sort((a, b) => a - b);
    return starts.flatMap((windowStart) => {
      const found = compareWindows(inArchive.get(windowStart), inTable.get(windowStart), maxReadings);
      return found.kind === 'same' ? [] : [{ deviceId, windowStart, ...found }];
    });
  }

  return async (): Promise<readonly Finding[]> => {
    const found = (await inParallel([...archived.keys()], QUERIES_AT_ONCE, findingsOf)).flat();
    for (const { deviceId, windowStart, phrase } of found) {
      say(`${deviceId} ${new Date(windowStart).toISOString()}: ${phrase}`);
    }
    const windows = [...archived.values()].reduce((sum, { size }) => sum + size, 0);
    const differing = found.filter(({ kind }) => kind === 'differs');
    const full = found.length - differing.length;
    say(
      `${windows} windows compared, ${differing.length} differ${full > 0 ? `, ${full} full` : ''}; devices: ${archived.size}`,
    );
    const newest = Math.max(...differing.map(({ windowStart }) => windowStart));
    if (newest + windowSeconds * 1000 > now - ARCHIVE_LAG_MS) say(LAG_NOTE);
    return differing;
  };
}

/** Counts what the windows lack, and marks their hours as changed. Gives the number of readings that were counted. */
async function repairWindows(
  client: DynamoDBClient,
  { table, windowSeconds, repair }: AuditOptions & Required<Pick<AuditOptions, 'repair'>>,
  folded: FoldedArchive,
  found: readonly Finding[],
): Promise<number> {
  const differing = new Set(found.map(keyText));
  const store = createWindowStore({ client, table, windowSeconds, ...repair });
  let counted = 0;
  const repaired: Key[] = [];
  for (const delta of folded.deltas((window) => differing.has(keyText(window)))) {
    counted += (await store.apply(delta)).applied;
    repaired.push({ deviceId: delta.deviceId, windowStart: delta.windowStart });
  }
  const { rollupsTable, retentionDays } = repair;
  const rollups = createRollupStore({
    ...{ client, table: rollupsTable, now: () => Date.now() },
    ...{ retentionDays, windowRetentionDays: retentionDays },
  });
  for (const { deviceId, start } of changedHours(repaired, Date.now())) await rollups.mark(deviceId, start);
  return counted;
}

async function fold(
  options: AuditOptions,
  mapMessage: MapMessage | undefined,
  say: (line: string) => void,
): Promise<{ readonly folded: FoldedArchive; readonly isWhole: boolean }> {
  const files = filesBelow(options.paths);
  const reasons = new Map<string, number>();
  const faults: string[] = [];
  const folded = await foldArchive(
    readableChunks(files, (fault) => void faults.push(fault)),
    {
      ...options,
      mapMessage,
      onRejected: ({ rejection: { reason } }) => void reasons.set(reason, (reasons.get(reason) ?? 0) + 1),
    },
  );
  const rejected = [...reasons].map(([reason, count]) => `, ${count} rejected: ${reason}`).join('');
  say(`${folded.lines} lines in ${files.length} files: ${folded.accepted} readings${rejected}`);
  for (const fault of faults)
    say(
      `${fault}: not read to its end, so its windows may differ for that reason; repair or replace the file`,
    );
  return { folded, isWhole: faults.length === 0 };
}

/** The windows to compare, by device and start. */
function expectedOf(folded: FoldedArchive, options: AuditOptions) {
  const archived = new Map<string, Map<number, WindowTotals>>();
  const first = windowStartOf(options.from ?? -Infinity, options.windowSeconds);
  const end = options.to ?? Infinity;
  let [from, to, readings] = [first, end, 0];
  for (const window of folded.windows()) {
    const { deviceId, windowStart } = window;
    if (windowStart < first || windowStart >= end) continue;
    if (from === -Infinity) from = windowStart; // windows come oldest first
    if (end === Infinity) to = windowStart + options.windowSeconds * 1000;
    let windows = archived.get(deviceId);
    if (!windows) archived.set(deviceId, (windows = new Map()));
    windows.set(windowStart, window);
    readings += window.readings;
  }
  if (archived.size === 0)
    throw new AuditError(
      `the archive has no readings of that time: nothing to compare; it lags by up to 300 s`,
    );
  return { archived, readings, from, to };
}
