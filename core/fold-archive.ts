// Folds archived lines into windows as ingest would have, at the rate of a database: what a replay or an audit of the archive needs.

import { parseArchiveLine, rejectLine } from './archive-line.ts';
import { createLineBuffer, type LineTaker } from './archive-lines.ts';
import { createFastLineReader, TEXT } from './fast-line.ts';
import { createNames, type Names } from './fast-names.ts';
import type { Input } from './fast-scan.ts';
import { createFastWindows, type FastReading, type FastWindow } from './fast-windows.ts';
import { fingerprint } from './fingerprint.ts';
import type { ParsedMessage } from './message.ts';
import {
  identityText,
  metricsText,
  type MessageContext,
  type Reading,
  type Rejection,
  type TimeLimits,
} from './reading.ts';
import { foldReadings, merge, windowStartOf, type Delta, type Window } from './window.ts';

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

export interface FoldedArchive {
  /** Lines that are not empty. */
  readonly lines: number;
  /** Readings that were accepted, those that came more than once included. */
  readonly accepted: number;
  /** Values of accepted readings that are no numbers. */
  readonly skipped: number;
  readonly windowCount: number;
  /** The windows as the table would hold them, oldest first. */
  windows(): Generator<Window>;
  /** The deltas that `foldReadings` makes of all accepted readings, oldest window first. Computes the fingerprints, which takes longer than the folding. */
  deltas(): Generator<Delta>;
}

/** A device, its windows by start, and the one that it was in last. */
interface Device {
  readonly deviceId: string;
  readonly windows: Map<number, OpenWindow>;
  recent?: OpenWindow;
}

/** A window while lines come: what came the fast way, and what came the careful way, by what it says. */
interface OpenWindow {
  readonly deviceId: string;
  readonly start: number;
  readonly fast: FastWindow;
  careful?: Map<string, Ordered>;
}

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
  const lines = createLineBuffer();
  const fold = createFold(lines.input, options);
  for await (const chunk of chunks) lines.add(chunk, fold);
  lines.end(fold);
  return fold.result();
}

function createFold(input: Input, options: FoldOptions): LineTaker & { result(): FoldedArchive } {
  const { windowSeconds, onRejected } = options;
  const reader = createFastLineReader(input, options);
  const { line } = reader;
  const siteNames: string[] = [];
  const sites = createNames((name) => siteNames.push(name) - 1);
  const devices = createNames((deviceId): Device => ({ deviceId, windows: new Map() }));
  const fastWindows = createFastWindows({ input, metricNames: reader.metricNames, sites: siteNames });
  const open: OpenWindow[] = [];
  let number = 0;
  let empty = 0;
  let accepted = 0;
  let skipped = 0;

  function windowOf(device: Device, timestamp: number): OpenWindow {
    const { recent } = device;
    if (recent && timestamp >= recent.start && timestamp < recent.start + windowSeconds * 1000) return recent;
    const start = windowStartOf(timestamp, windowSeconds);
    let window = device.windows.get(start);
    if (!window) {
      window = { deviceId: device.deviceId, start, fast: fastWindows.open() };
      device.windows.set(start, window);
      open.push(window);
    }
    device.recent = window;
    return window;
  }

  function addCarefully(reading: Reading): void {
    const window = windowOf(devices.of(reading.deviceId), reading.timestamp);
    const readings = (window.careful ??= new Map());
    const content = `${reading.fingerprint},${reading.timestamp},${reading.site},${metricsText(reading.metrics)}`;
    if (!readings.has(content)) readings.set(content, { order: fastWindows.nextOrder(), reading });
  }

  function nameOf<Value>(names: Names<Value>, text: number): Value {
    const start = line.starts[text]!;
    return names.at(input, start, line.ends[text]! - start);
  }

  const oldestFirst = () => open.toSorted((a, b) => a.start - b.start);

  /** A careful reading has the order of the fast one after it, and stands before it. */
  function deltasOf({ deviceId, fast, careful = new Map<string, Ordered>() }: OpenWindow): Delta[] {
    const fastReadings = fastWindows
      .readings(fast)
      .map((reading) => ({ order: reading.order, reading: asReading(deviceId, reading) }));
    const all = [...careful.values(), ...fastReadings].sort((a, b) => a.order - b.order);
    return foldReadings(
      all.map(({ reading }) => reading),
      windowSeconds,
    );
  }

  function windowFrom(window: OpenWindow): Window {
    const { deviceId, start: windowStart, fast } = window;
    if (window.careful) {
      const [first, ...others] = deltasOf(window);
      const whole = others.reduce(merge, first!);
      return { ...whole, readings: whole.readings.size };
    }
    const { site, firstReadingAt, lastReadingAt } = fastWindows.ends(fast);
    let last: Reading | undefined;
    const newest = () =>
      (last ??= newestOf(fastWindows.newest(fast).map((reading) => asReading(deviceId, reading))));
    return {
      deviceId,
      site,
      windowStart,
      firstReadingAt,
      lastReadingAt,
      // Only when asked for: the fingerprint takes as long as all the rest.
      get lastFingerprint() {
        return newest().fingerprint;
      },
      get last() {
        return new Map(newest().metrics.map(({ name, value }) => [name, value]));
      },
      readings: fastWindows.size(fast),
      metrics: fastWindows.figures(fast),
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
      const site = nameOf(sites, TEXT.site);
      const device = nameOf(devices, TEXT.deviceId);
      const window = windowOf(device, line.timestamp);
      if (!fastWindows.add(window.fast, line, site)) {
        addCarefully(asReading(device.deviceId, fastWindows.readingOf(line, site)));
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
      windowCount: open.length,
      *windows() {
        for (const window of oldestFirst()) yield windowFrom(window);
      },
      *deltas() {
        for (const window of oldestFirst()) yield* deltasOf(window);
      },
    }),
  };
}

function asReading(deviceId: string, { timestamp, site, id, metrics }: FastReading): Reading {
  const identity = identityText(id, { ms: timestamp, own: true }, metrics, '');
  return { deviceId, site, timestamp, fingerprint: fingerprint(identity), metrics };
}

/** Of readings of the same time. */
function newestOf(readings: readonly Reading[]): Reading {
  return readings.reduce((a, b) => (b.fingerprint > a.fingerprint ? b : a));
}
