// Reads the usual line of an archive from its bytes, many times faster than JSON.parse, and leaves every other line to the careful way.

import { createNames, isSpelled, spell, type Spelling } from './fast-names.ts';
import { plainEnd, readNumber, type Input, type Numbers } from './fast-scan.ts';
import { MAX_NAME_LENGTH } from './message.ts';
import { MAX_ID_LENGTH, MAX_METRICS, METRIC_NAME, type TimeLimits } from './reading.ts';

/** What the last line that was read holds: places in the input, and numbers. */
export interface FastLine extends Numbers {
  /** Where the texts are, by `TEXT`: from `starts` to `ends`, which is 0 when the line lacks it. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Event time, epoch milliseconds. */
  timestamp: number;
  /** Values that are no numbers. */
  skipped: number;
  /** How many of `names`, `digits` and `places` are those of this line. */
  metrics: number;
  /** By the numbers that `metricNames` gives them. */
  readonly names: Int32Array;
}

export interface FastLineReader {
  readonly line: FastLine;
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

/** What is known of a member's name. */
interface Key {
  /** With its quotes and the colon. */
  readonly spelling: Spelling;
  /** Where its value goes if it is a text, or a number. */
  readonly text: number;
  readonly number: number;
  /** In `metricNames`. */
  readonly metric: number;
  /** What came after it last time: a device's lines are alike, and so are most devices. */
  next?: Key;
  /** The last line that had it. */
  line: number;
}

const careful = { text: NONE, number: NONE };
const members: ReadonlyMap<string, Pick<Key, 'text' | 'number'>> = new Map([
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
const metric = { text: TEXT.skipped, number: NUMBER.metric };
const other = { text: TEXT.skipped, number: NONE };

const MAX_KEYS = 1000;
const MAX_KEY_LENGTH = 64;
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
const [TRUE, NULL, FALSE] = ['true', 'null', 'alse'].map((text) => spell(text).words[0]!);

/**
 * Reads lines of one reading with a timestamp of its own, in ASCII without escapes and spaces, whose members each come once;
 * each line that it accepts means to `parseMessage` exactly what it means here. Its memory is bounded whatever the lines.
 */
export function createFastLineReader(input: Input, limits: TimeLimits): FastLineReader {
  const { bytes, view } = input;
  const maxLateness = limits.maxLatenessSeconds * 1000;
  const maxSkew = limits.maxSkewSeconds * 1000;
  const starts = new Int32Array(6);
  const ends = new Int32Array(6);
  const names = new Int32Array(MAX_METRICS);
  const digits = new Float64Array(MAX_METRICS + 2);
  const places = new Int32Array(MAX_METRICS + 2);
  const line: FastLine = { starts, ends, timestamp: 0, skipped: 0, metrics: 0, names, digits, places };
  let serial = 0;
  const metricNames: string[] = [];
  let keyCount = 0;
  const keys = createNames((name): Key | undefined => {
    if (keyCount === MAX_KEYS) return undefined;
    keyCount += 1;
    const use = members.get(name) ?? (METRIC_NAME.test(name) ? metric : other);
    const number = use === metric ? metricNames.push(name) - 1 : NONE;
    return { spelling: spell(`"${name}":`), ...use, metric: number, line: 0 };
  });
  const first: Key = { spelling: spell(''), ...careful, metric: NONE, line: 0 };

  /** The key at `at`, which is not the one that came last time. */
  function keyAt(at: number, before: Key): Key | undefined {
    if (bytes[at] !== QUOTE) return undefined;
    const end = plainEnd(view, at + 1);
    const length = end - at - 1;
    if (length < 1 || length > MAX_KEY_LENGTH || bytes[end] !== QUOTE || bytes[end + 1] !== COLON) {
      return undefined;
    }
    const key = keys.at(input, at + 1, length);
    before.next = key;
    return key;
  }

  /** Where true, false or null at `at` ends; 0 when there is none. */
  function literalEnd(at: number): number {
    const word = view.getInt32(at, true);
    if (word === TRUE || word === NULL) return at + 4;
    return bytes[at] === LETTER_F && view.getInt32(at + 1, true) === FALSE ? at + 5 : 0;
  }

  /** Whether the numbers and texts that were found make a reading in time. */
  function completes(): boolean {
    const time = digits[NUMBER.timestamp]!;
    const receivedAt = digits[NUMBER.receivedAt]!;
    const timestamp = time < SECONDS_BELOW ? time * 1000 : time;
    line.timestamp = timestamp;
    return (
      line.metrics > 0 &&
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
    metricNames,
    read(start) {
      if (bytes[start] !== OPEN) return 0;
      serial += 1;
      ends[TEXT.deviceId] = ends[TEXT.site] = ends[TEXT.traceId] = ends[TEXT.id] = 0;
      digits[NUMBER.timestamp] = digits[NUMBER.receivedAt] = 0;
      let metrics = 0;
      let skipped = 0;
      let before = first;
      let at = start;
      do {
        at += 1;
        const guess = before.next;
        const key = guess && isSpelled(view, at, guess.spelling) ? guess : keyAt(at, before);
        if (!key || key.line === serial) return 0;
        key.line = serial;
        before = key;
        at += key.spelling.length;
        const byte = bytes[at]!;
        if (byte === QUOTE) {
          if (key.text === NONE) return 0;
          starts[key.text] = at + 1;
          at = plainEnd(view, at + 1);
          ends[key.text] = at;
          if (bytes[at] !== QUOTE) return 0;
          at += 1;
          if (key.text === TEXT.skipped) skipped += 1;
        } else if (byte <= NINE) {
          if (key.number === NONE || metrics === MAX_METRICS) return 0;
          const isMetric = key.number === NUMBER.metric;
          if (isMetric) names[metrics] = key.metric;
          at = readNumber(input, at, line, isMetric ? metrics++ : key.number);
          if (at === 0) return 0;
        } else {
          if (key.text !== TEXT.skipped) return 0;
          at = literalEnd(at);
          if (at === 0) return 0;
          skipped += 1;
        }
      } while (bytes[at] === COMMA);
      line.metrics = metrics;
      line.skipped = skipped;
      return bytes[at] === CLOSE && bytes[at + 1] === NEWLINE && completes() ? at + 2 : 0;
    },
  };
}
