// Folds archived lines into windows like ingest, but many times faster, for audits.
// @tidegate/fast-fold reads usual lines from their bytes, careful-line reads all others, and this module combines the results.
// The careful parser defines what is correct.

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

/** A rejected line with its number, counted from 1. */
export interface RejectedLine {
  readonly line: number;
  /** Absent if the line lacks what the rule adds. */
  readonly context?: MessageContext;
  readonly rejection: Rejection;
}

export interface FoldOptions extends TimeLimits {
  readonly windowSeconds: number;
  /** Set if a device may have a mapping; then the careful parser reads all lines. */
  readonly mapMessage?: MapMessage | undefined;
  /** Called for each rejected reading in the order of lines, when its line is complete. */
  readonly onRejected: (rejected: RejectedLine) => void;
}

/** The kernel leaves lines with a longer ID to the careful parser, which accepts any. */
const MAX_ID_LENGTH = 64;
const USUAL = {
  maxNameLength: MAX_NAME_LENGTH,
  maxIdLength: MAX_ID_LENGTH,
  areMetrics,
  sentinels: SENTINELS,
};

/** A window without the parts that need the readings' fingerprints. */
export type FoldedWindow = Omit<Window, 'last' | 'lastFingerprint'>;

/** A reading without its fingerprint, with values as the parsed archive has them. */
export interface DistinctReading extends Pick<Reading, 'site' | 'timestamp'> {
  /** As the device sent it. */
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
  /** Accepted readings, including duplicates. */
  readonly accepted: number;
  /** Values that are in no reading. */
  readonly skipped: number;
  readonly windowCount: number;
  /** The windows, oldest first; those with the same start in the order in which they came. */
  windows(): Generator<FoldedWindow>;
  /**
   * The deltas that `foldReadings` creates from all accepted readings, one per window, oldest first; only for windows
   * that `isWanted` selects. Computes the fingerprints of the readings, which takes longer than the folding.
   */
  deltas(isWanted?: (window: Pick<WindowKey, 'deviceId' | 'windowStart'>) => boolean): Generator<Delta>;
  /** Each accepted reading once, window by window in the order of `windows`. */
  readings(): Generator<{ readonly deviceId: string; readonly readings: readonly DistinctReading[] }>;
}

/** A reading with its arrival, like `FastReading`. */
interface Ordered {
  readonly order: number;
  readonly reading: Reading;
  readonly id: string | undefined;
}

/** A window with readings from the careful parser, and its place in the kernel, if it is there. */
interface CarefulWindow extends Pick<WindowKey, 'deviceId' | 'windowStart'> {
  /**
   * Increases with each window, like the order of places. A window from the careful parser comes before a place of the
   * same order.
   */
  readonly order: number;
  readonly readings: Map<string, Ordered>;
  readonly place?: Place;
}

/** Most windows are only in the kernel. */
type KnownWindow = Place | CarefulWindow;

/**
 * Folds an archive, such as the decompressed objects of RawBucket: lines as TelemetryRule writes them, ended by line
 * feeds, cut into chunks anywhere. Memory grows with the distinct readings of the windows, not with the lines. Empty
 * lines are ignored; a line over 1 MiB is rejected, and its first KiB is kept. Rejects like `chunks`.
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

/** Mappings are asynchronous, so the lines of a chunk are mapped before the next chunk is read. */
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

/** Parses the lines that are left to the careful parser. */
function createCarefulFold(options: FoldOptions): CarefulFold {
  const { windowSeconds, onRejected } = options;
  const windows = new Map<string, CarefulWindow>();
  const counts = { lines: 0, accepted: 0, skipped: 0 };

  /** It comes before the fast reading with the same order. */
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

/** All readings of a window in order of arrival, those of the kernel once each. */
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

/** The kernel's readings are distinct already; those of the careful parser are distinguished by fingerprints. */
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
  // The kernel accepts only decimal numbers.
  const metrics = values.map(({ name, value }) => ({ name, value: decimalOf(value)! }));
  const identity = identityText(id, { ms: timestamp, own: true }, metrics, '');
  return { deviceId, site, timestamp, fingerprint: fingerprint(identity), metrics };
}
