// Numbers by which sensors say that they have no value: a line that has one is for the careful way, whatever its name.

import { take } from './arena.ts';

// A sentinel: what it is, and the one that was added before it.
const VALUE = 0;
const BEFORE = 8;
const SIZE = 16;

/** Whoever rounds to hundredths takes what is this near for the sentinel. */
const NEAR: f64 = 0.006;

let last: usize = 0;
/** Nearer to zero there is none, and mostly no value further away from it. */
let least: f64 = Infinity;

export function addSentinel(value: f64): void {
  const sentinel = take(SIZE);
  store<f64>(sentinel, value, VALUE);
  store<usize>(sentinel, last, BEFORE);
  last = sentinel;
  least = min(least, abs(value) - NEAR);
}

export function isSentinel(value: f64): bool {
  if (abs(value) < least) return false;
  for (let at = last; at !== 0; at = load<usize>(at, BEFORE)) {
    if (abs(value - load<f64>(at, VALUE)) < NEAR) return true;
  }
  return false;
}
