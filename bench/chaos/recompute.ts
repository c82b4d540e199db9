// The oracle: recomputes windows and rejections from the raw archive by the documented rules, without the product's code.

import { Decimal } from 'decimal.js';

const Exact = Decimal.clone({
  precision: 80,
  rounding: Decimal.ROUND_HALF_EVEN,
  toExpPos: 60,
  toExpNeg: -60,
});
type Exact = Decimal;

/** docs/devices.md: magnitudes beyond this are skipped, decimals are rounded half to even at the fifteenth. */
const MAX_MAGNITUDE = 1e15;
const DECIMALS = 15;
const WINDOW_MS = 10_000;
const MAX_LATENESS_MS = 7 * 86_400_000;
const MAX_SKEW_MS = 60_000;
const MAX_READINGS = 1000;
/** Characters of a metric's name. */
const MOST_NAME = 64;
/** A reading that arrives this long after its window's end does not raise an alert. */
const LATE_AFTER_MS = 600_000;
export const LIMIT = 8;

export interface ExpectedWindow {
  readonly deviceId: string;
  readonly windowStart: number;
  readings: number;
  firstReadingAt: number;
  lastReadingAt: number;
  readonly metrics: Map<string, { min: Exact; max: Exact; sum: Exact; count: number }>;
  /** Whether a reading that was not late is above the default rule's limit. */
  isHot: boolean;
  /** When the first such reading arrived, in epoch milliseconds. */
  hotAt: number | undefined;
}

export interface Recomputed {
  /** By device and start. */
  readonly windows: ReadonlyMap<string, ExpectedWindow>;
  /** Rejection reasons by trace ID, each with its index in the pack, sorted. */
  readonly rejected: ReadonlyMap<string, readonly string[]>;
  /** The keys of the archived messages. */
  readonly keys: ReadonlySet<string>;
  readonly lines: number;
  /** Lines of messages that have another line. */
  readonly repeatedLines: number;
  readonly readings: number;
  readonly repeatedReadings: number;
}

interface Context {
  readonly deviceId: string;
  readonly receivedAt: number;
  readonly traceId: string;
}

interface Found {
  readonly deviceId: string;
  readonly at: number;
  readonly identity: string;
  readonly metrics: ReadonlyMap<string, Exact>;
}

type Outcome = Found | { readonly reason: string };

/** Recomputes everything from the raw archive's lines, in any order. */
export function recompute(lines: readonly string[]): Recomputed {
  const windows = new Map<string, ExpectedWindow>();
  const rejected = new Map<string, readonly string[]>();
  const keys = new Set<string>();
  const traces = new Set<string>();
  const seen = new Set<string>();
  let [readings, repeatedReadings] = [0, 0];
  for (const line of lines) {
    const { context, key, outcomes } = readLine(line);
    if (key !== undefined) keys.add(key);
    const isFirst = !traces.has(context.traceId);
    traces.add(context.traceId);
    const reasons: string[] = [];
    for (const [place, outcome] of outcomes) {
      if ('reason' in outcome) {
        reasons.push(`${place ?? '-'} ${outcome.reason}`);
        continue;
      }
      const window = windowOf(windows, outcome);
      markHot(window, outcome, context.receivedAt);
      const print = `${outcome.deviceId}\n${window.windowStart}\n${outcome.identity}`;
      if (seen.has(print)) {
        if (isFirst) repeatedReadings += 1;
        continue;
      }
      seen.add(print);
      readings += 1;
      count(window, outcome);
    }
    if (reasons.length > 0) rejected.set(context.traceId, reasons.sort());
  }
  const { size } = traces;
  const repeatedLines = lines.length - size;
  return { windows, rejected, keys, lines: lines.length, repeatedLines, readings, repeatedReadings };
}

function readLine(line: string): {
  readonly context: Context;
  readonly key: string | undefined;
  readonly outcomes: readonly (readonly [place: number | undefined, Outcome])[];
} {
  const { deviceId, site, receivedAt, clientId, traceId, topicLevel4, exactPayload, ...payload } = parse(
    line,
  ) as Record<string, unknown>;
  void [site, clientId, exactPayload];
  const context = { deviceId, receivedAt, traceId } as Context;
  const level = topicLevel4 as string | undefined;
  if (typeof payload['rawPayload'] === 'string') {
    const text = Buffer.from(payload['rawPayload'], 'base64').toString();
    return { context, ...ofText(text, context, level) };
  }
  const speaker = level === undefined ? context.deviceId : `${context.deviceId}:${level}`;
  const key = typeof payload['note'] === 'string' ? payload['note'] : undefined;
  return { context, key, outcomes: ofObject(payload, context, speaker) };
}

/** A nonzero number that a double rounds to zero is not a value. */
function parse(text: string): unknown {
  const reviver = (_name: string, value: unknown, { source = '' }: { readonly source?: string }) =>
    value === 0 && /[1-9]/.test(source.split(/e/i)[0]!) ? null : value;
  return JSON.parse(text, reviver as (name: string, value: unknown) => unknown);
}

const refusal = (reason: string) => [[undefined, { reason }]] as const;

/** An object that AWS IoT does not read as one, such as one of thousands of levels, or undefined. */
function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined; // it only begins as an object
  }
}

