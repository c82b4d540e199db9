// Reads the usual line of an archive from its bytes, without JSON.parse, and leaves every other line to the careful way.

import { createNames } from './names.ts';
import { bytes, isSpelled, plainEnd, readNumber, spell, wordAt, type Numbers } from './scan.ts';
import { createShapes, type Shapes } from './shapes.ts';
import { MAX_NAME_LENGTH } from '../message.ts';
import { MAX_ID_LENGTH, MAX_METRICS, METRIC_NAME, type TimeLimits } from '../reading.ts';

/** What the last line that was read holds: places in the input, and numbers. */
export interface FastLine extends Numbers {
  /** Where the texts are, by `TEXT`: from `starts` to `ends`, which is 0 when the line lacks it. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Event time, epoch milliseconds. */
  timestamp: number;
  /** Values that are no numbers. */
  skipped: number;
  /** Which metrics it has, and in which order; the first numbers are theirs. */
  shape: number;
}

export interface FastLineReader {
  readonly line: FastLine;
  readonly shapes: Shapes;
  /** By the numbers that shapes have. */
  readonly metricNames: readonly string[];
  /** Reads the line at `at` into `line`; where the next one begins, or 0 when this one needs the careful way. */
  read(at: number): number;
}

/** Texts that a line may have; `skipped` stands for all that are of no use. */
export const TEXT = { deviceId: 0, site: 1, traceId: 2, id: 3, clientId: 4, skipped: 5 } as const;
/** Slots of numbers: those of metrics come first. */
const NUMBER = { metric: 0, timestamp: MAX_METRICS, receivedAt: MAX_METRICS + 1 } as const;
/** Where a value of that type needs the careful way. */
const NONE = -1;

/** Where the value of a member goes if it is a text, or a number. */
interface Use {
  readonly text: number;
  readonly number: number;
}

const careful: Use = { text: NONE, number: NONE };
const members: ReadonlyMap<string, Use> = new Map([
  ['timestamp', { text: NONE, number: NUMBER.timestamp }],
  ['receivedAt', { text: NONE, number: NUMBER.receivedAt }],
  ['deviceId', { text: TEXT.deviceId, number: NONE }],
  ['site', { text: TEXT.site, number: NONE }],
  ['clientId', { text: TEXT.clientId, number: NONE }],
  ['traceId', { text: TEXT.traceId, number: NONE }],
  ['id', { text: TEXT.id, number: NONE }],
  ['readings', careful],
  ['rawPayload', careful],
]);
const metricUse: Use = { text: TEXT.skipped, number: NUMBER.metric };
const other: Use = { text: TEXT.skipped, number: NONE };

// What is known of a member's name: the place of the one that came after it last time, because most lines are alike; the last
// line that had it; its use and its number; and the bytes of the name with its quotes and colon, in words.
const GUESS = 0;
const LINE = 1;
const TEXT_SLOT = 2;
const NUMBER_SLOT = 3;
const METRIC = 4;
const LENGTH = 5;
const WORDS = 6;

const MAX_KEYS = 1000;
const MAX_SHAPES = 1000;
const MAX_KEY_LENGTH = 64;
const MAX_KEY_WORDS = Math.ceil((MAX_KEY_LENGTH + 3) / 4);
/** Below it a timestamp is in seconds, from the second on it is no time: the bounds of parseTimestamp. */
const SECONDS_BELOW = 1e11;
const MILLISECONDS_BELOW = 1e14;

const OPEN = 0x7b;
const CLOSE = 0x7d;
const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const NEWLINE = 0x0a;
const NINE = 0x39;
const LETTER_F = 0x66;
const [TRUE, NULL, FALSE] = ['true', 'null', 'alse'].map((text) => spell(text)[0]!);

/**
 * Reads lines of one reading with a timestamp of its own, in ASCII without escapes and spaces, whose members each come once;
 * each line that it accepts means to `parseMessage` exactly what it means here. Its memory is bounded whatever the lines.
 */
