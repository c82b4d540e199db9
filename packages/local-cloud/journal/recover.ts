// Reads back what an earlier run left: which entries are not acknowledged, and where each of them lies.

import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { JournalFiles } from './files.ts';
import { type ScannedRecord, scanRecords } from './record.ts';

/** One file of the journal; `live` counts its entries that a consumer has not acknowledged, `liveBytes` their bytes. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  live: number;
  liveBytes: number;
  bytes: number;
}

/** An entry that a consumer has not acknowledged, and where its newest copy lies. */
export interface LiveEntry {
  readonly seq: number;
  /** Null where acknowledged; places never move, because acknowledgement records name them. */
  readonly consumers: (string | null)[];
  left: number;
  /** Undefined until it is written. */
  segment?: Segment;
  offset: number;
  length: number;
}

/** An entry that is not on disk yet. */
export function createEntry(seq: number, consumers: readonly (string | null)[]): LiveEntry {
  const left = consumers.filter((consumer) => consumer !== null).length;
  return { seq, consumers: [...consumers], left, offset: 0, length: 0 };
}

export interface Recovered {
  readonly segments: Segment[];
  readonly entries: Map<number, LiveEntry>;
  /** The number of the next entry; the journal goes on counting here. */
  nextSeq: number;
}

const SEGMENT_NAME = /^(\d{16})-(\d{16})\.journal$/;

/** `<segment number>-<first entry number it may hold>.journal`: the second keeps numbers rising when all else is gone. */
export function segmentFile(dir: string, number: number, nextSeq: number): string {
  return join(dir, `${String(number).padStart(16, '0')}-${String(nextSeq).padStart(16, '0')}.journal`);
}

/** Says where the newest copy of an entry lies now; an earlier copy no longer counts. */
export function place(entry: LiveEntry, segment: Segment, offset: number, length: number): void {
  unplace(entry);
  Object.assign(entry, { segment, offset, length });
  segment.live += 1;
  segment.liveBytes += length;
}

function unplace({ segment, length }: LiveEntry): void {
  if (!segment) return;
  segment.live -= 1;
  segment.liveBytes -= length;
}

/** Takes one consumer off an entry; forgets the entry when it was the last. Returns true when something changed. */
export function acknowledge(entries: Map<number, LiveEntry>, seq: number, index: number): boolean {
  const entry = entries.get(seq);
  if (!entry || entry.consumers[index] == null) return false;
  entry.consumers[index] = null;
  entry.left -= 1;
  if (entry.left === 0) {
    entries.delete(seq);
    unplace(entry);
  }
  return true;
}

/** Applies one record of `segment` to what the records before it left. */
function replay(record: ScannedRecord, segment: Segment, recovered: Recovered): void {
  const { entries } = recovered;
  const { offset, length } = record;
  segment.bytes = offset + length;
  if (record.kind === 'acknowledgements') {
    for (const { seq, index } of record.acknowledgements) acknowledge(entries, seq, index);
    return;
  }
  const { seq, consumers } = record.entry;
  const earlier = entries.get(seq); // a copy that was moved forward comes after the first
  if (earlier) unplace(earlier);
  const entry = createEntry(seq, consumers);
  place(entry, segment, offset, length);
  entries.set(seq, entry);
  recovered.nextSeq = Math.max(recovered.nextSeq, seq + 1);
}

/** Reads the file `name` and cuts off a torn tail. */
async function recoverSegment(
  { dir, name }: { dir: string; name: string },
  recovered: Recovered,
  files: JournalFiles,
  log: Log,
): Promise<void> {
  const [, number, firstSeq] = SEGMENT_NAME.exec(name)!;
  const path = join(dir, name);
  const segment: Segment = { number: Number(number), path, live: 0, liveBytes: 0, bytes: 0 };
  recovered.segments.push(segment);
  recovered.nextSeq = Math.max(recovered.nextSeq, Number(firstSeq));
  const data = await files.readAll(path);
  for (const record of scanRecords(data)) replay(record, segment, recovered);
  const torn = data.length - segment.bytes;
  if (torn === 0) return;
  log.warn('journal tail cut: its last record was not whole', { file: name, at: segment.bytes, bytes: torn });
  await files.truncate(path, segment.bytes);
}

export async function recover(dir: string, files: JournalFiles, log: Log): Promise<Recovered> {
  const names = (await files.list(dir)).filter((name) => SEGMENT_NAME.test(name)).sort();
  const recovered: Recovered = { segments: [], entries: new Map(), nextSeq: 1 };
  for (const name of names) await recoverSegment({ dir, name }, recovered, files, log);
  const { segments, entries, nextSeq } = recovered;
  return { segments, entries: new Map([...entries].sort(([a], [b]) => a - b)), nextSeq };
}
