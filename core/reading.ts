// Whatever a device sends as a reading becomes one that can be trusted, or a rejection that says why.

import { decimalOf, decimalText, type Decimal } from './decimal.ts';
import { fingerprint } from './fingerprint.ts';
import { parseTimestamp, type TimestampFault } from './timestamp.ts';

export interface Metric {
  readonly name: string;
  readonly value: Decimal;
}

export interface Reading {
  readonly deviceId: string;
  readonly site: string;
  /** Event time, epoch milliseconds. */
  readonly timestamp: number;
  /** 16 hexadecimal digits; equal for a reading and its resend. */
  readonly fingerprint: string;
  readonly metrics: readonly Metric[];
}

export type RejectionReason =
  | TimestampFault
  | 'not-json-object'
  | 'bad-context'
  | 'readings-not-array'
  | 'no-readings'
  | 'too-many-readings'
  | 'reading-not-object'
  | 'bad-id'
  | 'too-late'
  | 'too-far-ahead'
  | 'bad-metric-name'
  | 'metric-out-of-range'
  | 'too-many-metrics'
  | 'no-metrics';

export interface Rejection {
  /** Position in a packed message; absent when the whole message is rejected. */
  readonly index?: number;
  readonly reason: RejectionReason;
  /** One sentence that names the field. */
  readonly detail: string;
  /** What the device sent, to look at or to replay. */
  readonly original: unknown;
}

/** What the rule adds to a payload from the topic and the connection. */
export interface MessageContext {
  readonly deviceId: string;
  readonly site: string;
  /** When the rules engine took the message, epoch milliseconds. */
  readonly receivedAt: number;
  readonly clientId?: string;
  readonly traceId: string;
}

export interface TimeLimits {
  readonly maxLatenessSeconds: number;
  readonly maxSkewSeconds: number;
}

export type Json = Readonly<Record<string, unknown>>;
export type Fault = { readonly fault: RejectionReason; readonly detail: string };

export const MAX_ID_LENGTH = 64;
export const MAX_METRICS = 32;
export const METRIC_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
/** What the rule adds beside a payload's own members. */
export const CONTEXT_NAMES = ['deviceId', 'site', 'receivedAt', 'clientId', 'traceId'] as const;
const RESERVED = new Set<string>([...CONTEXT_NAMES, 'id', 'timestamp', 'readings', 'rawPayload']);

/**
 * Parses one reading. Its unit is whole: one value that cannot be stored rejects the reading, so that a replay after a
 * repair finds nothing of it counted. `index` is its place in the message. `null` for id or timestamp counts as absent.
 */
export function parseReading(
  value: unknown,
  index: number,
  context: MessageContext,
  limits: TimeLimits,
): { reading: Reading; skipped: number } | Fault {
  if (!isObject(value)) return { fault: 'reading-not-object', detail: `readings[${index}] is not an object` };
  const id = value['id'] ?? undefined;
  if (id !== undefined && !isId(id))
    return { fault: 'bad-id', detail: 'id must be text of 1 to 64 characters' };
  const time = timeOf(value['timestamp'] ?? undefined, context.receivedAt, limits);
  if ('fault' in time) return time;
  const found = metricsOf(value);
  if ('fault' in found) return found;
  const { deviceId, site } = context;
  const identity = identityText(id, time, found.metrics, `${context.traceId}:${index}`);
  const { metrics, skipped } = found;
  return {
    reading: { deviceId, site, timestamp: time.ms, fingerprint: fingerprint(identity), metrics },
    skipped,
  };
}

function timeOf(
  value: unknown,
  receivedAt: number,
  limits: TimeLimits,
): { ms: number; own: boolean } | Fault {
  if (value === undefined) return { ms: receivedAt, own: false };
  const time = parseTimestamp(value);
  if ('fault' in time) return time;
  if (time.ms < receivedAt - limits.maxLatenessSeconds * 1000) {
    return {
      fault: 'too-late',
      detail: `timestamp is over ${limits.maxLatenessSeconds} s before its arrival`,
    };
  }
  if (time.ms > receivedAt + limits.maxSkewSeconds * 1000) {
    return {
      fault: 'too-far-ahead',
      detail: `timestamp is over ${limits.maxSkewSeconds} s after its arrival`,
    };
  }
  return { ms: time.ms, own: true };
}

function metricsOf(reading: Json): { metrics: Metric[]; skipped: number } | Fault {
  const metrics: Metric[] = [];
  let skipped = 0;
  for (const name of Object.keys(reading)) {
    if (RESERVED.has(name)) continue;
    const number = reading[name];
    if (typeof number !== 'number') {
      skipped++;
      continue;
    }
    if (!METRIC_NAME.test(name)) {
      return {
        fault: 'bad-metric-name',
        detail: `metric name ${JSON.stringify(name.slice(0, 80))} is not allowed`,
      };
    }
    const value = decimalOf(number);
    if (value === undefined) {
      return { fault: 'metric-out-of-range', detail: `${name} is over 1e15 or has more than 15 decimals` };
    }
    if (metrics.length === MAX_METRICS) {
      return { fault: 'too-many-metrics', detail: `reading has more than ${MAX_METRICS} metrics` };
    }
    metrics.push({ name, value });
  }
  if (metrics.length === 0) return { fault: 'no-metrics', detail: 'reading has no number to record' };
  return { metrics, skipped };
}

/**
 * What makes a reading the same one: its id alone, so that a resend without a timestamp is recognised too; else its own
 * time and values, so that two readings alike in all of these are one; else its place in the message that brought it.
 */
export function identityText(
  id: string | undefined,
  time: { ms: number; own: boolean },
  metrics: readonly Metric[],
  place: string,
): string {
  if (id !== undefined) return `id:${id}`;
  return time.own ? `at:${time.ms},${metricsText(metrics)}` : `in:${place}`;
}

/** One text for equal metrics in any order. */
export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, value }) => `${name}=${decimalText(value)}`)
    .sort()
    .join();
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length >= 1 && value.length <= MAX_ID_LENGTH && value.isWellFormed()
  );
}
