// The kernel of the fold, as core/fast-fold has it: what it is told, and what is read from its memory.

import { decimalOf, DECIMAL_PLACES } from '../decimal.ts';
import * as layout from '../fast-fold/layout.ts';
import { MAX_NAME_LENGTH } from '../message.ts';
import { MAX_ID_LENGTH, type Metric, type TimeLimits } from '../reading.ts';
import type { Aggregate } from '../window.ts';

/** What is used here; the types of Node.js have none of it. */
declare global {
  namespace WebAssembly {
    interface Memory {
      readonly buffer: ArrayBuffer;
    }
    interface Global {
      readonly value: number;
    }
    const Instance: new (
      module: Module,
      imports: Record<string, Record<string, () => void>>,
    ) => { readonly exports: object };
    function compile(binary: Uint8Array): Promise<Module>;
  }
}

/** A thing by where it is in the kernel's memory. */
export type Place = number;

export interface FastWindow {
  readonly deviceId: string;
  /** The first of its sites by name. */
  readonly site: string;
  /** Epoch milliseconds, as all times. */
  readonly windowStart: number;
  readonly firstReadingAt: number;
  readonly lastReadingAt: number;
  /** How many distinct ones. */
  readonly readings: number;
  /** What they amount to, by metric, in the order in which they first came. */
  readonly metrics: ReadonlyMap<string, Aggregate>;
}

export interface FastReading {
  /** Grows with every reading that is counted in any window. */
  readonly order: number;
  readonly timestamp: number;
  readonly site: string;
  readonly id: string | undefined;
  readonly metrics: readonly Metric[];
}

export interface Kernel {
  /** Where to write what is to be read, until the kernel takes lines; the bytes after those that are its lines must be 0. */
  input(): Uint8Array;
  /** Takes lines of the input from `at` up to one that is not usual or not complete before `end`: where that one begins. */
  takeLines(at: number, end: number): number;
  /** Lines that it took, and their values that are no numbers. */
  taken(): { readonly lines: number; readonly skipped: number };
  /** The order that the next reading will have. */
  nextOrder(): number;
  /** All windows with readings, in the order in which they were opened. */
  windows(): Place[];
  startOf(window: Place): number;
  deviceIdOf(window: Place): string;
  windowAt(window: Place): FastWindow;
  /** The window's distinct readings in the order in which they came. */
  readings(window: Place): FastReading[];
}

/** What fold.ts of core/fast-fold exports. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly linesTaken: WebAssembly.Global;
  readonly valuesSkipped: WebAssembly.Global;
  createInput(size: number): Place;
  defineMember(name: Place, length: number, textSlot: number, numberSlot: number): void;
  setLimits(maxLateness: number, maxSkew: number, maxNameLength: number, maxIdLength: number): void;
  setWindowLength(milliseconds: number): void;
  takeLines(at: Place, end: Place): Place;
  used(): Place;
  firstWindow(): Place;
}

/** Members that are not metrics, with the slots of their values if those are texts, or numbers. */
const members: readonly (readonly [name: string, textSlot: number, numberSlot: number])[] = [
  ['timestamp', layout.NOWHERE, layout.NUMBER_TIMESTAMP],
  ['receivedAt', layout.NOWHERE, layout.NUMBER_RECEIVED_AT],
  ['deviceId', layout.TEXT_DEVICE_ID, layout.NOWHERE],
  ['site', layout.TEXT_SITE, layout.NOWHERE],
  ['clientId', layout.TEXT_CLIENT_ID, layout.NOWHERE],
  ['traceId', layout.TEXT_TRACE_ID, layout.NOWHERE],
  ['id', layout.TEXT_ID, layout.NOWHERE],
  ['readings', layout.NOWHERE, layout.NOWHERE],
  ['rawPayload', layout.NOWHERE, layout.NOWHERE],
];
/** The worth of a figure's one, by its places. */
const units = Array.from({ length: DECIMAL_PLACES + 1 }, (_, n) => 10n ** BigInt(DECIMAL_PLACES - n));

