// Lines of a kind have the same metrics in the same order, so a reading is told by its shape and its values alone.

import { take } from './arena.ts';
import { SHAPE_COUNT, SHAPE_NAMES } from './layout.ts';

// What a shape has besides: the shapes with one metric more, as a list, which of them came last, and what the caller says of it.
const CHILDREN = 4;
const SIBLING = 8;
const GUESS = 12;
const ANSWER = 16;

const NOT_ASKED = 0;
const YES = 1;
const NO = 2;

/** Whether numbers of that shape are metrics under its names, as the caller, who is asked once for each shape, knows. */
declare function areMetrics(shape: usize): bool;

const MAX_SHAPES = 1000;
let count = 0;

/** The shape without metrics. */
export const noMetrics: usize = take(SHAPE_NAMES);

export function countOf(shape: usize): i32 {
  return load<i32>(shape, SHAPE_COUNT);
}

export function nameIn(shape: usize, index: i32): usize {
  return load<usize>(shape + (index << 2), SHAPE_NAMES);
}

/** Whether a line of that shape is a usual one, as far as its names tell. */
export function isUsual(shape: usize): bool {
  if (load<i32>(shape, ANSWER) === NOT_ASKED) store<i32>(shape, areMetrics(shape) ? YES : NO, ANSWER);
  return load<i32>(shape, ANSWER) === YES;
}

/** The shape with that metric added at the end; 0 when it is new and there are too many. */
export function withMetric(shape: usize, name: usize): usize {
  const guess = load<usize>(shape, GUESS);
  if (guess !== 0 && nameIn(guess, countOf(shape)) === name) return guess;
  let child = load<usize>(shape, CHILDREN);
  while (child !== 0 && nameIn(child, countOf(shape)) !== name) child = load<usize>(child, SIBLING);
  if (child === 0) child = create(shape, name);
  if (child !== 0) store<usize>(shape, child, GUESS);
  return child;
}

function create(shape: usize, name: usize): usize {
  if (count === MAX_SHAPES) return 0;
  count += 1;
  const metrics = countOf(shape);
  const child = take(SHAPE_NAMES + ((metrics + 1) << 2));
  store<i32>(child, metrics + 1, SHAPE_COUNT);
  memory.copy(child + SHAPE_NAMES, shape + SHAPE_NAMES, metrics << 2);
  store<usize>(child + (metrics << 2), name, SHAPE_NAMES);
  store<usize>(child, load<usize>(shape, CHILDREN), SIBLING);
  store<usize>(shape, child, CHILDREN);
  return child;
}
