// The lower bound for JavaScript: scans bytes of lines with a known shape, without any checks.

import { chunksOf, WINDOW_MILLISECONDS } from './fold-input.ts';
import { addToTally, emptyTally, outcomeOfTallies, type Tally } from './fold-outcome.ts';
import type { Fold } from './fold-peer.ts';

const NEWLINE = 10;
const POINT = 46;
const MINUS = 45;
const ZERO = 48;
const QUOTE = 34;
const BEFORE_TIMESTAMP = '{"timestamp":'.length;
const BEFORE_TEMPERATURE = ',"temperature":'.length;
const BEFORE_HUMIDITY = ',"humidity":'.length;
const BEFORE_DEVICE = ',"deviceId":"'.length;
/** The shortest text after a device's name: `","site":"","receivedAt":1,"clientId":"","traceId":""}`. */
const AFTER_DEVICE = 54;

export const scanBytes: Fold = (file) => {
  const devices = new Map<number, Map<number, Tally>>();
  let rest = Buffer.alloc(0);
  for (const chunk of chunksOf(file)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    scanLines(bytes, end, devices);
    rest = Buffer.from(bytes.subarray(end));
  }
  return outcomeOfTallies([...devices.values()].flatMap((windows) => [...windows.values()]));
};

/** Devices are identified by a hash of their names, which a reader with checks could not do. */
function scanLines(bytes: Buffer, end: number, devices: Map<number, Map<number, Tally>>): void {
  let at = 0;
  /** Reads a number with at most one decimal, in tenths. */
  const number = (): number => {
    const negative = bytes[at] === MINUS;
    if (negative) at += 1;
    let value = 0;
    let byte = bytes[at]!;
    for (; byte >= ZERO; byte = bytes[++at]!) value = value * 10 + byte - ZERO;
    value *= 10;
    if (byte === POINT) {
      value += bytes[at + 1]! - ZERO;
      at += 2;
    }
    return negative ? -value : value;
  };
  while (at < end) {
    at += BEFORE_TIMESTAMP;
    const start = Math.floor(number() / (WINDOW_MILLISECONDS * 10));
    at += BEFORE_TEMPERATURE;
    const temperature = number() / 10;
    at += BEFORE_HUMIDITY;
    const humidity = number() / 10;
    at += BEFORE_DEVICE;
    let hash = 0;
    for (let byte = bytes[at]!; byte !== QUOTE; byte = bytes[++at]!) hash = (Math.imul(hash, 31) + byte) | 0;
    at = bytes.indexOf(NEWLINE, at + AFTER_DEVICE) + 1;
    let windows = devices.get(hash);
    if (!windows) devices.set(hash, (windows = new Map()));
    let tally = windows.get(start);
    if (!tally) windows.set(start, (tally = emptyTally()));
    addToTally(tally, temperature, humidity);
  }
}
