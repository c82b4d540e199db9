// Compares the parsed archive with the raw one: each reading once for each parsed hour of arrival, value by value.

import { statSync } from 'node:fs';
import path from 'node:path';
import { dateOfPartition, hourText, type Partition, type RowBlock } from '../core/archive/parsed-rows.ts';
import type { MapMessage } from '../core/map-message.ts';
import { windowStartOf } from '../core/window.ts';
import { openParsedFolder, type ParsedFolder } from '../adapters/parsed-folder.ts';
import { filesBelow, readableChunks, hourOfPath } from './archive-files.ts';
import { countReading, countRow, createDeviceDays, dayDifference, type DeviceDays } from './device-days.ts';
import { foldArchive, type FoldOptions } from './fold-archive.ts';
import { AuditError } from './archive-options.ts';
import type { AuditOptions } from './options.ts';

export interface ParsedOutcome {
  readonly agrees: boolean;
  /** Compared raw readings, each once for each hour of arrival that has it; undefined if hours were skipped. */
  readonly readings?: number;
}

type Options = AuditOptions & { readonly mapMessage?: MapMessage | undefined };
type Say = (line: string) => void;

const MAX_TRIES = 3;

/**
 * Reports, in a line each, the differences of each device and day, unreadable files with the reason, and hours that are
 * not parsed yet. Memory grows with the readings of an hour and with the metrics of each device and day. Rejects with an
 * AuditError if nothing can be compared.
 */
export async function compareParsed(options: Options, folder: string, say: Say): Promise<ParsedOutcome> {
  const archive = openParsedFolder(folder);
  const known = archive.hours();
  if (known.length === 0) {
    say('the parsed archive has no hours yet: it was not compared');
    return { agrees: true };
  }
  const files = filesByHour(options.paths);
  const { hours, missing, left } = hoursToCompare(files, archive, options, say);
  const days = createDeviceDays();
  const readable: number[] = [];
  for (const hour of hours) {
    const fault = await digestRaw(days, hour, files.get(hour)!, options);
    if (fault === undefined) readable.push(hour);
    else say(`${hourText(hour)}: not compared: ${fault}`);
  }
  const strange = new Set<number>();
  const wanted = {
    ...{ hours: new Set(readable), known: new Set([...known, ...files.keys()]), strange },
    isWanted: wantedBy(options),
  };
  const damaged = await digestParsed(days, archive, wanted, say);
  const { compared, differing, readings } = compareDays(days, damaged, say);
  const parts = [`${compared} device days compared with the parsed archive`, `${differing} differ`];
  say(
    `${parts.join(', ')}; hours of arrival: ${readable.length}${left > 0 ? `, not parsed yet: ${left}` : ''}`,
  );
  // If only a part of the archive is given, they may belong to another part.
  const unknown = options.isWholeArchive ? [...strange].sort((a, b) => a - b) : [];
  for (const hour of unknown)
    say(`${hourText(hour)}: the parsed archive has rows of it, and neither a manifest nor raw objects`);
  const isWhole = readable.length === hours.length;
  const agrees = differing === 0 && damaged.size === 0 && missing === 0 && unknown.length === 0 && isWhole;
  return { agrees, ...(left === 0 && isWhole && { readings }) };
}

function compareDays(days: DeviceDays, damaged: ReadonlySet<Partition>, say: Say) {
  const counts = { compared: 0, differing: 0, readings: 0 };
  for (const [partition, devices] of [...days.all()].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const isDamaged = damaged.has(partition);
    for (const [deviceId, day] of devices) {
      const difference = isDamaged ? undefined : dayDifference(day);
      if (difference !== undefined) say(`${deviceId} ${dateOfPartition(partition)}: ${difference}`);
      counts.compared += 1;
      counts.differing += isDamaged || difference !== undefined ? 1 : 0;
      counts.readings += day.readings.raw;
    }
  }
  return counts;
}

interface RawFile {
  readonly file: string;
  readonly size: number;
}

function filesByHour(paths: readonly string[]): ReadonlyMap<number, readonly RawFile[]> {
  const files = new Map<number, RawFile[]>();
  for (const file of filesBelow(paths)) {
    const hour = hourOfPath(path.resolve(file));
    if (hour === undefined)
      throw new AuditError(
        `${file}: its folder does not say in which hour it arrived, as raw/2026/12/01/05/ does: copy the archive with ` +
          'its folders, or give --no-parsed',
      );
    const known = files.get(hour);
    const found = { file, size: statSync(file).size };
    if (known) known.push(found);
    else files.set(hour, [found]);
  }
  return files;
}

/** The hours whose parsed files are up to date. Reports a line for each of the others. */
function hoursToCompare(
  files: ReadonlyMap<number, readonly RawFile[]>,
  archive: ParsedFolder,
  { isWholeArchive = false }: Options,
  say: Say,
) {
  const hours: number[] = [];
  const unparsed: number[] = [];
  let [left, missing] = [0, 0];
  const all = new Set([...files.keys(), ...(isWholeArchive ? archive.hours() : [])]);
  for (const hour of [...all].sort((a, b) => a - b)) {
    const found = files.get(hour) ?? [];
    const manifest = archive.manifest(hour);
    if (!manifest) {
      unparsed.push(hour);
      continue;
    }
    const problem = problemOf(manifest, found);
    if (problem !== undefined) {
      left += 1;
      say(`${hourText(hour)}: not parsed yet: ${problem}`);
      continue;
    }
    const names = new Set(found.map(({ file }) => path.basename(file)));
    for (const { key } of manifest.objects.filter((object) => !names.has(path.posix.basename(object.key)))) {
      missing += 1;
      say(`${hourText(hour)}: ${key} was parsed, but is not among the files`);
    }
    if (found.length > 0) hours.push(hour);
  }
  if (unparsed.length > 0) {
    const [first, last] = [hourText(unparsed[0]!), hourText(unparsed.at(-1)!)];
    const others = unparsed.length > 1 ? ` and ${unparsed.length - 1} more up to ${last}` : '';
    say(`${first}${others}: not parsed yet: no manifest`);
  }
  return { hours, missing, left: left + unparsed.length };
}

