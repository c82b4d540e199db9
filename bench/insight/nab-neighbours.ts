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

/** Of all products of values that are so many places apart in the stretches. */
function products(training: readonly Float64Array[]): Matrix {
  return Array.from({ length: LENGTH }, (_, a) =>
    Array.from({ length: LENGTH }, (_, b) => training.reduce((sum, item) => sum + item[a]! * item[b]!, 0)),
  );
}

function distance(a: Float64Array, b: Float64Array, metric: Float64Array, difference: Float64Array): number {
  for (let at = 0; at < LENGTH; at += 1) difference[at] = a[at]! - b[at]!;
  let sum = 0;
  for (let row = 0; row < LENGTH; row += 1) {
    let part = 0;
    for (let at = 0; at < LENGTH; at += 1) part += metric[row * LENGTH + at]! * difference[at]!;
    sum += part * difference[row]!;
  }
  return sum;
}

/** Sum of the distances to the nearest of the training. */
function farness(
  item: Float64Array,
  training: readonly Float64Array[],
  metric: Float64Array,
  count: number,
): number {
  const difference = new Float64Array(LENGTH);
  const all = Float64Array.from(training, (other) => distance(other, item, metric, difference)).sort();
  let sum = 0;
  for (let index = 0; index < count; index += 1) sum += all[index]!;
  return sum;
}

/** Share of the earlier stretches that were nearer to their neighbours; half for a while after an alarm. */
export function knncad({ values, probation }: Series): Float64Array {
  const scores = new Float64Array(values.length);
  const training: Float64Array[] = [];
  const calibration: Float64Array[] = [];
  let metric = Float64Array.from({ length: LENGTH * LENGTH }, (_, at) => (at % (LENGTH + 1) === 0 ? 1 : 0));
  let earlier: number[] = [];
  let quiet = -1;
  for (let count = LENGTH; count <= values.length; count += 1) {
    const item = Float64Array.from(values.slice(count - LENGTH, count));
    if (count < probation) {
      training.push(item);
      continue;
    }
    const phase = count % probation;
    if (phase === 0 || phase === Math.floor(probation / 2)) {
      const inverse = invert(products(training));
      if (inverse) metric = Float64Array.from(inverse.flat());
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
