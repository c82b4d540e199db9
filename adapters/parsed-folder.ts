// The parsed archive as files on this machine: the local cloud's folder, or a copy made by `aws s3 sync`.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import {
  dateOfPartition,
  hourFromText,
  hourOfFile,
  hourText,
  partitionOf,
  type Partition,
  type RowBlock,
} from '../core/archive/parsed-rows.ts';
import type { HourManifest } from '../pipeline/parse-ports.ts';
import { readParquetFile } from './parquet-file.ts';

/** The result of an hour of arrival, and its objects. */
export type KnownHour = Pick<HourManifest, 'state' | 'objects' | 'faults'>;

export interface ParsedFolder {
  /** The manifest of an hour of arrival (epoch milliseconds). @throws Error that names the file if it is not a manifest. */
  manifest(hour: number): KnownHour | undefined;
  /** Hours of arrival that have a manifest, epoch milliseconds, oldest first. */
  hours(): readonly number[];
  /** The partitions that have files, by name. */
  partitions(): readonly Partition[];
  /**
   * All rows of a partition, each once, even while a merge has left both the day and its hours. Rejects with an Error
   * that names a file which is damaged, was written by another version, or has rows of another partition.
   */
  rows(partition: Partition): AsyncIterable<RowBlock>;
  /** A text that changes whenever the partition's files change. */
  stateOf(partition: Partition): string;
}

type PathOf = (key: string) => string;

function filesOf(pathOf: PathOf, partition: Partition): string[] {
  if (!existsSync(pathOf(partition))) return [];
  const names = readdirSync(pathOf(partition)).filter((name) => name.endsWith('.parquet'));
  return names.sort().map((name) => `${partition}/${name}`);
}

async function* rowsOf(pathOf: PathOf, partition: Partition): AsyncGenerator<RowBlock> {
  const merged = new Set<number>();
  for (const key of filesOf(pathOf, partition)) {
    const hour = hourOfFile(key);
    if (hour !== undefined && merged.has(hour)) continue;
    const file = await readParquetFile({ key, path: pathOf(key) });
    // `day.parquet` comes before the hours.
    if (hour === undefined) for (const one of file.hours) merged.add(one);
    for await (const block of file.rows()) {
      checkPlace(block, partition, key);
      yield block;
    }
  }
}

function partitionsIn(pathOf: PathOf): Partition[] {
  const sites = foldersIn(pathOf('readings')).filter((name) => name.startsWith('site='));
  return sites.flatMap((site) =>
    foldersIn(pathOf(`readings/${site}`))
      .filter((name) => /^date=\d{4}-\d\d-\d\d$/.test(name))
      .map((date) => `readings/${site}/${date}` as const),
  );
}

function hoursIn(pathOf: PathOf): number[] {
  const below = (key: string) => foldersIn(pathOf(key)).map((name) => `${key}/${name}`);
  const days = below('hours').flatMap(below).flatMap(below);
  return days.flatMap((day) =>
    readdirSync(pathOf(day)).flatMap((name) => {
      const [, hour] = /^(\d\d)\.json$/.exec(name) ?? [];
      const date = day.slice('hours/'.length).replaceAll('/', '-');
      return hour === undefined ? [] : [hourFromText(`${date}T${hour}`)];
    }),
  );
}

export function openParsedFolder(folder: string): ParsedFolder {
  const pathOf = (key: string) => path.join(folder, ...key.split('/'));
  return {
    rows: (partition) => rowsOf(pathOf, partition),
    partitions: () => partitionsIn(pathOf),
    stateOf: (partition) =>
      filesOf(pathOf, partition)
        .map((key) => {
          const { ino, size, mtimeMs } = statSync(pathOf(key), { throwIfNoEntry: false }) ?? {};
          return `${key} ${ino} ${size} ${mtimeMs}`;
        })
        .join('\n'),
    hours: () => hoursIn(pathOf),
    manifest(hour) {
      const key = `hours/${hourText(hour).replaceAll(/[-T]/g, '/')}.json`;
      if (!existsSync(pathOf(key))) return undefined;
      try {
        return manifestIn(readFileSync(pathOf(key), 'utf8'));
      } catch (error) {
        throw new Error(`${key} is not a manifest of an hour: ${(error as Error).message}`, { cause: error });
      }
    },
  };
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map(({ name }) => name).sort();
}

function manifestIn(text: string): KnownHour {
  const { state, objects, faults } = JSON.parse(text) as Partial<HourManifest>;
  if (state === undefined || !Array.isArray(objects) || !Array.isArray(faults))
    throw new Error('it lacks state, objects or faults');
  return { state, objects, faults };
}

/** A query for its site and date would not find a row in the wrong folder. */
function checkPlace({ site, timestamps }: RowBlock, partition: Partition, key: string): void {
  const date = dateOfPartition(partition);
  const [first, end] = [Date.parse(date), Date.parse(date) + 86_400_000];
  if (partitionOf(site, date) !== partition) throw new Error(`${key} has rows of the site ${site}`);
  const other = timestamps.find((timestamp) => timestamp < first || timestamp >= end);
  if (other !== undefined)
    throw new Error(`${key} has rows of another date: ${new Date(other).toISOString()}`);
}
