// Folds archived lines into windows as ingest would have, many times as fast: what an audit of the archive needs.
// line-cutter cuts chunks into lines; the kernel, core/fast-fold, takes the usual ones from their bytes, careful-line all
// others; what came either way is put together here. The careful way decides what is right.

import { parseArchiveLine, rejectLine } from './careful-line.ts';
import { openKernel } from './kernel.ts';
import {
  deviceIdOf,
  readingsOf,
  startOf,
  windowAt,
  windowsFrom,
  type FastReading,
  type KernelMemory,
  type Place,
} from './kernel-memory.ts';
import { createLineCutter, INPUT_BYTES, type LineTaker } from './line-cutter.ts';
import { fingerprint } from '../fingerprint.ts';
import type { ParsedMessage } from '../message.ts';
import {
  identityText,
  metricsText,
  type MessageContext,
  type Reading,
  type Rejection,
  type TimeLimits,
} from '../reading.ts';
import { foldReadings, merge, windowStartOf, type Delta, type Window, type WindowKey } from '../window.ts';

/** What could not be used, and the line that it stands in; the first line is 1. */
export interface RejectedLine {
  readonly line: number;
  /** Absent when the line lacks what the rule adds. */
  readonly context?: MessageContext;
  readonly rejection: Rejection;
}

export interface FoldOptions extends TimeLimits {
  /** core/fast-fold, compiled. */
  readonly kernel: WebAssembly.Module;
  readonly windowSeconds: number;
  /** Told of each rejected reading in the order of lines, once its line is complete. */
  readonly onRejected: (rejected: RejectedLine) => void;
}

/** A window without what takes the fingerprints of its readings to know. */
export type FoldedWindow = Omit<Window, 'last' | 'lastFingerprint'>;

export interface FoldedArchive {
  /** Lines that are not empty. */
  readonly lines: number;
  /** Readings that were accepted, those that came more than once included. */
  readonly accepted: number;
  /** Values of accepted readings that are no numbers. */
  readonly skipped: number;
  readonly windowCount: number;
  /** What the windows amount to, oldest first; those that begin together in the order in which they came. */
  windows(): Generator<FoldedWindow>;
  /**
   * The deltas that `foldReadings` makes of all accepted readings, oldest window first; of some windows only if `isWanted`
   * says so. Computes the fingerprints of the readings, which takes longer than the folding.
   */
  deltas(isWanted?: (window: Pick<WindowKey, 'deviceId' | 'windowStart'>) => boolean): Generator<Delta>;
}

/** A reading and when it came, as `FastReading` has it. */
interface Ordered {
  readonly order: number;
  readonly reading: Reading;
}

/** A window of which something came the careful way: that, by what it says, and where the kernel has it, if it does. */
interface CarefulWindow extends Pick<WindowKey, 'deviceId' | 'windowStart'> {
  /** Grows with the windows as their places do; of the same order, what came the careful way was before. */
  readonly order: number;
  readonly readings: Map<string, Ordered>;
  readonly fast?: Place;
}

/** Most windows are known to the kernel alone. */
type KnownWindow = Place | CarefulWindow;

const RETURN = 0x0d;

/**
 * Folds an archive, such as the objects of RawBucket decompressed: lines as TelemetryRule writes them, ended by line feeds,
 * however they are cut into chunks. Its memory grows with the distinct readings of the windows, not with the lines.
 * Empty lines are none; of a line over 1 MiB, which is rejected, the first KiB is kept. Rejects as `chunks` do.
 */
export async function foldArchive(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: FoldOptions,
): Promise<FoldedArchive> {
  const fold = createFold(options);
  const cutter = createLineCutter(fold);
  for await (const chunk of chunks) cutter.add(chunk);
  cutter.end();
  return fold.result();
}