/** Why an hour is not compared; undefined if it is. */
function problemOf(
  { state, faults, objects }: NonNullable<ReturnType<ParsedFolder['manifest']>>,
  files: readonly RawFile[],
): string | undefined {
  if (state === 'failed') return `${faults.length} faults, the first is ${faults[0] ?? 'unknown'}`;
  if (state !== 'done') return 'a run ended before it was done';
  const sizes = new Map(objects.map(({ key, size }) => [path.posix.basename(key), size]));
  const changed = files.find(({ file, size }) => sizes.get(path.basename(file)) !== size);
  return changed && `${path.basename(changed.file)} is new or has changed since`;
}

/** Whether a time is within the compared windows. */
function wantedBy({ from, to = Infinity, windowSeconds }: Options): (timestamp: number) => boolean {
  if (from === undefined && to === Infinity) return () => true;
  const first = from === undefined ? -Infinity : windowStartOf(from, windowSeconds);
  return (timestamp) => {
    const start = windowStartOf(timestamp, windowSeconds);
    return start >= first && start < to;
  };
}

/** Counts the readings of an hour. If a file cannot be read to its end, counts nothing of the hour and returns the reason. */
async function digestRaw(
  days: DeviceDays,
  hour: number,
  files: readonly RawFile[],
  options: Options,
): Promise<string | undefined> {
  const isWanted = wantedBy(options);
  const fold: FoldOptions = { ...options, onRejected: () => {} };
  const faults: string[] = [];
  const chunks = readableChunks(
    files.map(({ file }) => file),
    (fault) => void faults.push(fault),
  );
  const folded = await foldArchive(chunks, fold);
  if (faults.length > 0) return faults.join('; ');
  for (const { deviceId, readings } of folded.readings()) {
    const moments = new Set<number>();
    for (const { site, timestamp, id, metrics } of readings) {
      if (!isWanted(timestamp)) continue;
      const day = days.at(site, deviceId, timestamp);
      countReading(day, 'raw', { timestamp, hour, id, value: 0, exact: undefined }, moments);
      for (const { name, value, exact } of metrics)
        countRow(day, 'raw', name, { timestamp, hour, id, value, exact });
    }
  }
  return undefined;
}

interface Wanted {
  readonly hours: ReadonlySet<number>;
  /** Hours in either archive. Hours of rows that are in neither go to `strange`. */
  readonly known: ReadonlySet<number>;
  readonly strange: Set<number>;
  readonly isWanted: (timestamp: number) => boolean;
}

/** Returns the partitions with an unreadable file, and reports the reasons. */
async function digestParsed(
  days: DeviceDays,
  archive: ParsedFolder,
  wanted: Wanted,
  say: Say,
): Promise<ReadonlySet<Partition>> {
  const damaged = new Set<Partition>();
  for (const partition of archive.partitions()) {
    try {
      days.takeParsed(await digestPartition(archive, partition, wanted));
    } catch (error) {
      damaged.add(partition);
      say((error as Error).message);
    }
  }
  return damaged;
}

/** Starts again if a run of the parser changes the files meanwhile. */
async function digestPartition(
  archive: ParsedFolder,
  partition: Partition,
  wanted: Wanted,
): Promise<DeviceDays> {
  for (let tries = 1; ; tries += 1) {
    const before = archive.stateOf(partition);
    const days = createDeviceDays();
    let failure: unknown;
    try {
      await digestRows(days, archive.rows(partition), wanted);
    } catch (error) {
      failure = error;
    }
    const isSteady = archive.stateOf(partition) === before;
    if (isSteady && failure === undefined) return days;
    if (isSteady) throw failure;
    if (tries === MAX_TRIES) throw new Error(`${partition} changes while it is read: run the audit again`);
  }
}

async function digestRows(
  days: DeviceDays,
  rows: AsyncIterable<RowBlock>,
  { hours, known, strange, isWanted }: Wanted,
): Promise<void> {
  let [last, moments] = ['', new Set<number>()];
  for await (const block of rows) {
    const { site, device, metric, timestamps, values, exact, messageIds } = block;
    if (device !== last) [last, moments] = [device, new Set()];
    for (let n = 0; n < timestamps.length; n += 1) {
      const [timestamp, hour] = [timestamps[n]!, block.hours[n]!];
      if (!isWanted(timestamp)) continue;
      if (!known.has(hour)) strange.add(hour);
      if (!hours.has(hour)) continue;
      const row = { timestamp, hour, value: values[n]!, exact: exact[n], id: messageIds[n] };
      const day = days.at(site, device, timestamp);
      countRow(day, 'parsed', metric, row);
      countReading(day, 'parsed', row, moments);
    }
  }
}
