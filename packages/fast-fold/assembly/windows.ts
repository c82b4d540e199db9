// The windows of all devices: the one that a reading belongs to is mostly that of the device's last one.

import { takeAligned } from './arena.ts';
import { openFigures } from './figures.ts';
import { NAME_HASH, NAME_OWN, WINDOW_DEVICE, WINDOW_NEXT, WINDOW_SIZE, WINDOW_START } from './layout.ts';
import { createTable, entryAt, hasPlace, PROBES, put } from './table.ts';
import { hashOfWord } from './text.ts';

/** What the name of a device has besides: the window that it was in last. */
const RECENT = NAME_OWN;

/** Memory is full before there are as many. */
const windows = createTable(i32.MAX_VALUE);
let first: usize = 0;
let last: usize = 0;
let milliseconds: f64 = 0;

export function setWindowLength(length: f64): void {
  milliseconds = length;
}

/** The window that was opened first; 0 when there is none. */
export function firstWindow(): usize {
  return first;
}

/** The window that the device was in last; 0 when there is none. */
export function recentOf(device: usize): usize {
  return load<usize>(device, RECENT);
}

/** The window that holds that time, which is opened for that shape where it is not yet; 0 when there is no place for it. */
export function windowOf(device: usize, time: f64, shape: usize): usize {
  const recent = recentOf(device);
  if (recent !== 0) {
    const start = load<f64>(recent, WINDOW_START);
    if (time >= start && time < start + milliseconds) return recent;
  }
  const start = floor(time / milliseconds) * milliseconds;
  const hash = hashOf(device, start);
  let window = find(device, start, hash);
  if (window === 0) window = open(device, start, hash, shape);
  if (window !== 0) store<usize>(device, window, RECENT);
  return window;
}

function hashOf(device: usize, start: f64): u32 {
  return hashOfWord(reinterpret<u64>(start) ^ load<u32>(device, NAME_HASH));
}

function find(device: usize, start: f64, hash: u32): usize {
  for (let probe: u32 = 0; probe < PROBES; probe += 1) {
    const window = entryAt(windows, hash, probe);
    if (window === 0) return 0;
    if (window === 1) continue;
    if (load<usize>(window, WINDOW_DEVICE) === device && load<f64>(window, WINDOW_START) === start)
      return window;
  }
  return 0;
}

function open(device: usize, start: f64, hash: u32, shape: usize): usize {
  if (!hasPlace(windows, hash)) return 0;
  const window = takeAligned(WINDOW_SIZE);
  openFigures(window, shape);
  store<usize>(window, device, WINDOW_DEVICE);
  store<f64>(window, start, WINDOW_START);
  put(windows, hash, window);
  if (last === 0) first = window;
  else store<usize>(last, window, WINDOW_NEXT);
  last = window;
  return window;
}
