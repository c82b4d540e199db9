// What windows amount to: least, greatest and exact sum of each metric.

import { take } from './arena.ts';
import {
  MAX_METRICS,
  METRIC_COUNT,
  METRIC_MAX,
  METRIC_MIN,
  METRIC_NAME,
  METRIC_NEXT,
  METRIC_PLACES,
  METRIC_SIZE,
  METRIC_SUM,
  WINDOW_FIGURES,
  WINDOW_METRICS,
  WINDOW_SHAPE,
} from './layout.ts';
import { numberAt, shapeOf } from './line.ts';
import { digitsOf, MAX_DIGITS, placesOf, wholePowers } from './number.ts';
import { countOf, nameIn } from './shapes.ts';

const MAX_METRICS_IN_WINDOW = 64;
/** Two such sums cannot overflow. */
const MAX_SUM: i64 = 1 << 62;
/** The greatest sum that may be multiplied by 10 to that exponent. */
const limits = memory.data((MAX_DIGITS + 1) * 8, 8);
for (let exponent = 0; exponent <= MAX_DIGITS; exponent += 1) {
  store<i64>(limits + (exponent << 3), MAX_SUM / power(exponent));
}
/** Where each metric of the line is in its window; 0 where it is new. */
const targets = memory.data(MAX_METRICS * 4, 4);

function power(exponent: i32): i64 {
  return load<i64>(wholePowers + (exponent << 3));
}

/** Begins the figures of a window: those of a shape, right after it. */
export function openFigures(window: usize, shape: usize): void {
  store<usize>(window, shape, WINDOW_SHAPE);
  for (let i = 0; i < countOf(shape); i += 1) addMetric(window, nameIn(shape, i));
}

/** Whether the line's values can be added up in the window; if so, `addFigures` may follow. */
export function canAdd(window: usize, line: usize): bool {
  const shape = shapeOf(line);
  const count = countOf(shape);
  if (load<i32>(window, WINDOW_METRICS) + count > MAX_METRICS_IN_WINDOW) return false;
  const first = load<usize>(window, WINDOW_FIGURES);
  const known = load<usize>(window, WINDOW_SHAPE) === shape;
  for (let i = 0; i < count; i += 1) {
    const metric = known ? first + i * METRIC_SIZE : find(first, nameIn(shape, i));
    store<usize>(targets + (i << 2), metric);
    if (metric !== 0 && !fits(metric, numberAt(line, i))) return false;
  }
  return true;
}

function find(first: usize, name: usize): usize {
  let metric = first;
  while (metric !== 0 && load<usize>(metric, METRIC_NAME) !== name) metric = load<usize>(metric, METRIC_NEXT);
  return metric;
}

/** Whether the metric's figures and the line's number, all in the smaller of their units, are far from overflow. */
function fits(metric: usize, number: usize): bool {
  const finer = finerBy(metric, number);
  const limit = load<i64>(limits + (max(finer, 0) << 3));
  return (
    isAtMost(load<i64>(metric, METRIC_SUM), limit) &&
    (finer <= 0 ||
      (isAtMost(load<i64>(metric, METRIC_MIN), limit) && isAtMost(load<i64>(metric, METRIC_MAX), limit))) &&
    isAtMost(digitsOf(number), load<i64>(limits + (max(-finer, 0) << 3)))
  );
}

function isAtMost(value: i64, limit: i64): bool {
  return value <= limit && value >= -limit;
}

/** By how many places the line's number is finer than the metric's sum. */
function finerBy(metric: usize, number: usize): i32 {
  return placesOf(number) - load<i32>(metric, METRIC_PLACES);
}

/** Adds the values of the line, after `canAdd` has looked at the same ones. */
export function addFigures(window: usize, line: usize): void {
  const shape = shapeOf(line);
  const count = countOf(shape);
  for (let i = 0; i < count; i += 1) {
    let metric = load<usize>(targets + (i << 2));
    if (metric === 0) metric = addMetric(window, nameIn(shape, i));
    addValue(metric, numberAt(line, i));
  }
}

/** At the end, so that the metrics stay in the order in which they first came. */
function addMetric(window: usize, name: usize): usize {
  const metric = take(METRIC_SIZE);
  let last = window + (WINDOW_FIGURES - METRIC_NEXT);
  while (load<usize>(last, METRIC_NEXT) !== 0) last = load<usize>(last, METRIC_NEXT);
  store<usize>(last, metric, METRIC_NEXT);
  store<usize>(metric, name, METRIC_NAME);
  store<i32>(window, load<i32>(window, WINDOW_METRICS) + 1, WINDOW_METRICS);
  return metric;
}

function addValue(metric: usize, number: usize): void {
  const finer = finerBy(metric, number);
  if (finer > 0) refine(metric, finer);
  const value = digitsOf(number) * power(max(-finer, 0));
  const isFirst = load<i32>(metric, METRIC_COUNT) === 0;
  if (isFirst || value < load<i64>(metric, METRIC_MIN)) store<i64>(metric, value, METRIC_MIN);
  if (isFirst || value > load<i64>(metric, METRIC_MAX)) store<i64>(metric, value, METRIC_MAX);
  store<i64>(metric, load<i64>(metric, METRIC_SUM) + value, METRIC_SUM);
  store<i32>(metric, load<i32>(metric, METRIC_COUNT) + 1, METRIC_COUNT);
}

/** Takes the metric's figures to a smaller unit. */
function refine(metric: usize, finer: i32): void {
  store<i64>(metric, load<i64>(metric, METRIC_MIN) * power(finer), METRIC_MIN);
  store<i64>(metric, load<i64>(metric, METRIC_MAX) * power(finer), METRIC_MAX);
  store<i64>(metric, load<i64>(metric, METRIC_SUM) * power(finer), METRIC_SUM);
  store<i32>(metric, load<i32>(metric, METRIC_PLACES) + finer, METRIC_PLACES);
}
