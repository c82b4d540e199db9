// The journal's files: writes at the end of the newest, goes on to the next, deletes the oldest once all its entries are acknowledged.

import type { Log } from '../log.ts';
import type { JournalFiles, SegmentFile } from './files.ts';
import { type Segment, segmentFile } from './recover.ts';

/** So many files are never worth the work of moving entries. */
const ROOMY_SEGMENTS = 4;

export interface SegmentWriter {
  /**
   * Writes `data` whole at the end of the newest segment. On an error the file is cut back to where it was good,
   * or abandoned when even that fails, and the error is thrown.
   */
  write(data: Buffer, how: { nextSeq: number; sync: boolean }): Promise<{ segment: Segment; offset: number }>;
  read(segment: Segment, offset: number, length: number): Promise<Buffer | undefined>;
  /** Deletes segments from the oldest on, up to the first with a live entry. */
  removeFinished(): Promise<void>;
  /** The oldest segment, when the files hold much more than what is live and it alone keeps them from going. */
  pinned(): Segment | undefined;
  close(): Promise<void>;
  size(): { segments: number; bytes: number };
}

export function createSegmentWriter(options: {
  dir: string;
  files: JournalFiles;
  log: Log;
  segmentBytes: number;
  segments: Segment[];
}): SegmentWriter {
  const { dir, files, log, segmentBytes, segments } = options;
  let active: { segment: Segment; file: SegmentFile } | undefined;

  const total = () => {
    let bytes = 0;
    let liveBytes = 0;
    for (const segment of segments) {
      bytes += segment.bytes;
      liveBytes += segment.liveBytes;
    }
    return { bytes, liveBytes };
  };

  const leave = async () => {
    const left = active;
    active = undefined;
    await left?.file.close();
  };

  const activate = async (nextSeq: number) => {
    if (active && active.segment.bytes > segmentBytes) await leave();
    if (active) return active;
    const number = (segments.at(-1)?.number ?? 0) + 1;
    const path = segmentFile(dir, number, nextSeq);
    const file = await files.create(path);
    const segment: Segment = { number, path, live: 0, liveBytes: 0, bytes: 0 };
    segments.push(segment);
    active = { segment, file };
    await files.syncDirectory(dir);
    return active;
  };

  /** After a failed write or sync the kernel's copy cannot be trusted: cut, and never append there unless all went well. */
  const undo = async (segment: Segment, file: SegmentFile, trusted: boolean) => {
    try {
      await file.truncate(segment.bytes);
      if (trusted) return;
    } catch (error) {
      log.warn('journal segment left with a torn end', { file: segment.path, reason: String(error) });
    }
    await leave();
  };

  return {
    async write(data, { nextSeq, sync }) {
      const { segment, file } = await activate(nextSeq);
      const offset = segment.bytes;
      if (data.length === 0) return { segment, offset };
      let written = false;
      try {
        await file.write(data, offset);
        written = true;
        if (sync) await file.sync();
      } catch (error) {
        await undo(segment, file, !written);
        throw error;
      }
      segment.bytes += data.length;
      return { segment, offset };
    },
    async read(segment, offset, length) {
      if (segment === active?.segment) return active.file.read(length, offset);
      try {
        const file = await files.open(segment.path);
        try {
          return await file.read(length, offset);
        } finally {
          await file.close();
        }
      } catch (error) {
        if (!segments.includes(segment)) return undefined; // finished and deleted meanwhile
        log.error('journal segment cannot be read', { file: segment.path, reason: String(error) });
        return undefined;
      }
    },
    async removeFinished() {
      for (let head = segments[0]; head && head.live === 0; head = segments[0]) {
        if (head === active?.segment) return;
        segments.shift();
        try {
          await files.remove(head.path);
        } catch (error) {
          log.warn('journal segment cannot be deleted', { file: head.path, reason: String(error) });
        }
      }
    },
    pinned() {
      const head = segments[0];
      if (segments.length <= ROOMY_SEGMENTS || head === active?.segment) return undefined;
      const { bytes, liveBytes } = total();
      return liveBytes * 2 < bytes ? head : undefined;
    },
    close: leave,
    size: () => ({ segments: segments.length, bytes: total().bytes }),
  };
}
