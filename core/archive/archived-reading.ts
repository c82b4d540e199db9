// Turns an event of the raw archive into readings of the parsed archive: usual events by a short path, others as ingest does.

import { decimalOf, decimalText, type Decimal } from '../decimal.ts';
import { fingerprint } from '../fingerprint.ts';
import type { Mapped } from '../mapping.ts';
import { SENTINELS } from '../measurement.ts';
import { parseMessage } from '../message.ts';
import { identityText, MAX_METRICS, MAX_NAME_LENGTH, type Reading, type TimeLimits } from '../reading.ts';
import { CONTEXT_NAMES } from '../rule-event.ts';
import { usualUnits } from './usual-lines.ts';

export interface ArchivedValue {
  readonly metric: string;
  /** The nearest double. */
  readonly value: number;
  /** The decimal that was counted, if it is not the shortest text of the double. */
  readonly exact?: string | undefined;
  readonly unit?: string | undefined;
}

export interface ArchivedReading {
  readonly deviceId: string;
  readonly site: string;
  /** Epoch milliseconds, as is `receivedAt`. */
  readonly timestamp: number;
  readonly receivedAt: number;
  /** As the device sent it. */
  readonly messageId: string | undefined;
  /**
   * Equal for a reading and its resend. A positive key includes the reading's own time, so only readings of the same
   * millisecond can be equal; a negative one is of a reading timed by its arrival, and can be equal within a window.
   */
  readonly key: number;
  readonly values: readonly ArchivedValue[];
}

export interface ReadEvent {
  readonly readings: readonly ArchivedReading[];
  readonly rejected: number;
}

/** Reads the event in a line; `mapped` as for `parseMessage`. Never throws. */
export type ReadLine = (event: unknown, mapped?: Mapped) => ReadEvent;

/** One order of the members of usual lines, and how core reads them. */
interface Shape {
  readonly names: readonly string[];
  /** Undefined: such lines go to the careful parser. */
  readonly metrics?: readonly { readonly name: string; readonly unit: string | undefined }[];
  /** Positions of the metrics in the order of an identity. */
  readonly sorted: readonly number[];
}

/** Once there are more different member orders than this, further ones are not remembered. */
const MAX_SHAPES = 10_000;
const METRIC_NAME = /^[A-Za-z]\w{0,63}$/;
const PLAIN_NAME = new RegExp(`^[\\w:.-]{1,${MAX_NAME_LENGTH}}$`);
const OWN = new Set(['deviceId', 'site', 'receivedAt', 'clientId', 'traceId', 'timestamp', 'id']);
const ADDED: ReadonlySet<string> = new Set(CONTEXT_NAMES);
const SENTINEL: ReadonlySet<number> = new Set(SENTINELS);
/** A smaller number is a time in seconds. */
const FIRST_MILLISECOND = 1e11;
const MAX_TIME = 1e14;

export function createLineReader(limits: TimeLimits): ReadLine {
  const shapeOf = createShapes();
  return (event, mapped) => {
    const usual = mapped ? undefined : usualReading(event, shapeOf, limits);
    return usual ? { readings: [usual], rejected: 0 } : readCarefully(event, limits, mapped);
  };
}

function readCarefully(event: unknown, limits: TimeLimits, mapped?: Mapped): ReadEvent {
  const { context, accepted, rejected, idOf } = parseMessage(event, limits, mapped);
  const readings = accepted.map((reading): ArchivedReading => {
    const messageId = idOf(reading);
    const { deviceId, site, timestamp } = reading;
    const values = reading.metrics.map(({ name, value, unit }) => ({
      ...{ metric: name, ...doubleOf(value), unit },
    }));
    const key = keyOf(reading, messageId);
    return { deviceId, site, timestamp, receivedAt: context!.receivedAt, messageId, key, values };
  });
  return { readings, rejected: rejected.length };
}

/** The nearest double, and the decimal itself if it is not the double's shortest text. */
export function doubleOf(decimal: Decimal): Pick<ArchivedValue, 'value' | 'exact'> {
  const text = decimalText(decimal);
  const value = Number(text);
  return { value, exact: decimalOf(value) === decimal ? undefined : text };
}

/** A hash of the content if the fingerprint is one of the content, so that it does not depend on how the line was read. */
function keyOf({ timestamp, metrics, fingerprint: print }: Reading, id: string | undefined): number {
  const content = identityText(id, { ms: timestamp, own: true }, metrics, '');
  return fingerprint(content) === print ? hashOf(content) : -hashOf(print);
}

