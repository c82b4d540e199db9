// Parses one hour of arrival of the raw archive: each line goes through ingest's parser, and the sorted rows into files by site and day.

import { createLineReader, type ReadLine } from '../core/archive/archived-reading.ts';
import { createEventCutter, type Events } from '../core/archive/event-lines.ts';
import type { MapMessage } from '../core/map-message.ts';
import {
  hourFile,
  hourText,
  partitionOf,
  partitionOfFile,
  slicesByDate,
  type Partition,
} from '../core/archive/parsed-rows.ts';
import type { TimeLimits } from '../core/reading.ts';
import { fetchDay, putMerged } from './merge-day.ts';
import {
  DamagedObjectError,
  type GrowingFile,
  type HourManifest,
  type ParsedArchive,
  type RawArchive,
  type RawObject,
  type RowSorter,
  type StagedFile,
  type StagingFolder,
} from './parse-ports.ts';

export interface ParseHourPorts {
  readonly raw: RawArchive;
  readonly parsed: ParsedArchive;
  readonly staging: StagingFolder;
  /** Absent if there is no mapping, to save a call per line. */
  readonly mapMessage: MapMessage | undefined;
}

/**
 * Parses the hour at `hour` (epoch milliseconds) unless it is done and its objects are the same, and gives its manifest;
 * undefined for an hour without objects. `again`: also when it is done. `onPartitions` gets the partitions that will
 * have files, before the files are written. Faults of objects and lines are in the manifest, and everything else that
 * can be read is written. Rejects when S3 or the disk fails; safe to repeat.
 */
export type ParseHour = (
  hour: number,
  onPartitions: (partitions: readonly Partition[]) => Promise<void>,
  options?: { readonly again?: boolean },
) => Promise<HourManifest | undefined>;

/** Further faults of one object are only counted. */
const MAX_FAULTS = 20;

type Counts = { lines: number; readings: number; rejected: number; rows: number; faults: string[] };
type Staged = ReadonlyMap<Partition, StagedFile>;

export function createParseHour(ports: ParseHourPorts, limits: TimeLimits): ParseHour {
  const { raw, parsed, staging } = ports;
  const readLine = createLineReader(limits);

  return async (hour, onPartitions, { again = false } = {}) => {
    const objects = await raw.objects(hour);
    const before = await parsed.manifest(hour);
    if (before ? !again && isDone(before, objects) : objects.length === 0) return before;
    const sorter = staging.openSorter();
    let staged: Staged = new Map();
    try {
      const counts: Counts = { lines: 0, readings: 0, rejected: 0, rows: 0, faults: [] };
      for (const object of objects) await readObject(object, { ...ports, readLine, sorter, hour, counts });
      staged = stageRows(sorter, hour, staging, counts);
      const files = [...staged.keys()].map((partition) => hourFile(partition, hour));
      const manifest = {
        ...{ hour: hourText(hour), objects, ...counts },
        ...{ readings: counts.readings - sorter.repeated(), repeated: sorter.repeated() },
      };
      // From here on there may be files of this hour that it will not have in the end.
      const all = [...new Set([...files, ...(before?.files ?? [])])].sort();
      await parsed.saveManifest({ ...manifest, state: 'writing', files: all });
      await onPartitions([...staged.keys()]);
      await replaceFiles({ hour, staged, old: before ? all.map(partitionOfFile) : [], ...ports });
      const state = counts.faults.length > 0 ? 'failed' : 'done';
      const done: HourManifest = { ...manifest, state, files };
      await parsed.saveManifest(done);
      return done;
    } finally {
      sorter.close();
      for (const { path } of staged.values()) staging.discard(path);
    }
  };
}

/** Whether the hour was done from exactly these objects. */
function isDone(manifest: HourManifest, objects: readonly RawObject[]): boolean {
  const textOf = (all: readonly RawObject[]) =>
    all.map(({ key, etag, size }) => `${key} ${etag} ${size}`).join('\n');
  return manifest.state === 'done' && textOf(manifest.objects) === textOf(objects);
}

