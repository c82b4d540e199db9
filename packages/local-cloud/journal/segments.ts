// The journal's files: writes at the end of the newest, goes on to the next, deletes the oldest once all its entries are acknowledged.

import type { Log } from '../log.ts';
import type { JournalFiles, SegmentFile } from './files.ts';
import { type Segment, segmentFile } from './recover.ts';

/** Up to this number of files, entries are not moved: the space is not worth the work. */
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
  /** The oldest segment, when live entries fill less than half of the files and its own keep those after it from being deleted. */
  pinned(): Segment | undefined;
  close(): Promise<void>;
  size(): { segments: number; bytes: number };
}

interface Active {
  readonly segment: Segment;
  readonly file: SegmentFile;
}

interface SegmentWriterOptions {
  readonly dir: string;
  readonly files: JournalFiles;
  readonly log: Log;
  readonly segmentBytes: number;
  /** Oldest first; the writer adds and removes. */
  readonly segments: Segment[];
}

/** The newest file, which is written to: opened with the first write, left once it is large enough. */
function createActive({ dir, files, log, segmentBytes, segments }: SegmentWriterOptions) {
  let active: Active | undefined;
  const leave = async () => {
    const left = active;
    active = undefined;
    await left?.file.close();
  };
  return {
    current: () => active,
    leave,
    async open(nextSeq: number): Promise<Active> {
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
    },
    /** After a failed write or sync the kernel's copy cannot be trusted: cut, and never append there unless all went well. */
    async undo({ segment, file }: Active, isTrusted: boolean): Promise<void> {
      try {
        await file.truncate(segment.bytes);
        if (isTrusted) return;
      } catch (error) {
        log.warn('journal segment left with a torn end', { file: segment.path, reason: String(error) });
      }
      await leave();
    },
  };
}

function totalOf(segments: readonly Segment[]): { bytes: number; liveBytes: number } {
  let bytes = 0;
  let liveBytes = 0;
  for (const segment of segments) {
    bytes += segment.bytes;
    liveBytes += segment.liveBytes;
  }
  return { bytes, liveBytes };
}

type ActiveSegment = ReturnType<typeof createActive>;

async function readClosed(
  files: JournalFiles,
  path: string,
  offset: number,
  length: number,
): Promise<Buffer> {
  const file = await files.open(path);
  try {
    return await file.read(length, offset);
  } finally {
    await file.close();
  }
}

/** Appends `data` to the active segment; on an error that segment is cut back, and the error is thrown. */
async function append(
  active: ActiveSegment,
  data: Buffer,
  { nextSeq, sync }: { nextSeq: number; sync: boolean },
): Promise<{ segment: Segment; offset: number }> {
  const opened = await active.open(nextSeq);
  const { segment, file } = opened;
  const offset = segment.bytes;
  if (data.length === 0) return { segment, offset };
  let isWritten = false;
  try {
    await file.write(data, offset);
    isWritten = true;
    if (sync) await file.sync();
  } catch (error) {
    await active.undo(opened, !isWritten);
    throw error;
  }
  segment.bytes += data.length;
  return { segment, offset };
}

/** Deletes segments from the oldest on, up to the first that is active or has a live entry. */
async function removeFinished(
  { files, log, segments }: SegmentWriterOptions,
  active: ActiveSegment,
): Promise<void> {
  for (let head = segments[0]; head && head.live === 0; head = segments[0]) {
    if (head === active.current()?.segment) return;
    segments.shift();
    try {
      await files.remove(head.path);
    } catch (error) {
      log.warn('journal segment cannot be deleted', { file: head.path, reason: String(error) });
    }
  }
}

export function createSegmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { files, log, segments } = options;
  const active = createActive(options);

  return {
    write: (data, how) => append(active, data, how),
    removeFinished: () => removeFinished(options, active),
    async read(segment, offset, length) {
      const current = active.current();
      if (segment === current?.segment) return current.file.read(length, offset);
      try {
        return await readClosed(files, segment.path, offset, length);
      } catch (error) {
        if (!segments.includes(segment)) return undefined; // finished and deleted meanwhile
        log.error('journal segment cannot be read', { file: segment.path, reason: String(error) });
        return undefined;
      }
    },
    pinned() {
      const head = segments[0];
      if (segments.length <= ROOMY_SEGMENTS || head === active.current()?.segment) return undefined;
      const { bytes, liveBytes } = totalOf(segments);
      return liveBytes * 2 < bytes ? head : undefined;
    },
    close: () => active.leave(),
    size: () => ({ segments: segments.length, bytes: totalOf(segments).bytes }),
  };
}