function usualReading(
  event: unknown,
  shapeOf: (event: Readonly<Record<string, unknown>>) => Shape,
  limits: TimeLimits,
): ArchivedReading | undefined {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return undefined;
  const members = event as Readonly<Record<string, unknown>>;
  const { metrics, sorted } = shapeOf(members);
  if (!metrics) return undefined;
  const { deviceId, site, receivedAt, traceId, timestamp, id } = members;
  if (!isPlain(deviceId) || !isPlain(site)) return undefined;
  if (traceId !== undefined && !isPlain(traceId)) return undefined;
  if (id !== undefined && (typeof id !== 'string' || id === '')) return undefined;
  if (!isTime(receivedAt) || !isTime(timestamp) || !isWithin(timestamp, receivedAt, limits)) return undefined;
  const values: ArchivedValue[] = [];
  for (const { name, unit } of metrics) {
    const value = members[name];
    if (!isPlainNumber(value)) return undefined;
    // Turns negative zero into zero.
    values.push({ metric: name, value: value + 0, exact: undefined, unit });
  }
  // The same text as `identityText` returns.
  let content = `${id === undefined ? '' : `id:${id},`}at:${timestamp},`;
  for (let n = 0; n < sorted.length; n += 1) {
    const { metric, value } = values[sorted[n]!]!;
    content += n === 0 ? `${metric}=${value}` : `,${metric}=${value}`;
  }
  return { deviceId, site, timestamp, receivedAt, messageId: id, key: hashOf(content), values };
}

const isPlain = (value: unknown): value is string => typeof value === 'string' && PLAIN_NAME.test(value);

const isTime = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= FIRST_MILLISECOND && (value as number) < MAX_TIME;

function isWithin(time: number, receivedAt: number, limits: TimeLimits): boolean {
  const { maxLatenessSeconds, maxSkewSeconds } = limits;
  return time >= receivedAt - maxLatenessSeconds * 1000 && time <= receivedAt + maxSkewSeconds * 1000;
}

/** A number that is not a sentinel and whose shortest text is its decimal, without an exponent. */
function isPlainNumber(value: unknown): value is number {
  if (typeof value !== 'number') return false;
  const micros = Math.round(value * 1e6);
  if (!(Math.abs(micros) < 1e15) || micros / 1e6 !== value) return false;
  return !SENTINEL.has(Math.round(value * 100) / 100);
}

function createShapes(): (event: Readonly<Record<string, unknown>>) => Shape {
  const known = new Map<string, Shape>();
  let last: Shape = { names: [], sorted: [] };

  return (event) => {
    const names = Object.keys(event);
    const { length } = names;
    let n = length === last.names.length ? 0 : -1;
    while (n >= 0 && n < length) n = names[n] === last.names[n] ? n + 1 : -1;
    if (n === length) return last;
    const text = names.join('\n');
    const found = known.get(text) ?? shapeFrom(names);
    if (known.size < MAX_SHAPES) known.set(text, found);
    return (last = found);
  };
}

function shapeFrom(names: readonly string[]): Shape {
  const metrics = names.filter((name) => !OWN.has(name));
  const careful: Shape = { names, sorted: [] };
  if (metrics.length === 0 || metrics.length > MAX_METRICS) return careful;
  if (metrics.some((name) => ADDED.has(name) || !METRIC_NAME.test(name))) return careful;
  const units = usualUnits(metrics);
  if (!units) return careful;
  const order = (index: number) => `${metrics[index]}=`;
  const sorted = [...metrics.keys()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return { names, metrics: metrics.map((name, n) => ({ name, unit: units[n] })), sorted };
}

/** 1 to 2 ** 53 - 1, from two multiplicative hashes of 32 bits. */
function hashOf(text: string): number {
  let [a, b] = [0x9e3779b9, 0x85ebca6b];
  for (let n = 0; n < text.length; n += 1) {
    const code = text.charCodeAt(n);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0xcc9e2d51);
    b = (b << 13) | (b >>> 19);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ b;
  b = Math.imul(b ^ (b >>> 15), 0xc2b2ae35) ^ a;
  return ((a >>> 0) % 0x200000) * 0x100000000 + (b >>> 0) || 1;
}
