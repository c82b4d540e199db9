// Folds archived lines into windows as ingest would have, many times as fast: what an audit of the archive needs.
// @tidegate/fast-fold takes the usual lines from their bytes, careful-line all others; what came either way is put together

// here. The careful way decides what is right.

import {
  foldLines,
  type FastReading,
  type FoldedLines,
  type OtherLine,
  type Place,
} from '@tidegate/fast-fold';
import { doubleOf } from '../core/archive/archived-reading.ts';
import { eventIn, parseArchiveLine, rejectLine } from '../core/archive/careful-line.ts';
import { decimalOf } from '../core/decimal.ts';
import { fingerprint } from '../core/fingerprint.ts';
import type { Mapped } from '../core/mapping.ts';
import { SENTINELS } from '../core/measurement.ts';
import type { ParsedMessage } from '../core/message.ts';
import {
  identityText,
  MAX_NAME_LENGTH,
  metricsText,
  type MessageContext,
  type Reading,
  type Rejection,
  type TimeLimits,
} from '../core/reading.ts';
import { foldReadings, windowStartOf, type Delta, type Window, type WindowKey } from '../core/window.ts';
import type { MapMessage } from '../core/map-message.ts';
import { areMetrics } from '../core/archive/usual-lines.ts';

/** What could not be used, and the line that it stands in; the first line is 1. */
export interface RejectedLine {
  readonly line: number;
  /** Absent when the line lacks what the rule adds. */
  readonly context?: MessageContext;
  readonly rejection: Rejection;
}

export interface FoldOptions extends TimeLimits {
  readonly windowSeconds: number;
  /** Where a device may have a mapping; then all lines go the careful way. */
  readonly mapMessage?: MapMessage | undefined;
  /** Told of each rejected reading in the order of lines, once its line is complete. */
  readonly onRejected: (rejected: RejectedLine) => void;
}

/** The kernel leaves lines with a longer id to the careful way, which takes any. */
const MAX_ID_LENGTH = 64;
const USUAL = {
  maxNameLength: MAX_NAME_LENGTH,
  maxIdLength: MAX_ID_LENGTH,
  areMetrics,
  sentinels: SENTINELS,
};

/** A window without what takes the fingerprints of its readings to know. */
export type FoldedWindow = Omit<Window, 'last' | 'lastFingerprint'>;

/** A reading without its fingerprint, with values as the parsed archive has them. */
export interface DistinctReading extends Pick<Reading, 'site' | 'timestamp'> {
  /** As the device gave it. */
  readonly id: string | undefined;
  readonly metrics: readonly {
    readonly name: string;
    readonly value: number;
    readonly exact?: string | undefined;
  }[];
}

export interface FoldedArchive {
  /** Lines that are not empty. */
  readonly lines: number;
  /** Readings that were accepted, those that came more than once included. */
  readonly accepted: number;
  /** Values that are in no reading. */
  readonly skipped: number;
  readonly windowCount: number;
  /** What the windows amount to, oldest first; those that begin together in the order in which they came. */
  windows(): Generator<FoldedWindow>;
  /**
   * The deltas that `foldReadings` makes of all accepted readings, oldest window first, one a window; of some windows only if
   * `isWanted` says so. Computes the fingerprints of the readings, which takes longer than the folding.
   */
  deltas(isWanted?: (window: Pick<WindowKey, 'deviceId' | 'windowStart'>) => boolean): Generator<Delta>;
  /** Each accepted reading once, window by window in the order of `windows`. */
  readings(): Generator<{ readonly deviceId: string; readonly readings: readonly DistinctReading[] }>;
}

/** A reading and when it came, as `FastReading` has it. */
interface Ordered {
  readonly order: number;
  readonly reading: Reading;
  readonly id: string | undefined;
}

/** A window of which something came the careful way: that, by what it says, and where the kernel has it, if it does. */
interface CarefulWindow extends Pick<WindowKey, 'deviceId' | 'windowStart'> {
  /** Grows with the windows as their places do; of the same order, what came the careful way was before. */
  readonly order: number;
  readonly readings: Map<string, Ordered>;
  readonly place?: Place;
}