async function readObject(
  object: RawObject,
  parts: Pick<ParseHourPorts, 'raw' | 'mapMessage'> & {
    readonly readLine: ReadLine;
    readonly sorter: RowSorter;
    readonly hour: number;
    readonly counts: Counts;
  },
): Promise<void> {
  const { raw, mapMessage, readLine, sorter, hour, counts } = parts;
  const cutter = createEventCutter();
  let faults = 0;

  function fault(line: number, problem: string): void {
    faults += 1;
    if (faults <= MAX_FAULTS) counts.faults.push(`${object.key} line ${line}: ${problem}`);
  }

  async function take({ events, bad }: Events): Promise<void> {
    for (const { line, problem } of bad) fault(line, problem);
    for (const event of events) {
      const mapped = mapMessage && (await mapMessage(event));
      const { readings, rejected } = readLine(event, mapped);
      counts.rejected += rejected;
      counts.readings += readings.length;
      for (const reading of readings) sorter.add(reading, hour);
    }
  }

  try {
    for await (const chunk of raw.read(object)) await take(cutter.add(chunk));
    await take(cutter.end());
  } catch (error) {
    if (!(error instanceof DamagedObjectError)) throw error;
    await take(cutter.end());
    fault(cutter.lines() + 1, error.message);
  }
  counts.lines += cutter.lines();
  if (faults > MAX_FAULTS) counts.faults.push(`${object.key}: ${faults - MAX_FAULTS} more`);
}

/** Writes the rows to files on the disk, one per site and day. The files of one site are open at the same time. */
function stageRows(sorter: RowSorter, hour: number, staging: StagingFolder, counts: Counts): Staged {
  const staged = new Map<Partition, StagedFile>();
  const growing = new Map<Partition, GrowingFile>();
  let site: string | undefined;

  function finish(): void {
    for (const [partition, file] of growing) staged.set(partition, file.finish([hour]));
    growing.clear();
  }

  for (const block of sorter.blocks()) {
    if (block.site !== site) finish();
    site = block.site;
    for (const slice of slicesByDate(block)) {
      const partition = partitionOf(site, slice.date);
      let file = growing.get(partition);
      if (!file) growing.set(partition, (file = staging.openFile()));
      file.add(slice);
      counts.rows += slice.to - slice.from;
    }
  }
  finish();
  return staged;
}

interface Replacing extends Pick<ParseHourPorts, 'parsed' | 'staging'> {
  readonly hour: number;
  readonly staged: Staged;
  /** Partitions that may have rows of this hour; none if it was never parsed. */
  readonly old: readonly Partition[];
}

/**
 * Replaces the files that the hour had. A file that cannot be replaced does not stop the others; its error rejects at
 * the end.
 */
async function replaceFiles(parts: Replacing): Promise<void> {
  const { staged, old } = parts;
  const failures: unknown[] = [];
  for (const partition of new Set([...staged.keys(), ...old])) {
    try {
      await replaceFile(partition, parts);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** If the hour is merged into a day, the day's file is rewritten instead. */
async function replaceFile(partition: Partition, parts: Replacing): Promise<void> {
  const { parsed, staging, hour, staged, old } = parts;
  const file = staged.get(partition);
  const key = hourFile(partition, hour);
  const day = old.includes(partition) ? await fetchDay(partition, parsed, staging) : undefined;
  try {
    const hours = day ? (await staging.readFile(day)).hours : [];
    if (day && hours.includes(hour)) {
      await putMerged({
        ...parts,
        partition,
        hours,
        without: hour,
        from: [day, ...(file ? [{ key, path: file.path }] : [])],
      });
      await parsed.remove([key]);
    } else if (file) await parsed.put(key, file);
    else await parsed.remove([key]);
  } finally {
    if (day) staging.discard(day.path);
  }
}