export function createFastLineReader(limits: TimeLimits): FastLineReader {
  const maxLateness = limits.maxLatenessSeconds * 1000;
  const maxSkew = limits.maxSkewSeconds * 1000;
  const starts = new Int32Array(6);
  const ends = new Int32Array(6);
  const values = new Float64Array(MAX_METRICS + 2);
  const digits = new Float64Array(MAX_METRICS + 2);
  const places = new Int32Array(MAX_METRICS + 2);
  const line: FastLine = { starts, ends, timestamp: 0, skipped: 0, shape: 0, values, digits, places };
  let serial = 0;
  const shapes = createShapes(MAX_SHAPES);
  const names = createNames(MAX_KEYS);
  /** The place in `keys` of each name. */
  const keyOf: number[] = [];
  /** The first is the one before all. */
  const keys = new Int32Array(WORDS + MAX_KEYS * (WORDS + MAX_KEY_WORDS));
  let keysUsed = WORDS;

  /** The key at `at`, which is not the one that came last time; 0 when there is none. */
  function keyAt(at: number, before: number): number {
    if (bytes[at] !== QUOTE) return 0;
    const end = plainEnd(at + 1);
    const length = end - at - 1;
    if (length < 1 || length > MAX_KEY_LENGTH || bytes[end] !== QUOTE || bytes[end + 1] !== COLON) return 0;
    const name = names.at(at + 1, length);
    if (name < 0) return 0;
    if (name === keyOf.length) keyOf.push(learn(names.list[name]!, name));
    return (keys[before + GUESS] = keyOf[name]!);
  }

  function learn(name: string, metric: number): number {
    const words = spell(`"${name}":`);
    const key = keysUsed;
    const use = members.get(name) ?? (METRIC_NAME.test(name) ? metricUse : other);
    keys.set([0, 0, use.text, use.number, metric, name.length + 3, ...words], key);
    keysUsed += WORDS + words.length;
    return key;
  }

  /** Where true, false or null at `at` ends; 0 when there is none. */
  function literalEnd(at: number): number {
    const word = wordAt(at);
    if (word === TRUE || word === NULL) return at + 4;
    return bytes[at] === LETTER_F && wordAt(at + 1) === FALSE ? at + 5 : 0;
  }

  /** Whether the numbers and texts that were found make a reading in time. */
  function completes(): boolean {
    const time = digits[NUMBER.timestamp]!;
    const receivedAt = digits[NUMBER.receivedAt]!;
    const timestamp = time < SECONDS_BELOW ? time * 1000 : time;
    line.timestamp = timestamp;
    return (
      line.shape !== 0 &&
      isWhole(NUMBER.timestamp) &&
      isWhole(NUMBER.receivedAt) &&
      timestamp >= receivedAt - maxLateness &&
      timestamp <= receivedAt + maxSkew &&
      fits(TEXT.deviceId, MAX_NAME_LENGTH) &&
      fits(TEXT.site, MAX_NAME_LENGTH) &&
      (ends[TEXT.traceId] === 0 || fits(TEXT.traceId, MAX_NAME_LENGTH)) &&
      (ends[TEXT.id] === 0 || fits(TEXT.id, MAX_ID_LENGTH))
    );
  }

  function isWhole(slot: number): boolean {
    return places[slot] === 0 && digits[slot]! > 0 && digits[slot]! < MILLISECONDS_BELOW;
  }

  function fits(slot: number, longest: number): boolean {
    const length = ends[slot]! - starts[slot]!;
    return ends[slot] !== 0 && length >= 1 && length <= longest;
  }

  return {
    line,
    shapes,
    metricNames: names.list,
    read(start) {
      if (bytes[start] !== OPEN) return 0;
      serial += 1;
      ends[TEXT.deviceId] = ends[TEXT.site] = ends[TEXT.traceId] = ends[TEXT.id] = 0;
      digits[NUMBER.timestamp] = digits[NUMBER.receivedAt] = 0;
      let shape = 0;
      let metrics = 0;
      let skipped = 0;
      let key = 0;
      let at = start;
      do {
        at += 1;
        const guess = keys[key + GUESS]!;
        key =
          guess !== 0 && isSpelled(at, keys[guess + LENGTH]!, keys, guess + WORDS) ? guess : keyAt(at, key);
        if (key === 0 || keys[key + LINE] === serial) return 0;
        keys[key + LINE] = serial;
        at += keys[key + LENGTH]!;
        const byte = bytes[at]!;
        if (byte === QUOTE) {
          const slot = keys[key + TEXT_SLOT]!;
          if (slot === NONE) return 0;
          starts[slot] = at + 1;
          at = plainEnd(at + 1);
          ends[slot] = at;
          if (bytes[at] !== QUOTE) return 0;
          at += 1;
          if (slot === TEXT.skipped) skipped += 1;
        } else if (byte <= NINE) {
          let slot = keys[key + NUMBER_SLOT]!;
          if (slot === NONE || metrics === MAX_METRICS) return 0;
          if (slot === NUMBER.metric) {
            slot = metrics++;
            shape = shapes.next(shape, keys[key + METRIC]!);
            if (shape < 0) return 0;
          }
          at = readNumber(at, line, slot);
          if (at === 0) return 0;
        } else {
          if (keys[key + TEXT_SLOT] !== TEXT.skipped) return 0;
          at = literalEnd(at);
          if (at === 0) return 0;
          skipped += 1;
        }
      } while (bytes[at] === COMMA);
      line.shape = shape;
      line.skipped = skipped;
      return bytes[at] === CLOSE && bytes[at + 1] === NEWLINE && completes() ? at + 2 : 0;
    },
  };
}
