// Finds the files of a shard's log after a restart: which records each holds, and where a torn end is to be cut.

import { join } from 'node:path';
import type { JournalFiles } from '../journal/files.ts';
import { scanRecords } from '../journal/record.ts';
import type { Segment } from '../journal/recover.ts';
import type { Log } from '../log.ts';

/** A file of the log; `live` is 1 until it may go. */
export interface LogSegment extends Segment {
  /** Places of its first and last record. */
  first: number;
  last: number;
  /** When its last record came, epoch milliseconds. */
  newestAt: number;
}

const NAME = /^(\d{16})-(\d{16})\.journal$/;

export async function findSegments(dir: string, files: JournalFiles, log: Log): Promise<LogSegment[]> {
  const segments: LogSegment[] = [];
  for (const file of (await files.list(dir)).filter((each) => NAME.test(each)).sort()) {
    const [, number, first] = NAME.exec(file)!;
    const path = join(dir, file);
    const segment: LogSegment = {
      ...{ number: Number(number), path, live: 1, liveBytes: 0, bytes: 0 },
      ...{ first: Number(first), last: Number(first) - 1, newestAt: 0 },
    };
    const data = await files.readAll(path);
    for (const record of scanRecords(data)) {
      segment.bytes = record.offset + record.length;
      if (record.kind !== 'entry') continue;
      segment.last = record.entry.seq;
      segment.newestAt = (record.entry.meta as [string, number])[1];
    }
    if (segment.bytes < data.length) {
      log.warn('stream file cut: its last record was not whole', {
        file,
        bytes: data.length - segment.bytes,
      });
      await files.truncate(path, segment.bytes);
    }
    segments.push(segment);
  }
  return segments;
}