/** Most windows are known to the kernel alone. */
type KnownWindow = Place | CarefulWindow;

/**
 * Folds an archive, such as the objects of RawBucket decompressed: lines as TelemetryRule writes them, ended by line feeds,
 * however they are cut into chunks. Its memory grows with the distinct readings of the windows, not with the lines.
 * Empty lines are none; of a line over 1 MiB, which is rejected, the first KiB is kept. Rejects as `chunks` do.
 */
export async function foldArchive(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: FoldOptions,
): Promise<FoldedArchive> {
  const careful = createCarefulFold(options);
  const { mapMessage } = options;
  const fast = mapMessage
    ? await foldMapped(chunks, options, careful, mapMessage)
    : await foldLines(chunks, { ...options, ...USUAL, onOther: careful.take });
  const windows = knownWindows(fast, careful.windows);
  windows.sort((a, b) => startOf(fast, a) - startOf(fast, b) || orderOf(a) - orderOf(b));
  const { windowSeconds } = options;
  const { lines, accepted, skipped } = careful.counts;
  return {
    lines: fast.lines + lines,
    accepted: fast.lines + accepted,
    skipped,
    windowCount: windows.length,
    *windows() {
      for (const window of windows) yield foldedWindow(fast, window, windowSeconds);
    },
    *deltas(isWanted = () => true) {
      for (const window of windows) {
        if (isWanted(keyOf(fast, window))) yield deltaOf(fast, window, windowSeconds);
      }
    },
    *readings() {
      for (const window of windows) yield distinctIn(fast, window, windowSeconds);
    },
  };
}

/** A mapping reads when it likes, so the lines of a chunk are mapped before the next chunk is asked for. */
async function foldMapped(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: FoldOptions,
  careful: CarefulFold,
  mapMessage: MapMessage,
): Promise<FoldedLines> {
  let waiting: OtherLine[] = [];
  const onOther = (line: OtherLine) => void waiting.push({ ...line, bytes: Uint8Array.from(line.bytes) });
  async function takeWaiting(): Promise<void> {
    const lines = waiting;
    waiting = [];
    for (const line of lines) careful.take(line, await mapMessage(eventIn(line.bytes)));
  }
  async function* paced(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      yield chunk;
      await takeWaiting();
    }
  }
  const fast = await foldLines(paced(), { ...options, ...USUAL, areMetrics: () => false, onOther });
  await takeWaiting();
  return fast;
}

interface CarefulFold {
  readonly take: (line: OtherLine, mapped?: Mapped) => void;
  readonly counts: Readonly<Record<'lines' | 'accepted' | 'skipped', number>>;
  readonly windows: ReadonlyMap<string, CarefulWindow>;
}

/** Takes the lines that are left to the careful way. */
function createCarefulFold(options: FoldOptions): CarefulFold {
  const { windowSeconds, onRejected } = options;
  const windows = new Map<string, CarefulWindow>();
  const counts = { lines: 0, accepted: 0, skipped: 0 };

  /** It stands before the fast one that has the same order. */
  function add(reading: Reading, order: number, id: string | undefined): void {
    const { deviceId, timestamp } = reading;
    const key = { deviceId, windowStart: windowStartOf(timestamp, windowSeconds) };
    let window = windows.get(keyText(key));
    if (!window) windows.set(keyText(key), (window = { ...key, order, readings: new Map() }));
    const content = `${reading.fingerprint},${timestamp},${reading.site},${metricsText(reading.metrics)}`;
    if (!window.readings.has(content)) window.readings.set(content, { order, reading, id });
  }

  return {
    counts,
    windows,
    take(line, mapped) {
      const { context, accepted, rejected, skipped, idOf } = parseLine(line, options, mapped);
      for (const reading of accepted) add(reading, line.order, idOf(reading));
      for (const rejection of rejected) onRejected({ line: line.number, context, rejection });
      counts.lines += 1;
      counts.accepted += accepted.length;
      counts.skipped += skipped.length;
    },
  };
}

