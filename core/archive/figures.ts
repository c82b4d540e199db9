// What windows of usual lines amount to: least, greatest and exact sum of each metric, all in one array of numbers.

import { decimalOf, DECIMAL_PLACES, type Decimal } from '../decimal.ts';
import type { Aggregate } from '../window.ts';
import type { FastLine } from './fast-line.ts';
import type { Shapes } from './shapes.ts';

/** The figures of a window by where they are in the array. */
export type FiguresOfWindow = number;

export interface Figures {
  /** Begins with none. */
  open(): FiguresOfWindow;
  /** Counts the values of the line; false when the window would have too many metrics, and then nothing has happened. */
  add(window: FiguresOfWindow, line: FastLine): boolean;
  /** By metric, in the order in which they first came. */
  read(window: FiguresOfWindow): Map<string, Aggregate>;
}

// Of a window: its first metric and how many it has; the first ones are those of that shape, one after the other.
const FIRST = 0;
const METRICS = 1;
const SHAPE = 2;
const WINDOW_SIZE = 3;

// Of a metric: the next one, its name, its extremes as they are and its sum in units of 10 ** -PLACES.
const NEXT = 0;
const NAME = 1;
const MIN = 2;
const MAX = 3;
const SUM = 4;
const PLACES = 5;
const COUNT = 6;
const METRIC_SIZE = 7;

const MAX_METRICS_IN_WINDOW = 64;
const LARGEST = WINDOW_SIZE + MAX_METRICS_IN_WINDOW * METRIC_SIZE;
/** The worth of a sum's one, by its places. */
const UNITS = Array.from({ length: DECIMAL_PLACES + 1 }, (_, n) => 10n ** BigInt(DECIMAL_PLACES - n));
const POWERS = Float64Array.from({ length: DECIMAL_PLACES + 1 }, (_, n) => Number(`1e${n}`));

export function createFigures(shapes: Shapes, metricNames: readonly string[]): Figures {
  let memory = new Float64Array(1 << 12);
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
    if (used + LARGEST <= memory.length) return;
    const larger = new Float64Array(memory.length * 4);
    larger.set(memory);
    memory = larger;
  }

  /** Where the window's metric is; made where it is missing. */
  function metricAt(window: number, name: number): number {
    let last = 0;
    for (let at = memory[window + FIRST]!; at !== 0; at = memory[at + NEXT]!) {
      if (memory[at + NAME] === name) return at;
      last = at;
    }
    const fresh = take(METRIC_SIZE);
    memory[last === 0 ? window + FIRST : last + NEXT] = fresh;
    memory[window + METRICS]! += 1;
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

  return {
    open() {
      reserve();
      return take(WINDOW_SIZE);
    },
    add(window, { shape, values, digits, places }) {
      const names = shapes.list[shape]!;
      if (memory[window + METRICS]! + names.length > MAX_METRICS_IN_WINDOW) return false;
      reserve();
      if (memory[window + METRICS] === 0) memory[window + SHAPE] = shape;
      const known = memory[window + SHAPE] === shape;
      let metric = memory[window + FIRST]!;
      for (let i = 0; i < names.length; i += 1) {
        if (!known || metric === 0) metric = metricAt(window, names[i]!);
        count(metric, values[i]!, digits[i]!, places[i]!);
        metric = memory[metric + NEXT]!;
      }
      return true;
    },
    read(window) {
      const figures = new Map<string, Aggregate>();
      for (let at = memory[window + FIRST]!; at !== 0; at = memory[at + NEXT]!) {
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
