// Merges the hourly files of a site's day into one file, in which the rows of each hour can still be replaced.

import { dayFile, hourOfFile, type Partition } from '../core/archive/parsed-rows.ts';
import type { NamedFile, ParsedArchive, StagedFile, StagingFolder } from './parse-ports.ts';

interface Ports {
  readonly parsed: ParsedArchive;
  readonly staging: StagingFolder;
}

/** Above this total size the files are large enough to be scanned one by one. */
const MAX_MERGED_BYTES = 64 << 20;

/**
 * Merges all files of the partition into its `day.parquet`, then deletes the others. A file of an hour that is in the
 * day already was left by an interrupted merge, and is only deleted. Rejects when S3 or the disk fails; safe to repeat.
 */
export async function mergeDay(partition: Partition, { parsed, staging }: Ports): Promise<void> {
  const files = await parsed.files(partition);
  const hourly = files.flatMap(({ key }) => {
    const hour = hourOfFile(key);
    return hour === undefined ? [] : [{ key, hour }];
  });
  if (hourly.length === 0 || files.length < 2) return;
  const fetched: NamedFile[] = [];
  try {
    const day = await fetchDay(partition, parsed, staging);
    if (day) fetched.push(day);
    const merged = day ? (await staging.readFile(day)).hours : [];
    await parsed.remove(hourly.filter(({ hour }) => merged.includes(hour)).map(({ key }) => key));
    const more = hourly.filter(({ hour }) => !merged.includes(hour));
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (more.length === 0 || size > MAX_MERGED_BYTES) return;
    for (const { key } of more) {
      const file = { key, path: staging.freshPath() };
      fetched.push(file);
      if (!(await parsed.fetch(key, file.path))) throw new Error(`${key} was deleted after it was listed`);
    }
    const hours = [...merged, ...more.map(({ hour }) => hour)].sort((a, b) => a - b);
    await putMerged({ parsed, staging, partition, from: fetched, hours });
    await parsed.remove(more.map(({ key }) => key));
  } finally {
    for (const { path } of fetched) staging.discard(path);
  }
}

/** Fetches the merged file of a partition; undefined if there is none. */
export async function fetchDay(
  partition: Partition,
  parsed: ParsedArchive,
  staging: StagingFolder,
): Promise<NamedFile | undefined> {
  const file = { key: dayFile(partition), path: staging.freshPath() };
  if (await parsed.fetch(file.key, file.path)) return file;
  staging.discard(file.path);
  return undefined;
}

/** Writes the rows of all these files into the partition's merged file, leaving out one hour of the first file. */
export async function putMerged(parts: {
  readonly parsed: ParsedArchive;
  readonly staging: StagingFolder;
  readonly partition: Partition;
  readonly from: readonly NamedFile[];
  readonly hours: readonly number[];
  readonly without?: number;
}): Promise<void> {
  const { parsed, staging, partition, from, hours, without } = parts;
  const sorter = staging.openSorter();
  let merged: StagedFile | undefined;
  try {
    for (const [n, each] of from.entries()) {
      for await (const block of (await staging.readFile(each)).rows()) {
        if (n > 0 || without === undefined) sorter.addBlock({ block, from: 0, to: block.hours.length });
        else
          block.hours.forEach((hour, row) => {
            if (hour !== without) sorter.addBlock({ block, from: row, to: row + 1 });
          });
      }
    }
    const file = staging.openFile();
    let rows = 0;
    for (const block of sorter.blocks()) {
      file.add({ block, from: 0, to: block.timestamps.length });
      rows += block.timestamps.length;
    }
    merged = file.finish(hours);
    if (rows > 0) await parsed.put(dayFile(partition), merged);
    else await parsed.remove([dayFile(partition)]);
  } finally {
    sorter.close();
    if (merged) staging.discard(merged.path);
  }
}