function parseLine({ bytes, isTooLong }: OtherLine, limits: TimeLimits, mapped?: Mapped): ParsedMessage {
  if (!isTooLong) return parseArchiveLine(bytes, limits, mapped);
  return rejectLine(bytes, { fault: 'not-json-object', detail: 'the line is over 1 MiB' });
}

function knownWindows(fast: FoldedLines, careful: ReadonlyMap<string, CarefulWindow>): KnownWindow[] {
  if (careful.size === 0) return [...fast.windows];
  const both = new Map<string, Place>();
  const others = fast.windows.filter((place) => {
    const key = keyText(keyOf(fast, place));
    if (careful.has(key)) both.set(key, place);
    return !careful.has(key);
  });
  const windows = [...careful].map(([key, window]) => {
    const place = both.get(key);
    return place === undefined ? window : { ...window, place, order: Math.min(window.order, place) };
  });
  return [...windows, ...others];
}

function orderOf(window: KnownWindow): number {
  return typeof window === 'number' ? window : window.order;
}

function startOf(fast: FoldedLines, window: KnownWindow): number {
  return typeof window === 'number' ? fast.startOf(window) : window.windowStart;
}

function keyOf(fast: FoldedLines, window: KnownWindow): Pick<WindowKey, 'deviceId' | 'windowStart'> {
  if (typeof window !== 'number') return window;
  return { deviceId: fast.deviceIdOf(window), windowStart: fast.startOf(window) };
}

function foldedWindow(fast: FoldedLines, window: KnownWindow, windowSeconds: number): FoldedWindow {
  if (typeof window === 'number') return fast.windowAt(window);
  const { deviceId, site, windowStart, firstReadingAt, lastReadingAt, readings, metrics } = deltaOf(
    fast,
    window,
    windowSeconds,
  );
  return { deviceId, site, windowStart, firstReadingAt, lastReadingAt, readings: readings.size, metrics };
}

function deltaOf(fast: FoldedLines, window: KnownWindow, windowSeconds: number): Delta {
  const all = orderedIn(fast, window);
  const [delta] = foldReadings(
    all.map(({ reading }) => reading),
    windowSeconds,
  );
  return delta!;
}

/** All readings of a window as they came, those of the kernel once each. */
function orderedIn(fast: FoldedLines, window: KnownWindow): Ordered[] {
  const { deviceId } = keyOf(fast, window);
  const { readings, place } = typeof window === 'number' ? { place: window } : window;
  const ofKernel = place === undefined ? [] : fast.readingsOf(place);
  const all = [
    ...(readings?.values() ?? []),
    ...ofKernel.map((reading) => ({ ...reading, reading: asReading(deviceId, reading) })),
  ];
  return all.sort((a, b) => a.order - b.order);
}

/** What the kernel alone has is distinct as it stands; fingerprints tell apart what came the careful way. */
function distinctIn(fast: FoldedLines, window: KnownWindow, windowSeconds: number) {
  const { deviceId } = keyOf(fast, window);
  if (typeof window === 'number') return { deviceId, readings: fast.readingsOf(window) };
  const all = orderedIn(fast, window);
  const ids = new Map(all.map(({ reading, id }) => [reading, id]));
  const [delta] = foldReadings(ids.keys(), windowSeconds);
  const readings = [...delta!.readings.values()].map((reading): DistinctReading => {
    const { site, timestamp, metrics } = reading;
    const values = metrics.map(({ name, value }) => ({ name, ...doubleOf(value) }));
    return { site, timestamp, id: ids.get(reading), metrics: values };
  });
  return { deviceId, readings };
}

function keyText({ deviceId, windowStart }: Pick<WindowKey, 'deviceId' | 'windowStart'>): string {
  return `${windowStart}/${deviceId}`;
}

function asReading(deviceId: string, { timestamp, site, id, metrics: values }: FastReading): Reading {
  // The kernel takes no number that is not a decimal.
  const metrics = values.map(({ name, value }) => ({ name, value: decimalOf(value)! }));
  const identity = identityText(id, { ms: timestamp, own: true }, metrics, '');
  return { deviceId, site, timestamp, fingerprint: fingerprint(identity), metrics };
}
