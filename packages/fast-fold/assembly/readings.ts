// The readings of a window, newest first, so that each is counted once however often it comes.

import { take } from './arena.ts';
import {
  READING_ID_LENGTH,
  READING_OLDER,
  READING_SHAPE,
  READING_SITE,
  READING_TIME,
  READING_VALUES,
  TEXT_ID,
  WINDOW_NEWEST,
  WINDOW_NEWEST_TIME,
  WINDOW_OLDEST_TIME,
  WINDOW_READINGS,
  WINDOW_SITE,
} from './layout.ts';
import { LINE_SITE, LINE_WINDOW, numberAt, shapeOf, textLength, textStart, timestampOf } from './line.ts';
import { isNameBefore } from './names.ts';
import { valueOf } from './number.ts';
import { countOf, nameIn } from './shapes.ts';
import { isSame } from './text.ts';

/** Of readings of one window, so that lines made to be slow are left to the careful way. */
const MAX_STEPS = 256;
/** Neither a reading nor none. */
const UNCLEAR: usize = 1;

/** Where the line's reading belongs: after the first of these in time, and before the second, which may be none. */
let newer: usize = 0;
let older: usize = 0;

function olderThan(reading: usize): usize {
  return load<usize>(reading, READING_OLDER);
}

/** The reading of the window that the line repeats, 0 when it is a new one, UNCLEAR when that would take long to find out. */
export function repeatedBy(line: usize): usize {
  const window = load<usize>(line, LINE_WINDOW);
  const timestamp = timestampOf(line);
  newer = 0;
  older = load<usize>(window, WINDOW_NEWEST);
  if (timestamp > load<f64>(window, WINDOW_NEWEST_TIME)) return 0;
  let steps = 0;
  for (; older !== 0 && load<f64>(older, READING_TIME) > timestamp; older = olderThan(older)) {
    if (++steps > MAX_STEPS) return UNCLEAR;
    newer = older;
  }
  steps = 0;
  for (let at = older; at !== 0 && load<f64>(at, READING_TIME) === timestamp; at = olderThan(at)) {
    if (++steps > MAX_STEPS) return UNCLEAR;
    if (hasSameId(at, line) && hasSameValues(at, line)) return at;
  }
  return 0;
}

/** 0 when the line has none. */
function idLengthOf(line: usize): i32 {
  return max(textLength(line, TEXT_ID), 0);
}

/** Also if neither has one. */
function hasSameId(reading: usize, line: usize): bool {
  const length = idLengthOf(line);
  if (load<i32>(reading, READING_ID_LENGTH) !== length) return false;
  return length === 0 || isSame(textStart(line, TEXT_ID), idAt(reading), length);
}

function idAt(reading: usize): usize {
  return reading + READING_VALUES + (countOf(load<usize>(reading, READING_SHAPE)) << 3);
}

/** Whether the reading has the values of the line, in whatever order. */
function hasSameValues(reading: usize, line: usize): bool {
  const shape = shapeOf(line);
  const its = load<usize>(reading, READING_SHAPE);
  const count = countOf(shape);
  if (countOf(its) !== count) return false;
  for (let i = 0; i < count; i += 1) {
    let place = i;
    const name = nameIn(shape, i);
    if (nameIn(its, i) !== name) {
      place = 0;
      while (place < count && nameIn(its, place) !== name) place += 1;
      if (place === count) return false;
    }
    if (load<f64>(reading + (place << 3), READING_VALUES) !== valueOf(numberAt(line, i))) return false;
  }
  return true;
}

/** Whether the reading, which may be UNCLEAR, came from that site. */
export function isFrom(reading: usize, site: usize): bool {
  return reading !== UNCLEAR && load<usize>(reading, READING_SITE) === site;
}

/** Adds the reading of the line, where `repeatedBy` has looked and found none. */
export function insertReading(line: usize): void {
  const window = load<usize>(line, LINE_WINDOW);
  const site = load<usize>(line, LINE_SITE);
  const shape = shapeOf(line);
  const timestamp = timestampOf(line);
  const metrics = countOf(shape);
  const idLength = idLengthOf(line);
  const reading = take(READING_VALUES + (metrics << 3) + idLength);
  store<usize>(reading, older, READING_OLDER);
  store<usize>(reading, shape, READING_SHAPE);
  store<f64>(reading, timestamp, READING_TIME);
  store<usize>(reading, site, READING_SITE);
  for (let i = 0; i < metrics; i += 1) {
    store<f64>(reading + (i << 3), valueOf(numberAt(line, i)), READING_VALUES);
  }
  if (idLength > 0) {
    store<i32>(reading, idLength, READING_ID_LENGTH);
    memory.copy(idAt(reading), textStart(line, TEXT_ID), idLength);
  }
  if (older === 0) store<f64>(window, timestamp, WINDOW_OLDEST_TIME);
  if (newer === 0) {
    store<usize>(window, reading, WINDOW_NEWEST);
    store<f64>(window, timestamp, WINDOW_NEWEST_TIME);
  } else {
    store<usize>(newer, reading, READING_OLDER);
  }
  store<i32>(window, load<i32>(window, WINDOW_READINGS) + 1, WINDOW_READINGS);
  const itsSite = load<usize>(window, WINDOW_SITE);
  if (site !== itsSite && (itsSite === 0 || isNameBefore(site, itsSite)))
    store<usize>(window, site, WINDOW_SITE);
}
