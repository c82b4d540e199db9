// Turns what a device sends as a reading into one that can be trusted, or into a rejection that says why.

import { scaled } from './celsius.ts';
import { decimalText, type Decimal } from './decimal.ts';
import { fingerprint } from './fingerprint.ts';
import { pathText, type Draft, type TimeLeaf } from './formats/draft.ts';
import { measurementOf, type SkipReason } from './measurement.ts';
import { freeName, metricNameOf } from './metric-name.ts';
import { parseTimestamp, type TimestampFault } from './timestamp.ts';
import { unitOf } from './unit.ts';

export interface Metric {
  readonly name: string;
  readonly value: Decimal;
  /** As people read it, such as `°C`; absent if unknown. */
  readonly unit?: string;
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

/** A value that is not in the reading, by its path in the payload, such as `rxInfo/0/rssi`. */
export interface Skipped {
  readonly name: string;
  readonly reason: SkipReason;
}

export type RejectionReason =
  | TimestampFault
  | 'not-json-object'
  | 'bad-context'
  | 'readings-not-array'
  | 'no-readings'
  | 'too-many-readings'
  | 'reading-not-object'
  | 'too-late'
  | 'too-far-ahead'
  | 'no-metrics'
  | 'mapping-failed'
  | 'window-full';

export interface Rejection {
  /** Position in a packed message; absent if the whole message is rejected. */
  readonly index?: number;
  readonly reason: RejectionReason;
  /** One sentence that names the field. */
  readonly detail: string;
  /** What the device sent, for inspection or replay. */
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

export type Fault = { readonly fault: RejectionReason; readonly detail: string };

/** The maximum that one DynamoDB update can carry, because its expression is limited to 4 KB. */
export const MAX_METRICS = 32;
export const MAX_NAME_LENGTH = 128;

/** A reading, and the parts of its draft that it does not contain. */
export interface ParsedReading {
  readonly reading: Reading;
  /** As the device sent it. */
  readonly id: string | undefined;
  readonly skipped: readonly Skipped[];
  /** Number of values whose decimals beyond the fifteenth were rounded away. */
  readonly rounded: number;
}

/**
 * Makes a reading from a draft. A value that cannot be used is skipped and named; a reading without a usable value is
 * refused, and so is one whose `timestamp` cannot be trusted. `place` distinguishes it from all others of the device.
 */
export function parseReading(
  draft: Draft,
  place: string,
  context: MessageContext,
  limits: TimeLimits,
): ParsedReading | Fault {
  const time = timeOf(draft.times, context.receivedAt, limits);
  if ('fault' in time) return time;
  const { metrics, skipped, rounded } = metricsOf(draft);
  if (metrics.length === 0) return noMetrics([...skipped, ...time.skipped], draft.remedy);
  const { site } = context;
  const isDevice = draft.child === undefined || draft.child === context.deviceId;
  const deviceId = isDevice ? context.deviceId : childId(context.deviceId, draft.child);
  const { value } = draft.id ?? {};
  const id = typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  const identity = identityText(id, time, metrics, place);
  return {
    reading: { deviceId, site, timestamp: time.ms, fingerprint: fingerprint(identity), metrics },
    id,
    skipped: [...skipped, ...time.skipped],
    rounded,
  };
}

/**
 * `<gateway>:<child>`, so that a gateway can only name devices of its own. Characters unsuitable for a topic or a URL are
 * replaced by `_`; a name that is too long ends in a fingerprint, and a name without usable characters becomes one.
 */
export function childId(gateway: string, child: string): string {
  const plain = child.replaceAll(/[^\p{L}\p{N}_.:-]+/gu, '_').replaceAll(/^[_:]+|[_:]+$/g, '');
  const name = `${gateway}:${plain || `~${fingerprint(child)}`}`;
  if (name.length <= MAX_NAME_LENGTH) return name;
  const end = `~${fingerprint(`${gateway}:${child}`)}`;
  return name.slice(0, MAX_NAME_LENGTH - end.length).toWellFormed() + end;
}

type FoundTime = { readonly ms: number; readonly own: boolean; readonly skipped: readonly Skipped[] };

function timeOf(times: readonly TimeLeaf[], receivedAt: number, limits: TimeLimits): FoundTime | Fault {
  const skipped: Skipped[] = [];
  let found: number | undefined;
  let taken: TimeLeaf | undefined;
  for (const time of times) {
    const name = pathText(time.path);
    if (time.isUnused) {
      skipped.push({ name, reason: 'unused-time' });
      continue;
    }
    if (time.value === null || time.value === undefined || time.value === '') {
      skipped.push({ name, reason: 'no-value' });
      continue;
    }
    const parsed = found === undefined ? usableTime(time, receivedAt, limits) : undefined;
    if (typeof parsed === 'number') {
      found = parsed;
      taken = time;
    } else if (parsed && time.isStrict) return parsed;
    else if (time.value !== taken?.value) skipped.push({ name, reason: 'unused-time' });
  }
  return { ms: found ?? receivedAt, own: taken !== undefined && !taken.isRelative, skipped };
}

/** Epoch milliseconds, within the limits around the message's arrival. */
function usableTime(
  { value, isUtc, isRelative }: TimeLeaf,
  receivedAt: number,
  limits: TimeLimits,
): number | Fault {
  const time = isRelative ? { ms: receivedAt + Math.round(Number(value) * 1000) } : parseTimestamp(value);
  if ('fault' in time) return time;
  if ('isZoneless' in time && !isUtc) {
    return { fault: 'timestamp-format', detail: 'the time names neither UTC nor an offset' };
  }
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
  return time.ms;
}

function metricsOf({ values, units = {}, inCelsius }: Draft) {
  const metrics = new Map<string, Omit<Metric, 'name'>>();
  const skipped: Skipped[] = [];
  let rounded = 0;
  for (const { path, name: parts, value, unit } of values) {
    const plain = metricNameOf(parts);
    const found = measurementOf(value, plain);
    if ('skip' in found) {
      skipped.push({ name: pathText(path), reason: found.skip });
    } else if (metrics.size === MAX_METRICS) {
      skipped.push({ name: pathText(path), reason: 'too-many' });
    } else {
      const given = Object.hasOwn(units, plain) ? units[plain] : (found.unit ?? unit);
      const metric = scaled({ name: plain, value: found.value, unit: unitOf(given) }, inCelsius);
      metrics.set(
        freeName(metric.name, (taken) => metrics.has(taken)),
        { value: metric.value, ...(metric.unit !== undefined && { unit: metric.unit }) },
      );
      if (found.isRounded || metric.isRounded) rounded += 1;
    }
  }
  return { metrics: [...metrics].map(([name, measured]) => ({ name, ...measured })), skipped, rounded };
}

const SHOWN_SKIPS = 5;

function noMetrics(skipped: readonly Skipped[], remedy: string | undefined): Fault {
  if (remedy !== undefined) return { fault: 'no-metrics', detail: remedy };
  const shown = skipped
    .slice(0, SHOWN_SKIPS)
    .map(({ name, reason }) => `${name.slice(0, 80) || 'the payload'} (${reason})`);
  const more = skipped.length > SHOWN_SKIPS ? ` and ${skipped.length - SHOWN_SKIPS} more` : '';
  const left = shown.length > 0 ? `; skipped: ${shown.join(', ')}${more}` : '';
  return { fault: 'no-metrics', detail: `reading has no number to record${left}` };
}

/** A MAC address or an EUI-64, which gateways put into `id`: it identifies the sensor, not the message. */
const ADDRESS = /^(?:[0-9a-f]{2}[:-]?){5}(?:[0-9a-f]{2}|(?:[0-9a-f]{2}[:-]?){2}[0-9a-f]{2})$/i;

/**
 * What identifies a reading: its id, its own time and its values together, so that neither a reused id nor two readings
 * of the same moment make one of them disappear. Without a message id and a time, it is the reading's place in its message.
 */
export function identityText(
  id: string | undefined,
  time: { readonly ms: number; readonly own: boolean },
  metrics: readonly Metric[],
  place: string,
): string {
  if (!time.own && (id === undefined || ADDRESS.test(id))) return `in:${place}`;
  const at = time.own ? `at:${time.ms},` : '';
  // A comma ends the id, so a comma in it is doubled: no id can be mistaken for a time or a value.
  return `${id === undefined ? '' : `id:${id.replaceAll(',', ',,')},`}${at}${metricsText(metrics)}`;
}

/** The same text for equal metrics in any order. */
export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, value }) => `${name}=${decimalText(value)}`)
    .sort()
    .join();
}
