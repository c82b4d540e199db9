// Windows of readings from the usual lines: all their numbers in one array, so that a million readings leave no garbage behind.

import { decimalOf, DECIMAL_PLACES, type Decimal } from './decimal.ts';
import { TEXT, type FastLine } from './fast-line.ts';
import { createFastIds } from './fast-ids.ts';
import { textAt, type Input } from './fast-scan.ts';
import type { Metric } from './reading.ts';
import type { Aggregate } from './window.ts';

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
  open(): FastWindow;
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
  /** All its readings of the newest time. */
  newest(window: FastWindow): FastReading[];
  /** What its readings amount to, by metric. */
  figures(window: FastWindow): Map<string, Aggregate>;
}

// A window: the newest of its readings, the first of its metrics, how many readings, metrics and ids it has.
const NEWEST = 0;
const METRICS = 1;
const READINGS = 2;
const METRIC_COUNT = 3;
/** A bit for each id that it may have, by the id's hash. */
const IDS = 4;
const WINDOW_SIZE = 5;

// A metric of a window: the next one, its name, its extremes as they are and its sum in units of 10 ** -PLACES.
const NEXT = 0;
const NAME = 1;
const MIN = 2;
const MAX = 3;
const SUM = 4;
const PLACES = 5;
const COUNT = 6;
const METRIC_SIZE = 7;

// A reading: the one before it in time, and then its names and values in turns.
const OLDER = 0;
const TIME = 1;
const SITE = 2;
/** Place in the ids; 0 for none. */
const ID = 3;
const LENGTH = 4;
const VALUES = 5;

/** Of readings and metrics of one window, so that lines made to be slow are handed over instead. */
const MAX_STEPS = 256;
const MAX_METRICS_IN_WINDOW = 64;
const UNCLEAR = -1;
const LARGEST_LINE = VALUES + 2 * 32 + 32 * METRIC_SIZE;
/** The worth of a sum's one, by its places. */
const UNITS = Array.from({ length: DECIMAL_PLACES + 1 }, (_, n) => 10n ** BigInt(DECIMAL_PLACES - n));
const POWERS = Float64Array.from({ length: DECIMAL_PLACES + 1 }, (_, n) => Number(`1e${n}`));

/** What lines hold as numbers or places: `metricNames` and `sites` may grow, and `input` is where lines are read from. */
export interface FastSource {
  readonly input: Input;
  readonly metricNames: readonly string[];
  readonly sites: readonly string[];
}

