// Reads the usual line of an archive and leaves every other one to the careful way.

import {
  MAX_METRICS,
  NOWHERE,
  NUMBER_METRIC,
  NUMBER_RECEIVED_AT,
  NUMBER_TIMESTAMP,
  NUMBERS,
  TEXT_DEVICE_ID,
  TEXT_ID,
  TEXT_SITE,
  TEXT_TRACE_ID,
  TEXTS,
} from './layout.ts';
import { isFirstIn, lengthOf, memberAt, noMember, numberSlotOf, textSlotOf } from './members.ts';
import { NUMBER_SIZE, placesOf, readNumber, setZero, valueOf } from './number.ts';
import { isSentinel } from './sentinels.ts';
import { isUsual, noMetrics, withMetric } from './shapes.ts';
import { plainEnd } from './text.ts';

// A line: where the next one begins, which metrics it has and in which order, and its event time in epoch milliseconds; what
// others find out of it; then its texts, and its numbers, of which those of the metrics come first.
const NEXT = 0;
const SHAPE = 4;
const TIMESTAMP = 8;
export const LINE_DEVICE_HASH = 16;
export const LINE_SITE = 20;
export const LINE_WINDOW = 24;
const FIRST_TEXT = 32;
const FIRST_NUMBER = FIRST_TEXT + TEXTS * 8;
export const LINE_SIZE = FIRST_NUMBER + NUMBERS * NUMBER_SIZE;

// A text: where it is, and how long; -1 when the line lacks it.
const START = 0;
const LENGTH = 4;

let maxLateness: f64 = 0;
let maxSkew: f64 = 0;
let maxNameLength: i32 = 0;
let maxIdLength: i32 = 0;
let serial: i32 = 0;

/** Below it a timestamp is in seconds, from the second on it is no time. */
const SECONDS_BELOW: f64 = 1e11;
const MILLISECONDS_BELOW: f64 = 1e14;

const OPEN: u8 = 0x7b;
const CLOSE: u8 = 0x7d;
const COMMA: u8 = 0x2c;
const QUOTE: u8 = 0x22;
const NEWLINE: u8 = 0x0a;
const NINE: u8 = 0x39;

/** Limits of times in milliseconds, of lengths in characters. */
export function setLimits(lateness: f64, skew: f64, nameLength: i32, idLength: i32): void {
  maxLateness = lateness;
  maxSkew = skew;
  maxNameLength = nameLength;
  maxIdLength = idLength;
}

export function nextOf(line: usize): usize {
  return load<usize>(line, NEXT);
}

export function shapeOf(line: usize): usize {
  return load<usize>(line, SHAPE);
}

export function timestampOf(line: usize): f64 {
  return load<f64>(line, TIMESTAMP);
}

export function textStart(line: usize, text: i32): usize {
  return load<usize>(textAt(line, text), START);
}

/** -1 when the line lacks the text. */
export function textLength(line: usize, text: i32): i32 {
  return load<i32>(textAt(line, text), LENGTH);
}

export function numberAt(line: usize, slot: i32): usize {
  return line + FIRST_NUMBER + slot * NUMBER_SIZE;
}

function textAt(line: usize, text: i32): usize {
  return line + FIRST_TEXT + (text << 3);
}

/**
 * Reads the line at `start`, of one reading with a timestamp of its own, in ASCII without escapes and spaces, whose members
 * each come once, and a line feed, into `line`: each that it accepts must mean to a careful parser what it means here.
 * False when it needs the careful way.
 */
export function readLine(start: usize, line: usize): bool {
  if (load<u8>(start) !== OPEN) return false;
  serial += 1;
  for (let text = 0; text < TEXTS; text += 1) store<i32>(textAt(line, text), -1, LENGTH);
  setZero(numberAt(line, NUMBER_TIMESTAMP));
  setZero(numberAt(line, NUMBER_RECEIVED_AT));
  let shape = noMetrics;
  let metrics = 0;
  let member = noMember;
  let at = start;
  do {
    at += 1;
    member = memberAt(at, member);
    if (member === 0 || !isFirstIn(serial, member)) return false;
    at += lengthOf(member);
    const byte = load<u8>(at);
    if (byte === QUOTE) {
      at = readText(at + 1, line, textSlotOf(member));
    } else {
      let slot = numberSlotOf(member);
      if (byte > NINE || slot === NOWHERE || metrics === MAX_METRICS) return false;
      const isMetric = slot === NUMBER_METRIC;
      if (isMetric) {
        slot = metrics;
        metrics += 1;
        shape = withMetric(shape, member);
        if (shape === 0) return false;
      }
      at = readNumber(at, numberAt(line, slot));
      if (isMetric && isSentinel(valueOf(numberAt(line, slot)))) return false;
    }
    if (at === 0) return false;
  } while (load<u8>(at) === COMMA);
  if (load<u8>(at) !== CLOSE || load<u8>(at, 1) !== NEWLINE) return false;
  store<usize>(line, at + 2, NEXT);
  store<usize>(line, shape, SHAPE);
  return shape !== noMetrics && isReading(line) && isUsual(shape);
}

/** Where the text ends whose first character is at `at`, with its quote; 0 when it has others than plain ones. */
function readText(at: usize, line: usize, slot: i32): usize {
  if (slot === NOWHERE) return 0;
  const end = plainEnd(at);
  if (load<u8>(end) !== QUOTE) return 0;
  store<usize>(textAt(line, slot), at, START);
  store<i32>(textAt(line, slot), i32(end - at), LENGTH);
  return end + 1;
}

/** Whether the numbers and texts that were found make a reading in time. */
function isReading(line: usize): bool {
  const time = timeIn(numberAt(line, NUMBER_TIMESTAMP));
  const receivedAt = timeIn(numberAt(line, NUMBER_RECEIVED_AT));
  const timestamp = time < SECONDS_BELOW ? time * 1000 : time;
  store<f64>(line, timestamp, TIMESTAMP);
  return (
    time > 0 &&
    receivedAt > 0 &&
    timestamp >= receivedAt - maxLateness &&
    timestamp <= receivedAt + maxSkew &&
    fits(textLength(line, TEXT_DEVICE_ID), maxNameLength) &&
    fits(textLength(line, TEXT_SITE), maxNameLength) &&
    (textLength(line, TEXT_TRACE_ID) < 0 || fits(textLength(line, TEXT_TRACE_ID), maxNameLength)) &&
    (textLength(line, TEXT_ID) < 0 || fits(textLength(line, TEXT_ID), maxIdLength))
  );
}

/** The time that a whole number gives; 0 when it has decimals, or is none. */
function timeIn(number: usize): f64 {
  return placesOf(number) === 0 && valueOf(number) < MILLISECONDS_BELOW ? valueOf(number) : 0;
}

function fits(length: i32, longest: i32): bool {
  return length >= 1 && length <= longest;
}