function createFold(options: FoldOptions): LineTaker & { result(): FoldedArchive } {
  const { windowSeconds, onRejected } = options;
  const kernel = openKernel(options.kernel, options, INPUT_BYTES);
  /** What came the careful way, by window. */
  const careful = new Map<string, CarefulWindow>();
  let lines = 0;
  let empty = 0;
  let accepted = 0;
  let skipped = 0;

  /** It stands before the fast one that has the same order. */
  function addCarefully(reading: Reading): void {
    const { deviceId, timestamp } = reading;
    const key = { deviceId, windowStart: windowStartOf(timestamp, windowSeconds) };
    const order = kernel.nextOrder();
    let window = careful.get(keyText(key));
    if (!window) careful.set(keyText(key), (window = { ...key, order, readings: new Map() }));
    const content = `${reading.fingerprint},${timestamp},${reading.site},${metricsText(reading.metrics)}`;
    if (!window.readings.has(content)) window.readings.set(content, { order, reading });
  }

  function takeMessage({ context, accepted: readings, rejected, skipped: values }: ParsedMessage): void {
    const line = lines + kernel.taken().lines;
    for (const reading of readings) addCarefully(reading);
    for (const rejection of rejected) onRejected({ line, context, rejection });
    accepted += readings.length;
    skipped += values;
  }

  return {
    input: () => kernel.input(),
    takeLines: (at, end) => kernel.takeLines(at, end),
    take(bytes) {
      lines += 1;
      if (bytes.length === 0 || (bytes.length === 1 && bytes[0] === RETURN)) empty += 1;
      else takeMessage(parseArchiveLine(bytes, options));
    },
    takeTooLong(start) {
      lines += 1;
      takeMessage(rejectLine(start, { fault: 'not-json-object', detail: 'the line is over 1 MiB' }));
    },
    result() {
      const taken = kernel.taken();
      const memory = kernel.memory();
      const windows = knownWindows(memory, kernel.firstWindow(), careful);
      windows.sort((a, b) => startOfKnown(memory, a) - startOfKnown(memory, b) || orderOf(a) - orderOf(b));
      return {
        lines: lines - empty + taken.lines,
        accepted: accepted + taken.lines,
        skipped: skipped + taken.skipped,
        windowCount: windows.length,
        *windows() {
          for (const window of windows) yield foldedWindow(memory, window, windowSeconds);
        },
        *deltas(isWanted = () => true) {
          for (const window of windows) {
            if (isWanted(keyOf(memory, window))) yield* deltasOf(memory, window, windowSeconds);
          }
        },
      };
    },
  };
}

function knownWindows(
  memory: KernelMemory,
  first: Place,
  careful: ReadonlyMap<string, CarefulWindow>,
): KnownWindow[] {
  const places = windowsFrom(memory, first);
  if (careful.size === 0) return places;
  const both = new Map<string, Place>();
  const others = places.filter((place) => {
    const key = keyText(keyOf(memory, place));
    if (careful.has(key)) both.set(key, place);
    return !careful.has(key);
  });
  const windows = [...careful].map(([key, window]) => {
    const fast = both.get(key);
    return fast === undefined ? window : { ...window, fast, order: Math.min(window.order, fast) };
  });
  return [...windows, ...others];
}

function orderOf(window: KnownWindow): number {
  return typeof window === 'number' ? window : window.order;
}

function startOfKnown(memory: KernelMemory, window: KnownWindow): number {
  return typeof window === 'number' ? startOf(memory, window) : window.windowStart;
}

function keyOf(memory: KernelMemory, window: KnownWindow): Pick<WindowKey, 'deviceId' | 'windowStart'> {
  if (typeof window !== 'number') return window;
  return { deviceId: deviceIdOf(memory, window), windowStart: startOf(memory, window) };
}

function foldedWindow(memory: KernelMemory, window: KnownWindow, windowSeconds: number): FoldedWindow {
  if (typeof window === 'number') return windowAt(memory, window);
  const [first, ...others] = deltasOf(memory, window, windowSeconds);
  const { deviceId, site, windowStart, firstReadingAt, lastReadingAt, readings, metrics } = others.reduce(
    merge,
    first!,
  );
  return { deviceId, site, windowStart, firstReadingAt, lastReadingAt, readings: readings.size, metrics };
}

function deltasOf(memory: KernelMemory, window: KnownWindow, windowSeconds: number): Delta[] {
  const { deviceId } = keyOf(memory, window);
  const { readings, fast } = typeof window === 'number' ? { fast: window } : window;
  const ofKernel = fast === undefined ? [] : readingsOf(memory, fast);
  const all = [
    ...(readings?.values() ?? []),
    ...ofKernel.map((reading) => ({ order: reading.order, reading: asReading(deviceId, reading) })),
  ];
  return foldReadings(
    all.sort((a, b) => a.order - b.order).map(({ reading }) => reading),
    windowSeconds,
  );
}

function keyText({ deviceId, windowStart }: Pick<WindowKey, 'deviceId' | 'windowStart'>): string {
  return `${windowStart}/${deviceId}`;
}

function asReading(deviceId: string, { timestamp, site, id, metrics }: FastReading): Reading {
  const identity = identityText(id, { ms: timestamp, own: true }, metrics, '');
  return { deviceId, site, timestamp, fingerprint: fingerprint(identity), metrics };
}
