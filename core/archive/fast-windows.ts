// Windows and their readings from the usual lines, each counted once: in one array of numbers, so that a million leave no garbage.

import { decimalOf } from '../decimal.ts';
import { MAX_METRICS, type Metric } from '../reading.ts';
import type { Aggregate } from '../window.ts';
import { TEXT, type FastLine } from './fast-line.ts';
import { createFigures } from './figures.ts';
import { createFastIds } from './ids.ts';
import { textAt } from './scan.ts';
import type { Shapes } from './shapes.ts';

/** A window by where it is in the array. */
export type FastWindow = number;

/** A distinct reading of a window. */
export interface FastReading {
  /** Grows with every reading that is added to any window. */
  readonly order: number;
  readonly timestamp: number;
  readonly site: string;
  readonly id: string | undefined;
  readonly metrics: readonly Metric[];
}

export interface FastWindows {
  /** The windows in the order in which they were opened. */
  readonly list: readonly FastWindow[];
  /** Opens an empty window of a device, by its number; `start` in epoch milliseconds. */
  open(device: number, start: number): FastWindow;
  deviceOf(window: FastWindow): number;
  startOf(window: FastWindow): number;
  /**
   * Counts the reading of the line in the window once, however often it comes; false when that would take long to find
   * out, or when another reading stands for it, and then nothing has happened. `site` is a number of `sites`.
   */
  add(window: FastWindow, line: FastLine, site: number): boolean;
  /** The order that the next reading will have. */
  nextOrder(): number;
  /** How many distinct readings it has. */
  size(window: FastWindow): number;
  /** Its distinct readings in the order in which they came. */
  readings(window: FastWindow): FastReading[];
  /** The reading of the line, for what `add` does not take. */
  readingOf(line: FastLine, site: number): FastReading;
  /** The first of its sites by name, and the times of its oldest and newest reading. */
  ends(window: FastWindow): { site: string; firstReadingAt: number; lastReadingAt: number };
  /** What its readings amount to, by metric. */
  figures(window: FastWindow): Map<string, Aggregate>;
}

// A window: its device and start, its newest reading and the time of that, how many it has, and what they amount to.
const DEVICE = 0;
const START = 1;
const NEWEST = 2;
const NEWEST_TIME = 3;
const READINGS = 4;
/** A bit for each id that it may have. */
const IDS = 5;
const FIGURES = 6;
const WINDOW_SIZE = 7;

// A reading: the one before it in time, its shape and then its values; if it has an id, `~shape` and the id after the values.
const OLDER = 0;
const TIME = 1;
const SITE = 2;
const SHAPE = 3;
const VALUES = 4;

/** Of readings of one window, so that lines made to be slow are handed over instead. */
const MAX_STEPS = 256;
const UNCLEAR = -1;
/** Large, since what is not yet used costs nothing, and what is used must be copied. */
const GROWTH = 4;
const LARGEST_LINE = VALUES + MAX_METRICS + 1;

/** What the numbers and places in lines stand for. */
export interface FastSource {
  readonly shapes: Shapes;
  readonly metricNames: readonly string[];
  readonly sites: readonly string[];
}

