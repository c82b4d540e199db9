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
  WINDOW_IDS,
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
import { hashOf, isSame } from './text.ts';

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
  const hasId = textLength(line, TEXT_ID) > 0;
  if (timestamp > load<f64>(window, WINDOW_NEWEST_TIME) && !hasId) return 0;
  let steps = 0;
  for (; older !== 0 && load<f64>(older, READING_TIME) > timestamp; older = olderThan(older)) {
    if (++steps > MAX_STEPS) return UNCLEAR;
    newer = older;
  }
  return hasId ? sameId(line) : sameContent(line);
}

function sameContent(line: usize): usize {
  const timestamp = timestampOf(line);
  let steps = 0;
  for (let at = older; at !== 0 && load<f64>(at, READING_TIME) === timestamp; at = olderThan(at)) {
    if (++steps > MAX_STEPS) return UNCLEAR;
    if (load<i32>(at, READING_ID_LENGTH) === 0 && hasSameValues(at, line)) return at;
  }
  return 0;
}

/** An id that comes again with something else is for the careful way. */
function sameId(line: usize): usize {
  const window = load<usize>(line, LINE_WINDOW);
  if ((load<u32>(window, WINDOW_IDS) & bitOfId(line)) === 0) return 0;
  const start = textStart(line, TEXT_ID);
  const length = textLength(line, TEXT_ID);
  let steps = 0;
  for (let at = load<usize>(window, WINDOW_NEWEST); at !== 0; at = olderThan(at)) {
    if (++steps > MAX_STEPS) return UNCLEAR;
    if (load<i32>(at, READING_ID_LENGTH) !== length || !isSame(start, idAt(at), length)) continue;
    return load<f64>(at, READING_TIME) === timestampOf(line) && hasSameValues(at, line) ? at : UNCLEAR;
  }
  return 0;
}

function bitOfId(line: usize): u32 {
  return (<u32>1) << (hashOf(textStart(line, TEXT_ID), textLength(line, TEXT_ID)) & 31);
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
  const idLength = max(textLength(line, TEXT_ID), 0);
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
    store<u32>(window, load<u32>(window, WINDOW_IDS) | bitOfId(line), WINDOW_IDS);
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
