// The kernel of the fold: takes the usual lines of an archive and adds them up in windows. Whatever it does not understand,
// or not at once, it leaves to the careful way, as if it had never seen it. AssemblyScript; `npm run build` compiles it.

import { PADDING, take, used } from './arena.ts';
import { addFigures, canAdd } from './figures.ts';
import { NAME_OWN, TEXT_DEVICE_ID, TEXT_SITE } from './layout.ts';
import {
  LINE_DEVICE_HASH,
  LINE_SITE,
  LINE_SIZE,
  LINE_WINDOW,
  nextOf,
  readLine,
  setLimits,
  shapeOf,
  textLength,
  textStart,
  timestampOf,
} from './line.ts';
import { defineMember } from './members.ts';
import { isNamed, nameOf } from './names.ts';
import { insertReading, isFrom, repeatedBy } from './readings.ts';
import { addSentinel } from './sentinels.ts';
import { createTable, guessOf } from './table.ts';
import { hashOf } from './text.ts';
import { firstWindow, recentOf, setWindowLength, windowOf } from './windows.ts';

export { addSentinel, defineMember, firstWindow, setLimits, setWindowLength, used };

export let linesTaken: f64 = 0;

/** Memory is full before there are as many. */
const devices = createTable(i32.MAX_VALUE);
const sites = createTable(i32.MAX_VALUE);

/** Lines that are read before they are taken. */
const BATCH = 16;
const lines = take(BATCH * LINE_SIZE);

/** Whatever `prefetch` has loaded, lest the compiler leave it out. */
let fetched: usize = 0;

/** What the name of a device has besides, after what windows.ts keeps there: the site of its last reading. */
const LAST_SITE = NAME_OWN + 4;

/** Makes room for what is to be read: so many bytes, and a zero after them. */
export function createInput(size: usize): usize {
  return take(size + PADDING);
}

/** Takes lines from `at` on, up to one that it leaves or that is not complete: where that one begins. */
export function takeLines(at: usize, end: usize): usize {
  let count = BATCH;
  while (count === BATCH) {
    count = findWindows(readLines(at, end));
    for (let i = 0; i < count; i += 1) {
      if (!takeReading(lineAt(i))) return at;
      at = nextOf(lineAt(i));
    }
  }
  return at;
}

/** How many of the next lines are usual ones. */
function readLines(at: usize, end: usize): i32 {
  let count = 0;
  while (count < BATCH && at < end && readLine(at, lineAt(count))) {
    at = nextOf(lineAt(count));
    count += 1;
  }
  return count;
}

/**
 * Has the processor fetch what the lines will need, while nothing waits for it: then it fetches for several lines at once.
 * WebAssembly has no instruction for that.
 */
function prefetch(count: i32): void {
  for (let i = 0; i < count; i += 1) {
    const line = lineAt(i);
    const hash = hashOf(textStart(line, TEXT_DEVICE_ID), textLength(line, TEXT_DEVICE_ID));
    store<u32>(line, hash, LINE_DEVICE_HASH);
    fetched += guessOf(devices, hash);
  }
  for (let i = 0; i < count; i += 1) {
    fetched += recentOf(guessOf(devices, load<u32>(lineAt(i), LINE_DEVICE_HASH)));
  }
  for (let i = 0; i < count; i += 1) {
    const window = recentOf(guessOf(devices, load<u32>(lineAt(i), LINE_DEVICE_HASH)));
    // The window and its first two metrics.
    fetched += load<u8>(window) + load<u8>(window, 64) + load<u8>(window, 128);
  }
}

/** For how many of the lines there is a window; none is opened for those after them. */
function findWindows(count: i32): i32 {
  prefetch(count);
  for (let i = 0; i < count; i += 1) {
    const line = lineAt(i);
    const device = deviceOf(line);
    const site: usize = device === 0 ? 0 : siteOf(line, device);
    const window: usize = site === 0 ? 0 : windowOf(device, timestampOf(line), shapeOf(line));
    if (window === 0) return i;
    store<usize>(line, site, LINE_SITE);
    store<usize>(line, window, LINE_WINDOW);
  }
  return count;
}

function deviceOf(line: usize): usize {
  const length = textLength(line, TEXT_DEVICE_ID);
  return nameOf(devices, load<u32>(line, LINE_DEVICE_HASH), textStart(line, TEXT_DEVICE_ID), length);
}

/** Mostly that of the device's last reading. */
function siteOf(line: usize, device: usize): usize {
  const start = textStart(line, TEXT_SITE);
  const length = textLength(line, TEXT_SITE);
  const last = load<usize>(device, LAST_SITE);
  if (last !== 0 && isNamed(last, start, length)) return last;
  const site = nameOf(sites, hashOf(start, length), start, length);
  store<usize>(device, site, LAST_SITE);
  return site;
}

/** Counts the reading of the line, unless it is there already; false when that is for the careful way. */
function takeReading(line: usize): bool {
  const window = load<usize>(line, LINE_WINDOW);
  const repeated = repeatedBy(line);
  // From another site it may replace the one that is known, as the caller decides.
  if (repeated !== 0 && !isFrom(repeated, load<usize>(line, LINE_SITE))) return false;
  if (repeated === 0) {
    if (!canAdd(window, line)) return false;
    addFigures(window, line);
    insertReading(line);
  }
  linesTaken += 1;
  return true;
}

function lineAt(index: i32): usize {
  return lines + index * LINE_SIZE;
}