export function createFastWindows(source: FastSource): FastWindows {
  const { shapes, metricNames, sites } = source;
  const ids = createFastIds();
  let memory = new Float64Array(1 << 14);
  /** 0 means none, so nothing is there. */
  let used = 1;
  const list: FastWindow[] = [];
  const figures = createFigures(shapes, metricNames);

  function take(size: number): number {
    const at = used;
    used += size;
    return at;
  }

  function reserve(): void {
    if (used + LARGEST_LINE <= memory.length) return;
    const larger = new Float64Array(memory.length * GROWTH);
    larger.set(memory);
    memory = larger;
  }

  const shapeOf = (reading: number) => Math.max(memory[reading + SHAPE]!, ~memory[reading + SHAPE]!);
  const hasId = (reading: number) => memory[reading + SHAPE]! < 0;
  const idOf = (reading: number) =>
    hasId(reading) ? memory[reading + VALUES + shapes.list[shapeOf(reading)]!.length]! : 0;

  function hasSameValues(reading: number, { shape, values }: FastLine): boolean {
    const names = shapes.list[shapeOf(reading)]!;
    const others = shapes.list[shape]!;
    return (
      names.length === others.length &&
      others.every((name, i) => {
        const at = names[i] === name ? i : names.indexOf(name);
        return at >= 0 && memory[reading + VALUES + at] === values[i];
      })
    );
  }

  /** The reading that the line repeats, 0 if it is a new one, or UNCLEAR. `older` is the newest that is not newer than it. */
  function repeatedBy(line: FastLine, window: number, older: number): number {
    let steps = 0;
    if (line.ends[TEXT.id] === 0) {
      for (let at = older; at !== 0 && memory[at + TIME] === line.timestamp; at = memory[at + OLDER]!) {
        if (++steps > MAX_STEPS) return UNCLEAR;
        if (!hasId(at) && hasSameValues(at, line)) return at;
      }
      return 0;
    }
    if ((memory[window + IDS]! & ids.bitOf(line)) === 0) return 0;
    for (let at = memory[window + NEWEST]!; at !== 0; at = memory[at + OLDER]!) {
      if (++steps > MAX_STEPS) return UNCLEAR;
      if (!ids.matches(idOf(at), line)) continue;
      return memory[at + TIME] === line.timestamp && hasSameValues(at, line) ? at : UNCLEAR;
    }
    return 0;
  }

  function metricOf(name: number, value: number): Metric {
    return { name: metricNames[name]!, value: decimalOf(value)! };
  }

  function readingAt(reading: number): FastReading {
    const names = shapes.list[shapeOf(reading)]!;
    const metrics = names.map((name, i) => metricOf(name, memory[reading + VALUES + i]!));
    return {
      order: reading,
      timestamp: memory[reading + TIME]!,
      site: sites[memory[reading + SITE]!]!,
      id: ids.textOf(idOf(reading)),
      metrics,
    };
  }

  return {
    list,
    open(device, start) {
      reserve();
      const window = take(WINDOW_SIZE);
      memory[window + DEVICE] = device;
      memory[window + START] = start;
      memory[window + FIGURES] = figures.open();
      list.push(window);
      return window;
    },
    deviceOf: (window) => memory[window + DEVICE]!,
    startOf: (window) => memory[window + START]!,
    add(window, line, site) {
      const { timestamp, shape, values } = line;
      let newer = 0;
      let older = memory[window + NEWEST]!;
      if (timestamp <= memory[window + NEWEST_TIME]! || line.ends[TEXT.id] !== 0) {
        for (
          let steps = 0;
          older !== 0 && memory[older + TIME]! > timestamp;
          older = memory[older + OLDER]!
        ) {
          if (++steps > MAX_STEPS) return false;
          newer = older;
        }
        const repeated = repeatedBy(line, window, older);
        if (repeated === UNCLEAR) return false;
        // From another site it may replace the one that is known, as `merge` decides.
        if (repeated !== 0) return memory[repeated + SITE] === site;
      }
      if (!figures.add(memory[window + FIGURES]!, line)) return false;
      reserve();
      const metrics = shapes.list[shape]!.length;
      const withId = line.ends[TEXT.id] !== 0;
      const reading = take(VALUES + metrics + (withId ? 1 : 0));
      if (newer === 0) {
        memory[window + NEWEST] = reading;
        memory[window + NEWEST_TIME] = timestamp;
      } else memory[newer + OLDER] = reading;
      memory[reading + OLDER] = older;
      memory[reading + TIME] = timestamp;
      memory[reading + SITE] = site;
      memory[reading + SHAPE] = shape;
      if (withId) {
        memory[reading + SHAPE] = ~shape;
        memory[reading + VALUES + metrics] = ids.keep(line);
        memory[window + IDS]! |= ids.bitOf(line);
      }
      memory[window + READINGS]! += 1;
      for (let i = 0; i < metrics; i += 1) memory[reading + VALUES + i] = values[i]!;
      return true;
    },
    nextOrder: () => used,
    size: (window) => memory[window + READINGS]!,
    readings(window) {
      const places: number[] = [];
      for (let at = memory[window + NEWEST]!; at !== 0; at = memory[at + OLDER]!) places.push(at);
      return places.sort((a, b) => a - b).map(readingAt);
    },
    readingOf(line, site) {
      const metrics = shapes.list[line.shape]!.map((name, i) => metricOf(name, line.values[i]!));
      const start = line.starts[TEXT.id]!;
      const end = line.ends[TEXT.id]!;
      const id = end === 0 ? undefined : textAt(start, end - start);
      return { order: used, timestamp: line.timestamp, site: sites[site]!, id, metrics };
    },
    ends(window) {
      const newest = memory[window + NEWEST]!;
      let site = sites[memory[newest + SITE]!]!;
      let oldest = newest;
      for (let at = newest; at !== 0; at = memory[at + OLDER]!) {
        oldest = at;
        const itsSite = sites[memory[at + SITE]!]!;
        if (itsSite < site) site = itsSite;
      }
      return { site, firstReadingAt: memory[oldest + TIME]!, lastReadingAt: memory[newest + TIME]! };
    },
    figures: (window) => figures.read(memory[window + FIGURES]!),
  };
}
