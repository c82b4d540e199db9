// Folds archived lines into windows as ingest would have, several times as fast: what an audit of the archive needs.
// line-cutter cuts chunks into lines; fast-line reads the usual ones with scan, names and shapes, careful-line all others;
// fast-windows counts each reading once, with ids, and adds it to the figures. The careful way decides what is right.

import { parseArchiveLine, rejectLine } from './careful-line.ts';
import { createLineCutter, type LineTaker } from './line-cutter.ts';
import { createFastLineReader, TEXT } from './fast-line.ts';
import { createNames, type Names } from './names.ts';
import { createFastWindows, type FastReading, type FastWindow } from './fast-windows.ts';
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
  /** What the windows amount to, oldest first. */
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
  const reader = createFastLineReader(options);
  const { line } = reader;
  const sites = createNames();
  const devices = createNames();
  const windows = createFastWindows({ ...reader, sites: sites.list });
  const windowMilliseconds = windowSeconds * 1000;
  /** For each device its windows by start, in windows. */
  const windowsOf: Map<number, FastWindow>[] = [];
  /** For each device the window that it was in last, and when that one starts. */
  let recent = new Float64Array(128);
  /** What came the careful way, by window and by what it says. */
  const careful = new Map<FastWindow, Map<string, Ordered>>();
  let number = 0;
  let empty = 0;
  let accepted = 0;
  let skipped = 0;

  function windowOf(device: number, timestamp: number): FastWindow {
    const window = recent[device * 2] ?? 0;
    const start = recent[device * 2 + 1]!;
    if (window !== 0 && timestamp >= start && timestamp < start + windowMilliseconds) return window;
    return findWindow(device, windowStartOf(timestamp, windowSeconds));
  }

  function findWindow(device: number, start: number): FastWindow {
    if (device * 2 >= recent.length) {
      const larger = new Float64Array(device * 4);
      larger.set(recent);
      recent = larger;
    }
    const known = (windowsOf[device] ??= new Map());
    const place = start / windowMilliseconds;
    let window = known.get(place);
    if (window === undefined) known.set(place, (window = windows.open(device, start)));
    recent[device * 2] = window;
    recent[device * 2 + 1] = start;
    return window;
  }

  function addCarefully(reading: Reading): void {
    const window = windowOf(devices.of(reading.deviceId), reading.timestamp);
    let readings = careful.get(window);
    if (!readings) careful.set(window, (readings = new Map()));
    const content = `${reading.fingerprint},${reading.timestamp},${reading.site},${metricsText(reading.metrics)}`;
    if (!readings.has(content)) readings.set(content, { order: windows.nextOrder(), reading });
  }

  function nameOf(names: Names, text: number): number {
    const start = line.starts[text]!;
    return names.at(start, line.ends[text]! - start);
  }

  const oldestFirst = () => windows.list.toSorted((a, b) => windows.startOf(a) - windows.startOf(b));
  const deviceIdOf = (window: FastWindow) => devices.list[windows.deviceOf(window)]!;

  /** A careful reading has the order of the fast one after it, and stands before it. */
  function deltasOf(window: FastWindow): Delta[] {
    const fast = windows.readings(window).map((reading) => ({
      order: reading.order,
      reading: asReading(deviceIdOf(window), reading),
    }));
    const all = [...(careful.get(window)?.values() ?? []), ...fast].sort((a, b) => a.order - b.order);
    return foldReadings(
      all.map(({ reading }) => reading),
      windowSeconds,
    );
  }

  function windowFrom(window: FastWindow): FoldedWindow {
    if (careful.has(window)) {
      const [first, ...others] = deltasOf(window);
      const { deviceId, site, windowStart, firstReadingAt, lastReadingAt, readings, metrics } = others.reduce(
        merge,
        first!,
      );
      return { deviceId, site, windowStart, firstReadingAt, lastReadingAt, readings: readings.size, metrics };
    }
    return {
      deviceId: deviceIdOf(window),
      windowStart: windows.startOf(window),
      ...windows.ends(window),
      readings: windows.size(window),
      metrics: windows.figures(window),
    };
  }

  function takeMessage({ context, accepted: readings, rejected, skipped: values }: ParsedMessage): void {
    for (const reading of readings) addCarefully(reading);
    for (const rejection of rejected) onRejected({ line: number, context, rejection });
    accepted += readings.length;
    skipped += values;
  }

  return {
    takeAt(at) {
      const next = reader.read(at);
      if (next === 0) return 0;
      number += 1;
      accepted += 1;
      skipped += line.skipped;
      const device = nameOf(devices, TEXT.deviceId);
      const site = nameOf(sites, TEXT.site);
      if (!windows.add(windowOf(device, line.timestamp), line, site)) {
        addCarefully(asReading(devices.list[device]!, windows.readingOf(line, site)));
      }
      return next;
    },
    take(bytes) {
      number += 1;
      if (bytes.length === 0 || (bytes.length === 1 && bytes[0] === RETURN)) empty += 1;
      else takeMessage(parseArchiveLine(bytes, options));
    },
    takeTooLong(start) {
      number += 1;
      takeMessage(rejectLine(start, { fault: 'not-json-object', detail: 'the line is over 1 MiB' }));
    },
    result: () => ({
      lines: number - empty,
      accepted,
      skipped,
      windowCount: windows.list.length,
      *windows() {
        for (const window of oldestFirst()) yield windowFrom(window);
      },
      *deltas(isWanted = () => true) {
        for (const window of oldestFirst()) {
          const key = { deviceId: deviceIdOf(window), windowStart: windows.startOf(window) };
          if (isWanted(key)) yield* deltasOf(window);
        }
      },
    }),
  };
}

function asReading(deviceId: string, { timestamp, site, id, metrics }: FastReading): Reading {
  const identity = identityText(id, { ms: timestamp, own: true }, metrics, '');
  return { deviceId, site, timestamp, fingerprint: fingerprint(identity), metrics };
}
