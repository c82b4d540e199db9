// Rebuilds windows from the raw archive like ingest, in parts, so that memory does not grow with the archive.

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { hourText } from '../core/archive/parsed-rows.ts';
import { changedHours, HOUR_MS, hourOf } from '../core/hour.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { MapMessage } from '../core/map-message.ts';
import { windowStartOf, type Delta } from '../core/window.ts';
import { createRollupStore } from '../adapters/rollup-store.ts';
import { openDynamoDb } from '../adapters/dynamodb-client.ts';
import { DYNAMODB_LIMITS, type CallLimits } from '../adapters/time-limits.ts';
import { filesBelow, hourOfPath, partsOfFiles } from './archive-files.ts';
import { AuditError } from './archive-options.ts';
import { foldArchive } from './fold-archive.ts';
import { createUnitNotes, type UnitNotes } from './missing-units.ts';
import { openMapping } from './open-mapping.ts';
import type { RebuildOptions } from './rebuild-options.ts';
import { createRebuildCounts, type RebuildCounts } from './rebuild-counts.ts';
import { openTarget, type Target } from './rebuild-target.ts';

/** The output: lines of the result, and progress. */
export interface RebuildOutput {
  readonly say: (line: string) => void;
  readonly progress: (line: string) => void;
}

export interface RebuildParts {
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** The uncompressed size of a part. */
  readonly partBytes?: number;
}

const PART_BYTES = 64 << 20;
const WINDOWS_AT_ONCE = 800;
/** A new table refuses writes until it has scaled to their rate, so the calls are retried for a long time. */
const PATIENT: CallLimits = { ...DYNAMODB_LIMITS, attempts: 12, waitMs: 20_000 };
const MARKS_AT_ONCE = 16;
/** Hours to mark. An hour of a device is marked once, not once for each part with its readings. */
const MOST_WAITING_HOURS = 100_000;
const DAY_SECONDS = 86_400;

/**
 * Counts the archive's readings that the table lacks, each once, and reports the result. Resolves to whether every
 * file was read to its end. Safe to repeat after an interruption. Rejects with an AuditError if it cannot start,
 * otherwise with the SDK's error.
 */
export async function rebuild(
  options: RebuildOptions,
  output: RebuildOutput,
  { now = () => Date.now(), partBytes = PART_BYTES }: RebuildParts = {},
): Promise<boolean> {
  const client = openDynamoDb({ ...options.client, limits: PATIENT });
  try {
    const files = filesOfSpan(options);
    const mapMessage = options.mappings && (await openMapping(client, options.mappings));
    const target = await openTarget(client, options);
    const counts = createRebuildCounts(options);
    const hours = createHourMarks(client, options, target, now);
    const units = createUnitNotes(client, target.isShared ? options : {});
    const parts = partsOfFiles(files, { bytes: partBytes, onFault: (fault) => counts.fault(fault) });
    for await (const part of parts) {
      const deltas = await deltasOf(part, options, mapMessage, counts, now());
      for (const some of sliced(deltas)) await writeSome(some, { target, counts, hours, units });
      output.progress(counts.progress());
    }
    await hours.flush();
    await units.flush();
    for (const line of counts.lines(files.length)) output.say(line);
    return counts.isWhole();
  } finally {
    client.destroy();
  }
}

/** The files in order of arrival according to their folders, without those that cannot have readings of the span. */
function filesOfSpan({ paths, from = -Infinity, to = Infinity, ...limits }: RebuildOptions): string[] {
  // A message is received before it is stored in an hour's folder; the services' clocks may differ slightly.
  const first = hourOf(from - limits.maxSkewSeconds * 1000 - HOUR_MS);
  const end = to + limits.maxLatenessSeconds * 1000 + HOUR_MS;
  const found = filesBelow(paths)
    .map((file) => ({ file, hour: hourOfPath(file) }))
    .filter(({ hour }) => hour === undefined || (hour >= first && hour < end));
  if (found.length === 0)
    throw new AuditError('there are no archived objects of that time: there is nothing to rebuild');
  return found.sort((a, b) => (a.hour ?? 0) - (b.hour ?? 0)).map(({ file }) => file);
}

async function deltasOf(
  part: AsyncIterable<Uint8Array>,
  options: RebuildOptions,
  mapMessage: MapMessage | undefined,
  counts: RebuildCounts,
  now: number,
): Promise<Generator<Delta>> {
  const { windowSeconds, retentionDays, from = -Infinity, to = Infinity } = options;
  const first = windowStartOf(from, windowSeconds);
  const folded = await foldArchive(part, {
    ...options,
    mapMessage,
    onRejected: ({ rejection }) => counts.rejected(rejection.reason),
  });
  counts.read(folded);
  return folded.deltas(({ windowStart }) => {
    if (windowStart < first || windowStart >= to) return false;
    const isExpired = (windowStart / 1000 + retentionDays * DAY_SECONDS) * 1000 <= now;
    if (isExpired) counts.expired(windowStart);
    return !isExpired;
  });
}

function* sliced(deltas: Generator<Delta>): Generator<Delta[]> {
  let some: Delta[] = [];
  for (const delta of deltas) {
    some.push(delta);
    if (some.length === WINDOWS_AT_ONCE) {
      yield some;
      some = [];
    }
  }
  if (some.length > 0) yield some;
}

async function writeSome(
  deltas: readonly Delta[],
  parts: {
    readonly target: Target;
    readonly counts: RebuildCounts;
    readonly hours: HourMarks;
    readonly units: UnitNotes;
  },
): Promise<void> {
  const { target, counts, hours, units } = parts;
  for (const written of await target.write(deltas)) {
    counts.written(written);
    units.note(written.delta);
  }
  await hours.note(deltas);
}

interface HourMarks {
  note(deltas: readonly Delta[]): Promise<void>;
  flush(): Promise<void>;
}

/**
 * Marks the hours of all checked windows to be folded again. It includes unchanged ones, since a killed run may have
 * changed windows before it could mark their hours.
 */
function createHourMarks(
  client: DynamoDBClient,
  { stackTables, retentionDays, isDryRun }: RebuildOptions,
  { isShared }: Target,
  now: () => number,
): HourMarks {
  if (!stackTables || !isShared || isDryRun) return { note: async () => {}, flush: async () => {} };
  const rollups = createRollupStore({
    ...{ client, table: stackTables.rollupsTable, now },
    ...{ retentionDays, windowRetentionDays: retentionDays },
  });
  const waiting = new Map<string, { readonly deviceId: string; readonly windowStart: number }>();
  async function flush(): Promise<void> {
    const hours = changedHours(waiting.values(), now());
    await inParallel(hours, MARKS_AT_ONCE, async ({ deviceId, start }) => rollups.mark(deviceId, start));
    waiting.clear();
  }
  return {
    flush,
    async note(deltas) {
      for (const { deviceId, windowStart } of deltas)
        waiting.set(`${hourText(hourOf(windowStart))}/${deviceId}`, { deviceId, windowStart });
      if (waiting.size >= MOST_WAITING_HOURS) await flush();
    },
  };
}
