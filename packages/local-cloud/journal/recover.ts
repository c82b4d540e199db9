// Reads back what an earlier run left: which entries are not acknowledged, and where each of them lies.

import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { JournalFiles } from './files.ts';
import { scanRecords } from './record.ts';

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
  readonly nextSeq: number;
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

export async function recover(dir: string, files: JournalFiles, log: Log): Promise<Recovered> {
  const names = (await files.list(dir)).filter((name) => SEGMENT_NAME.test(name)).sort();
  const segments: Segment[] = [];
  const entries = new Map<number, LiveEntry>();
  let nextSeq = 1;
  for (const name of names) {
    const [, number, firstSeq] = SEGMENT_NAME.exec(name)!;
    const segment: Segment = {
      number: Number(number),
      path: join(dir, name),
      live: 0,
      liveBytes: 0,
      bytes: 0,
    };
    segments.push(segment);
    nextSeq = Math.max(nextSeq, Number(firstSeq));
    const data = await files.readAll(segment.path);
    for (const record of scanRecords(data)) {
      const { offset, length } = record;
      segment.bytes = offset + length;
      if (record.kind === 'acknowledgements') {
        for (const { seq, index } of record.acknowledgements) acknowledge(entries, seq, index);
        continue;
      }
      const { seq, consumers } = record.entry;
      const earlier = entries.get(seq); // a copy that was moved forward comes after the first
      if (earlier) unplace(earlier);
      const entry = createEntry(seq, consumers);
      place(entry, segment, offset, length);
      entries.set(seq, entry);
      nextSeq = Math.max(nextSeq, seq + 1);
    }
    if (segment.bytes < data.length) {
      const torn = data.length - segment.bytes;
      log.warn('journal tail cut: its last record was not whole', {
        file: name,
        at: segment.bytes,
        bytes: torn,
      });
      await files.truncate(segment.path, segment.bytes);
    }
  }
  const ordered = new Map([...entries].sort(([a], [b]) => a - b));
  return { segments, entries: ordered, nextSeq };
}
