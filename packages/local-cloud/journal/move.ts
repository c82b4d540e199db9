// Reads live entries back, and moves them out of the oldest file, so that one slow consumer does not keep every file.

import type { Log } from '../log.ts';
import { decodeRecord, encodeEntry } from './record.ts';
import { type LiveEntry, place, type Segment } from './recover.ts';
import type { SegmentWriter } from './segments.ts';

export interface EntryMover {
  /** The content of a durable entry; undefined when it is finished or cannot be read back. */
  read(live: LiveEntry): Promise<{ meta: unknown; payload: Buffer } | undefined>;
  /** Writes the live entries of the oldest file again at the end. Rejects when the disk refuses. */
  moveOldest(): Promise<void>;
}

interface MovedEntry {
  readonly live: LiveEntry;
  readonly record: Buffer;
}

/** Entries are read and written in portions of this size. */
const PORTION_BYTES = 4 * 1024 * 1024;

interface MoverDeps {
  readonly entries: ReadonlyMap<number, LiveEntry>;
  readonly segments: SegmentWriter;
  readonly nextSeq: () => number;
  readonly log: Log;
}

function createRead({ entries, segments, log }: MoverDeps): EntryMover['read'] {
  const read: EntryMover['read'] = async (live) => {
    const segment = live.segment!;
    const data = await segments.read(segment, live.offset, live.length);
    const record = data && decodeRecord(data, 0);
    if (record?.kind === 'entry') return { meta: record.entry.meta, payload: record.entry.payload };
    if (entries.has(live.seq) && live.segment !== segment) return read(live); // moved meanwhile
    if (entries.has(live.seq))
      log.error('journal entry cannot be read back', { file: segment.path, seq: live.seq });
    return undefined;
  };
  return read;
}

export function createEntryMover(deps: MoverDeps): EntryMover {
  const { entries, segments, nextSeq } = deps;
  const read = createRead(deps);

  /** Takes the next portion off the end of `left`. */
  const readPortion = async (left: LiveEntry[]): Promise<MovedEntry[]> => {
    const moved: MovedEntry[] = [];
    for (let bytes = 0; left.length > 0 && bytes < PORTION_BYTES;) {
      const live = left.pop()!;
      const content = await read(live);
      if (!content || !entries.has(live.seq)) continue;
      const record = Buffer.concat(encodeEntry({ seq: live.seq, consumers: live.consumers, ...content }));
      moved.push({ live, record });
      bytes += record.length;
    }
    return moved;
  };

  const placeAll = (moved: readonly MovedEntry[], segment: Segment, start: number) => {
    let offset = start;
    for (const { live, record } of moved) {
      if (entries.has(live.seq)) place(live, segment, offset, record.length);
      offset += record.length;
    }
  };

  return {
    read,
    async moveOldest() {
      const oldest = segments.pinned();
      const live = oldest ? [...entries.values()].filter(({ segment }) => segment === oldest) : [];
      const left = live.toReversed();
      while (left.length > 0) {
        const moved = await readPortion(left);
        const records = Buffer.concat(moved.map(({ record }) => record));
        const { segment, offset } = await segments.write(records, { nextSeq: nextSeq(), sync: true });
        placeAll(moved, segment, offset);
      }
    },
  };
}