export function createFastWindows({ input, metricNames, sites }: FastSource): FastWindows {
  const ids = createFastIds(input);
  let memory = new Float64Array(1 << 14);
  /** 0 means none, so nothing is there. */
  let used = 1;
  /** What sums held before they would have passed 2 ** 53. */
  const spilled = new Map<number, Decimal>();

  function take(size: number): number {
    const at = used;
    used += size;
    return at;
  }

  function reserve(): void {
    if (used + LARGEST_LINE <= memory.length) return;
    const larger = new Float64Array(memory.length * 2);
    larger.set(memory);
    memory = larger;
  }

  function hasSameValues(reading: number, line: FastLine): boolean {
    const { metrics, names, digits, places } = line;
    if (memory[reading + LENGTH] !== metrics) return false;
    const end = reading + VALUES + metrics * 2;
    for (let i = 0; i < metrics; i += 1) {
      const value = digits[i]! / POWERS[places[i]!]!;
      let at = reading + VALUES + i * 2;
      if (memory[at] !== names[i]) {
        for (at = reading + VALUES; at < end && memory[at] !== names[i];) at += 2;
        if (at === end) return false;
      }
      if (memory[at + 1] !== value) return false;
    }
    return true;
  }

  /** The reading that the line repeats, 0 if it is a new one, or UNCLEAR. `older` is the newest that is not newer than it. */
  function repeatedBy(line: FastLine, window: number, older: number): number {
    let steps = 0;
    if (line.ends[TEXT.id] === 0) {
      for (let at = older; at !== 0 && memory[at + TIME] === line.timestamp; at = memory[at + OLDER]!) {
        if (++steps > MAX_STEPS) return UNCLEAR;
        if (memory[at + ID] === 0 && hasSameValues(at, line)) return at;
      }
      return 0;
    }
    if ((memory[window + IDS]! & ids.bitOf(line)) === 0) return 0;
    for (let at = memory[window + NEWEST]!; at !== 0; at = memory[at + OLDER]!) {
      if (++steps > MAX_STEPS) return UNCLEAR;
      if (!ids.matches(memory[at + ID]!, line)) continue;
      return memory[at + TIME] === line.timestamp && hasSameValues(at, line) ? at : UNCLEAR;
    }
    return 0;
  }

  /** Where the window's metric is, looking from `from` on; made where it is missing. */
  function metricAt(window: number, name: number, from: number): number {
    for (let at = from; at !== 0; at = memory[at + NEXT]!) if (memory[at + NAME] === name) return at;
    let last = 0;
    for (let at = memory[window + METRICS]!; at !== 0; at = memory[at + NEXT]!) {
      if (memory[at + NAME] === name) return at;
      last = at;
    }
    const fresh = take(METRIC_SIZE);
    memory[last === 0 ? window + METRICS : last + NEXT] = fresh;
    memory[window + METRIC_COUNT]! += 1;
    memory[fresh + NAME] = name;
    memory[fresh + MIN] = Infinity;
    memory[fresh + MAX] = -Infinity;
    return fresh;
  }

  function count(metric: number, value: number, digits: number, places: number): void {
    if (value < memory[metric + MIN]!) memory[metric + MIN] = value;
    if (value > memory[metric + MAX]!) memory[metric + MAX] = value;
    memory[metric + COUNT]! += 1;
    const finer = places - memory[metric + PLACES]!;
    const sum = finer > 0 ? memory[metric + SUM]! * POWERS[finer]! : memory[metric + SUM]!;
    const term = finer < 0 ? digits * POWERS[-finer]! : digits;
    const total = sum + term;
    // Each of the three is rounded only beyond the safe integers, and never back into them.
    if (isSafe(sum) && isSafe(term) && isSafe(total)) {
      memory[metric + SUM] = total;
      if (finer > 0) memory[metric + PLACES] = places;
    } else {
      spilled.set(metric, sumOf(metric));
      memory[metric + SUM] = digits;
      memory[metric + PLACES] = places;
    }
  }

  function sumOf(metric: number): Decimal {
    const sum = BigInt(memory[metric + SUM]!) * UNITS[memory[metric + PLACES]!]!;
    return spilled.size === 0 ? sum : sum + (spilled.get(metric) ?? 0n);
  }

  function metricOf(name: number, value: number): Metric {
    return { name: metricNames[name]!, value: decimalOf(value)! };
  }

  function readingAt(reading: number): FastReading {
    const metrics = Array.from({ length: memory[reading + LENGTH]! }, (_, i) =>
      metricOf(memory[reading + VALUES + i * 2]!, memory[reading + VALUES + i * 2 + 1]!),
    );
    return {
      order: reading,
      timestamp: memory[reading + TIME]!,
      site: sites[memory[reading + SITE]!]!,
      id: ids.textOf(memory[reading + ID]!),
      metrics,
    };
  }

  return {
    open() {
      reserve();
      return take(WINDOW_SIZE);
    },
    add(window, line, site) {
      const { timestamp, metrics, names, digits, places } = line;
      if (memory[window + METRIC_COUNT]! + metrics > MAX_METRICS_IN_WINDOW) return false;
      let newer = 0;
      let older = memory[window + NEWEST]!;
      for (let steps = 0; older !== 0 && memory[older + TIME]! > timestamp; older = memory[older + OLDER]!) {
        if (++steps > MAX_STEPS) return false;
        newer = older;
      }
      const repeated = repeatedBy(line, window, older);
      if (repeated === UNCLEAR) return false;
      // From another site it may replace the one that is known, as `merge` decides.
      if (repeated !== 0) return memory[repeated + SITE] === site;
      reserve();
      const reading = take(VALUES + metrics * 2);
      memory[newer === 0 ? window + NEWEST : newer + OLDER] = reading;
      memory[reading + OLDER] = older;
      memory[reading + TIME] = timestamp;
      memory[reading + SITE] = site;
      memory[reading + LENGTH] = metrics;
      if (line.ends[TEXT.id] !== 0) {
        memory[reading + ID] = ids.keep(line);
        memory[window + IDS]! |= ids.bitOf(line);
      }
      memory[window + READINGS]! += 1;
      let expected = memory[window + METRICS]!;
      for (let i = 0; i < metrics; i += 1) {
        const value = digits[i]! / POWERS[places[i]!]!;
        memory[reading + VALUES + i * 2] = names[i]!;
        memory[reading + VALUES + i * 2 + 1] = value;
        const metric = metricAt(window, names[i]!, expected);
        count(metric, value, digits[i]!, places[i]!);
        expected = memory[metric + NEXT]!;
      }
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
      const metrics = Array.from({ length: line.metrics }, (_, i) =>
        metricOf(line.names[i]!, line.digits[i]! / POWERS[line.places[i]!]!),
      );
      const start = line.starts[TEXT.id]!;
      const end = line.ends[TEXT.id]!;
      const id = end === 0 ? undefined : textAt(input.bytes, start, end - start);
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
    newest(window) {
      const readings: FastReading[] = [];
      const newest = memory[window + NEWEST]!;
      const time = memory[newest + TIME];
      for (let at = newest; at !== 0 && memory[at + TIME] === time; at = memory[at + OLDER]!) {
        readings.push(readingAt(at));
      }
      return readings;
    },
    figures(window) {
      const figures = new Map<string, Aggregate>();
      for (let at = memory[window + METRICS]!; at !== 0; at = memory[at + NEXT]!) {
        figures.set(metricNames[memory[at + NAME]!]!, {
          min: decimalOf(memory[at + MIN]!)!,
          max: decimalOf(memory[at + MAX]!)!,
          sum: sumOf(at),
          count: memory[at + COUNT]!,
        });
      }
      return figures;
    },
  };
}

function isSafe(value: number): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER;
}
