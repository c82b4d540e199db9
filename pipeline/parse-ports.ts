// The ports of the parsed archive: the raw objects of an hour, the files of rows, and the progress.

import type { ArchivedReading } from '../core/archive/archived-reading.ts';
import type { Partition, RowBlock, RowSlice } from '../core/archive/parsed-rows.ts';

export interface RawObject {
  readonly key: string;
  readonly etag: string;
  /** Stored size in bytes. */
  readonly size: number;
}

/** The object differs from the one listed, or is not in the archive's format: reading it again gives the same. */
export class DamagedObjectError extends Error {
  override readonly name = 'DamagedObjectError';
}

export interface RawArchive {
  /** The objects of an hour of arrival (epoch milliseconds), by key. */
  objects(hour: number): Promise<readonly RawObject[]>;
  /** Its lines, decompressed. Rejects with a DamagedObjectError, or the SDK's error. */
  read(object: RawObject): AsyncIterable<Uint8Array>;
}

/** Sorts rows in bounded memory. Must be closed. Throws when its disk fails. */
export interface RowSorter {
  /** `hour`: of arrival, epoch milliseconds. */
  add(reading: ArchivedReading, hour: number): void;
  addBlock(slice: RowSlice): void;
  /** All rows by site, device, metric and time; of repeated readings, the first. Must be called only once. */
  blocks(): Iterable<RowBlock>;
  /** Readings that were left out because they repeat another; known after all blocks were read. */
  repeated(): number;
  close(): void;
}

/** A Parquet file on the disk of this machine. */
export interface StagedFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
}

/** A file of the bucket on the disk of this machine; errors name it by its key. */
export interface NamedFile {
  readonly key: string;
  readonly path: string;
}

/** A file being written. Throws when the disk fails. */
export interface GrowingFile {
  add(slice: RowSlice): void;
  /** `hours`, the hours of arrival of its rows (epoch milliseconds), are written into the file. */
  finish(hours: readonly number[]): StagedFile;
}

/** A folder on this machine's disk for files and sorted runs until they are in the bucket. */
export interface StagingFolder {
  openSorter(): RowSorter;
  openFile(): GrowingFile;
  /**
   * The hours of its rows, and the rows, row group by row group. Rejects if it is not in the format that this version
   * writes.
   */
  readFile(file: NamedFile): Promise<{ readonly hours: readonly number[]; rows(): AsyncIterable<RowBlock> }>;
  /** An unused path. */
  freshPath(): string;
  /** Removes a file. */
  discard(path: string): void;
  /** Removes everything that a failure left. */
  clear(): void;
}

export interface ParsedFile {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
}

/** The result of an hour. */
export interface HourManifest {
  /** `2026-12-01T05` */
  readonly hour: string;
  readonly state: 'writing' | 'done' | 'failed';
  readonly objects: readonly RawObject[];
  readonly lines: number;
  /** Readings that were accepted, without those that repeat another. */
  readonly readings: number;
  readonly repeated: number;
  readonly rejected: number;
  /** Values of the readings, one a row. */
  readonly rows: number;
  /** Files that may have rows of this hour, by key. */
  readonly files: readonly string[];
  /** What could not be read, such as `raw/...ndjson.gz line 7: the line is not JSON text`. */
  readonly faults: readonly string[];
}

/** How far the parsed archive is. Hours as `2026-12-01T05`. */
export interface ParseProgress {
  /** All hours before this one were parsed or are in `open`. */
  readonly until?: string;
  /** Hours that were started and are not done. */
  readonly open: readonly string[];
  /** Partitions that may have files to merge. */
  readonly unmerged: readonly Partition[];
  /** The day on which partitions were merged last. */
  readonly mergedOn?: string;
}

/** Held by one run at a time; it expires when the run must be over. */
export interface ProgressLease {
  readonly progress: ParseProgress;
  /** Rejects if another run holds it by now. */
  save(progress: ParseProgress): Promise<void>;
  /** Saves, and lets other runs start. */
  release(): Promise<void>;
}

export interface ParsedArchive {
  /** `busyUntil` while another run holds it: the time when that run must be over. */
  lease(endsAt: number): Promise<ProgressLease | { readonly busyUntil: number }>;
  manifest(hour: number): Promise<HourManifest | undefined>;
  saveManifest(manifest: HourManifest): Promise<void>;
  files(partition: Partition): Promise<readonly ParsedFile[]>;
  /** Replaces the object in one step. */
  put(key: string, file: StagedFile): Promise<void>;
  /** False if the object does not exist. */
  fetch(key: string, path: string): Promise<boolean>;
  remove(keys: readonly string[]): Promise<void>;
}