/** Messages that are not JSON objects: an array of readings, a bare number whose metric is in the topic, or nothing. */
function ofText(text: string, context: Context, level: string | undefined) {
  const key = /m:[\w-]+:\d+/.exec(text)?.[0];
  if (text.startsWith('[')) {
    return { key, outcomes: ofReadings(parse(text) as unknown[], context, context.deviceId) };
  }
  const object = text.startsWith('{') ? objectIn(text) : undefined;
  if (object) return { key, outcomes: ofObject(object, context, context.deviceId) };
  if (level === undefined || !/^\d+\.\d+$/.test(text)) return { key, outcomes: refusal('not-json-object') };
  const metrics = new Map([[level, new Exact(text)]]);
  const found = {
    deviceId: context.deviceId,
    at: context.receivedAt,
    identity: `${context.traceId}:0`,
    metrics,
  };
  return { key: `bare:${context.deviceId}:${level}:${text}`, outcomes: [[undefined, found]] as const };
}

function ofObject(payload: Record<string, unknown>, context: Context, speaker: string) {
  const { readings } = payload;
  if (readings === undefined) return [[undefined, ofReading(payload, 0, context, speaker)]] as const;
  if (!Array.isArray(readings)) return refusal('readings-not-array');
  if (readings.length === 0) return refusal('no-readings');
  if (readings.length > MAX_READINGS) return refusal('too-many-readings');
  return ofReadings(readings, context, speaker);
}

function ofReadings(readings: readonly unknown[], context: Context, speaker: string) {
  return readings.map((part, place) => {
    const isObject = typeof part === 'object' && part !== null && !Array.isArray(part);
    const outcome: Outcome = isObject
      ? ofReading(part as Record<string, unknown>, place, context, speaker)
      : { reason: 'reading-not-object' };
    return [place, outcome] as const;
  });
}

function ofReading(
  { id, timestamp, ...members }: Record<string, unknown>,
  place: number,
  context: Context,
  deviceId: string,
): Outcome {
  const time = timestamp === undefined ? undefined : timeOf(timestamp, context.receivedAt);
  if (typeof time === 'string') return { reason: time };
  const metrics = new Map<string, Exact>();
  for (const [name, value] of Object.entries(members)) {
    const number = numberOf(name, value);
    if (number) metrics.set(name.slice(0, MOST_NAME), number);
  }
  if (metrics.size === 0) return { reason: 'no-metrics' };
  const values = [...metrics].map(([name, value]) => `${name}=${value.toFixed()}`).sort();
  const isKnown = id !== undefined || time !== undefined;
  const identity = isKnown
    ? JSON.stringify([id === undefined ? null : `${id as string | number}`, time ?? null, values])
    : `${context.traceId}:${place}`;
  return { deviceId, at: time ?? context.receivedAt, identity, metrics };
}

/** Epoch milliseconds, or the reason for a rejection. */
function timeOf(value: unknown, receivedAt: number): number | string {
  const ms = millisecondsOf(value);
  if (typeof ms === 'string') return ms;
  if (ms < receivedAt - MAX_LATENESS_MS) return 'too-late';
  return ms > receivedAt + MAX_SKEW_MS ? 'too-far-ahead' : ms;
}

function millisecondsOf(value: unknown): number | string {
  if (typeof value !== 'number' && typeof value !== 'string') return 'timestamp-type';
  const isIso = typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*Z$/.test(value);
  if (isIso) return Date.parse(value);
  if (typeof value === 'string' && !/^\d+$/.test(value)) return 'timestamp-format';
  const number = Number(value);
  if (number <= 0) return 'timestamp-not-positive';
  if (number < 1e11) return new Exact(String(number)).times(1000).floor().toNumber();
  return number < 1e14 ? number : 'timestamp-out-of-range';
}

function numberOf(name: string, value: unknown): Exact | undefined {
  if (typeof value === 'boolean') return new Exact(value ? 1 : 0);
  const isText = typeof value === 'string' && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value);
  if (typeof value !== 'number' && !isText) return undefined;
  if (Math.abs(Number(value)) > MAX_MAGNITUDE) return undefined;
  // A disconnected thermometer sends this number.
  if (name === 'temperature' && Number(value) === -127) return undefined;
  const exact = new Exact(String(value)).toDecimalPlaces(DECIMALS);
  return exact.isZero() ? new Exact(0) : exact;
}

export const windowKey = (deviceId: string, windowStart: number) => `${deviceId} ${windowStart}`;

function windowOf(windows: Map<string, ExpectedWindow>, { deviceId, at }: Found): ExpectedWindow {
  const windowStart = at - (at % WINDOW_MS);
  const key = windowKey(deviceId, windowStart);
  const known = windows.get(key);
  if (known) return known;
  const fresh = { deviceId, windowStart, readings: 0, firstReadingAt: at, lastReadingAt: at };
  const window = { ...fresh, metrics: new Map<string, never>(), isHot: false, hotAt: undefined };
  windows.set(key, window);
  return window;
}

function markHot(window: ExpectedWindow, { metrics }: Found, receivedAt: number): void {
  const isInTime = receivedAt <= window.windowStart + WINDOW_MS + LATE_AFTER_MS;
  if (!isInTime || !metrics.get('temperature')?.greaterThan(LIMIT)) return;
  window.isHot = true;
  window.hotAt = Math.min(receivedAt, window.hotAt ?? Infinity);
}

function count(window: ExpectedWindow, { at, metrics }: Found): void {
  window.readings += 1;
  window.firstReadingAt = Math.min(window.firstReadingAt, at);
  window.lastReadingAt = Math.max(window.lastReadingAt, at);
  for (const [name, value] of metrics) {
    const sofar = window.metrics.get(name);
    if (!sofar) {
      window.metrics.set(name, { min: value, max: value, sum: value, count: 1 });
      continue;
    }
    sofar.count += 1;
    sofar.sum = sofar.sum.plus(value);
    if (value.lessThan(sofar.min)) sofar.min = value;
    if (value.greaterThan(sofar.max)) sofar.max = value;
  }
}
