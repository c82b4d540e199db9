// KNN-CAD (Burnaev and Ishimtsev, 2016, arXiv 1608.04585) for the comparison of the NAB scorer: distances to earlier stretches.

import type { Series } from './nab-corpus.ts';

const LENGTH = 19;
const NEIGHBOURS = 27;
const ALARM = 0.9965;

type Matrix = number[][];

/** Gauss and Jordan with pivots; undefined for a singular matrix. */
function invert(given: Matrix): Matrix | undefined {
  const n = given.length;
  const rows = given.map((row, index) => [...row, ...row.map((_, column) => (column === index ? 1 : 0))]);
  for (let column = 0; column < n; column += 1) {
    let pivot = column;
    for (let row = column; row < n; row += 1)
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const divisor = rows[column]![column]!;
    if (divisor === 0) return undefined;
    rows[column] = rows[column]!.map((each) => each / divisor);
    rows.forEach((row, index) => {
      const factor = row[column]!;
      if (index !== column && factor !== 0)
        rows[index] = row.map((each, at) => each - factor * rows[column]![at]!);
    });
  }
  return rows.map((row) => row.slice(n));
}

/** The sums of products of values at each distance within the stretches. */
function products(training: readonly Item[]): Matrix {
  return Array.from({ length: LENGTH }, (_, a) =>
    Array.from({ length: LENGTH }, (_, b) =>
      training.reduce((sum, item) => sum + item.values[a]! * item.values[b]!, 0),
    ),
  );
}

/** The Cholesky factor L of a matrix, which is L times its transpose; undefined if there is none. */
function root(given: Matrix): Matrix | undefined {
  const lower = given.map((row) => row.map(() => 0));
  for (let row = 0; row < given.length; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let rest = given[row]![column]!;
      for (let at = 0; at < column; at += 1) rest -= lower[row]![at]! * lower[column]![at]!;
      if (row === column && !(rest > 0)) return undefined;
      lower[row]![column] = row === column ? Math.sqrt(rest) : rest / lower[column]![column]!;
    }
  }
  return lower;
}

const IDENTITY: Matrix = Array.from({ length: LENGTH }, (_, row) =>
  Array.from({ length: LENGTH }, (_, at) => (at === row ? 1 : 0)),
);

interface Metric {
  readonly full: Matrix;
  readonly half: Matrix | undefined;
}

/** A stretch, transformed by the metric so that distances are sums of squares. */
interface Item {
  readonly values: Float64Array;
  seen: Float64Array;
}

function see({ half }: Metric, values: Float64Array): Float64Array {
  if (!half) return values;
  const seen = new Float64Array(LENGTH);
  for (let row = 0; row < LENGTH; row += 1) {
    let sum = 0;
    for (let at = row; at < LENGTH; at += 1) sum += half[at]![row]! * values[at]!;
    seen[row] = sum;
  }
  return seen;
}

function distance(a: Item, b: Item, { full, half }: Metric): number {
  let sum = 0;
  if (half) {
    for (let at = 0; at < LENGTH; at += 1) sum += (a.seen[at]! - b.seen[at]!) ** 2;
    return sum;
  }
  for (let row = 0; row < LENGTH; row += 1) {
    let part = 0;
    for (let at = 0; at < LENGTH; at += 1) part += full[row]![at]! * (a.values[at]! - b.values[at]!);
    sum += part * (a.values[row]! - b.values[row]!);
  }
  return sum;
}

/** The sum of the distances to the nearest training stretches. */
function farness(item: Item, training: readonly Item[], metric: Metric, count: number): number {
  const nearest = new Float64Array(count).fill(Infinity);
  for (const other of training) {
    const far = distance(other, item, metric);
    if (!(far < nearest[count - 1]!)) continue;
    let at = count - 1;
    for (; at > 0 && nearest[at - 1]! > far; at -= 1) nearest[at] = nearest[at - 1]!;
    nearest[at] = far;
  }
  return nearest.reduce((sum, far) => sum + far, 0);
}

/** Undefined if the stretches give none. */
function metricOf(training: readonly Item[]): Metric | undefined {
  const inverse = invert(products(training));
  return inverse && { full: inverse, half: root(inverse) };
}

/** The share of earlier stretches that were nearer to their neighbours; half of it for a while after an alarm. */
export function knncad({ values, probation }: Series): Float64Array {
  const scores = new Float64Array(values.length);
  const training: Item[] = [];
  const calibration: Item[] = [];
  let metric: Metric = { full: IDENTITY, half: IDENTITY };
  let earlier: number[] = [];
  let quiet = -1;
  for (let count = LENGTH; count <= values.length; count += 1) {
    const stretch = Float64Array.from(values.slice(count - LENGTH, count));
    const item: Item = { values: stretch, seen: see(metric, stretch) };
    if (count < probation) {
      training.push(item);
      continue;
    }
    const phase = count % probation;
    if (phase === 0 || phase === Math.floor(probation / 2)) {
      metric = metricOf(training) ?? metric;
      for (const each of [...training, ...calibration, item]) each.seen = see(metric, each.values);
    }
    if (earlier.length === 0)
      earlier = training.map((each) => farness(each, training, metric, NEIGHBOURS + 1));
    const own = farness(item, training, metric, NEIGHBOURS);
    const share = earlier.reduce((sofar, each) => sofar + (each < own ? 1 : 0), 0) / earlier.length;
    if (count >= 2 * probation) {
      training.shift();
      training.push(calibration.shift()!);
    }
    earlier.shift();
    calibration.push(item);
    earlier.push(own);
    if (quiet > 0) {
      quiet -= 1;
      scores[count - 1] = 0.5;
    } else {
      if (share >= ALARM) quiet = Math.floor(probation / 5);
      scores[count - 1] = share;
    }
  }
  return scores;
}