/** Opens a kernel for one fold, whose input has room for that many bytes. It throws once it has 4 GiB of distinct readings. */
export function openKernel(
  module: WebAssembly.Module,
  limits: TimeLimits & { readonly windowSeconds: number },
  inputBytes: number,
): Kernel {
  const { exports } = new WebAssembly.Instance(module, { arena: { outOfMemory } });
  const kernel = exports as Exports;
  const start = kernel.createInput(inputBytes);
  let bytes = new Uint8Array(kernel.memory.buffer);
  let view = new DataView(kernel.memory.buffer);
  const texts = new Map<Place, string>();
  const metricNames = new Map<Place, string>();

  /** Memory that has grown is another buffer. */
  function refresh(): void {
    if (bytes.buffer === kernel.memory.buffer) return;
    bytes = new Uint8Array(kernel.memory.buffer);
    view = new DataView(kernel.memory.buffer);
  }

  const placeAt = (place: Place): Place => view.getUint32(place, true);
  const numberAt = (place: Place): number => view.getFloat64(place, true);
  const asciiAt = (place: Place, length: number) =>
    String.fromCharCode(...bytes.subarray(place, place + length));

  function textOf(name: Place): string {
    let text = texts.get(name);
    if (text === undefined) {
      texts.set(name, (text = asciiAt(name + layout.NAME_BYTES, placeAt(name + layout.NAME_LENGTH))));
    }
    return text;
  }

  /** Members are kept with quotes and a colon. */
  function metricName(member: Place): string {
    let name = metricNames.get(member);
    if (name === undefined) metricNames.set(member, (name = textOf(member).slice(1, -2)));
    return name;
  }

  function readingAt(reading: Place): FastReading {
    const shape = placeAt(reading + layout.READING_SHAPE);
    const metrics = Array.from({ length: placeAt(shape + layout.SHAPE_COUNT) }, (_, i) => ({
      name: metricName(placeAt(shape + layout.SHAPE_NAMES + i * 4)),
      value: decimalOf(numberAt(reading + layout.READING_VALUES + i * 8))!,
    }));
    const idLength = placeAt(reading + layout.READING_ID_LENGTH);
    return {
      order: reading,
      timestamp: numberAt(reading + layout.READING_TIME),
      site: textOf(placeAt(reading + layout.READING_SITE)),
      id:
        idLength === 0 ? undefined : asciiAt(reading + layout.READING_VALUES + metrics.length * 8, idLength),
      metrics,
    };
  }

  function figuresOf(window: Place): Map<string, Aggregate> {
    const figures = new Map<string, Aggregate>();
    let at = placeAt(window + layout.WINDOW_FIGURES);
    for (; at !== 0; at = placeAt(at + layout.METRIC_NEXT)) {
      const unit = units[placeAt(at + layout.METRIC_PLACES)]!;
      figures.set(metricName(placeAt(at + layout.METRIC_NAME)), {
        min: view.getBigInt64(at + layout.METRIC_MIN, true) * unit,
        max: view.getBigInt64(at + layout.METRIC_MAX, true) * unit,
        sum: view.getBigInt64(at + layout.METRIC_SUM, true) * unit,
        count: placeAt(at + layout.METRIC_COUNT),
      });
    }
    return figures;
  }

  kernel.setWindowLength(limits.windowSeconds * 1000);
  kernel.setLimits(
    limits.maxLatenessSeconds * 1000,
    limits.maxSkewSeconds * 1000,
    MAX_NAME_LENGTH,
    MAX_ID_LENGTH,
  );
  for (const [name, textSlot, numberSlot] of members) {
    const spelled = Buffer.from(`"${name}":`);
    bytes.set(spelled, start);
    kernel.defineMember(start, spelled.length, textSlot, numberSlot);
  }
  refresh();

  return {
    input: () => bytes.subarray(start, start + inputBytes),
    takeLines(at, end) {
      const next = kernel.takeLines(start + at, start + end) >>> 0;
      refresh();
      return next - start;
    },
    taken: () => ({
      lines: kernel.linesTaken.value,
      skipped: kernel.valuesSkipped.value,
    }),
    nextOrder: () => kernel.used() >>> 0,
    windows() {
      const places: Place[] = [];
      let at = kernel.firstWindow() >>> 0;
      for (; at !== 0; at = placeAt(at + layout.WINDOW_NEXT)) {
        if (placeAt(at + layout.WINDOW_READINGS) > 0) places.push(at);
      }
      return places;
    },
    startOf: (window) => numberAt(window + layout.WINDOW_START),
    deviceIdOf: (window) => textOf(placeAt(window + layout.WINDOW_DEVICE)),
    windowAt: (window) => ({
      deviceId: textOf(placeAt(window + layout.WINDOW_DEVICE)),
      site: textOf(placeAt(window + layout.WINDOW_SITE)),
      windowStart: numberAt(window + layout.WINDOW_START),
      firstReadingAt: numberAt(window + layout.WINDOW_OLDEST_TIME),
      lastReadingAt: numberAt(window + layout.WINDOW_NEWEST_TIME),
      readings: placeAt(window + layout.WINDOW_READINGS),
      metrics: figuresOf(window),
    }),
    readings(window) {
      const places: Place[] = [];
      let at = placeAt(window + layout.WINDOW_NEWEST);
      for (; at !== 0; at = placeAt(at + layout.READING_OLDER)) places.push(at);
      return places.sort((a, b) => a - b).map(readingAt);
    },
  };
}

function outOfMemory(): never {
  throw new RangeError('the distinct readings take more than 4 GiB: fold fewer files at a time');
}
