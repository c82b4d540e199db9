// From when to when readings were taken and what the newest of them said, for windows and whatever windows add up to.

import type { Decimal } from './decimal.ts';
import type { Reading } from './reading.ts';

export interface Span {
  /** Event time of the oldest reading, epoch milliseconds; infinity when no reading is known. */
  readonly firstReadingAt: number;
  /** Event time of the newest reading, epoch milliseconds; minus infinity when no reading is known. */
  readonly lastReadingAt: number;
  /** Of two readings of the same time, the newest is the one with the greater fingerprint. */
  readonly lastFingerprint: string;
  /** What the newest reading measured, by metric; metrics that only older readings have are not in it. */
  readonly last: ReadonlyMap<string, Decimal>;
}

export type GrowingSpan = { -readonly [Name in keyof Span]: Span[Name] };

/** The identity of `joinSpans`; also what is known of windows that were stored before they had a span. */
export const noSpan: Span = {
  firstReadingAt: Infinity,
  lastReadingAt: -Infinity,
  lastFingerprint: '',
  last: new Map(),
};

type End = Pick<Span, 'lastReadingAt' | 'lastFingerprint'>;

/** Whether the newest reading of `a` comes after that of `b`; for the same reading it does not. */
export function endsLater(a: End, b: End): boolean {
  if (a.lastReadingAt !== b.lastReadingAt) return a.lastReadingAt > b.lastReadingAt;
  return a.lastFingerprint > b.lastFingerprint;
}

/** The span of both. Associative, commutative and idempotent where a time and a fingerprint stand for one reading. */
export function joinSpans(a: Span, b: Span): Span {
  const { lastReadingAt, lastFingerprint, last } = endsLater(b, a) ? b : a;
  const firstReadingAt = Math.min(a.firstReadingAt, b.firstReadingAt);
  return { firstReadingAt, lastReadingAt, lastFingerprint, last };
}

/** Makes `span` hold the reading too. */
export function extendSpan(span: GrowingSpan, { timestamp, fingerprint, metrics }: Reading): void {
  if (timestamp < span.firstReadingAt) span.firstReadingAt = timestamp;
  if (!endsLater({ lastReadingAt: timestamp, lastFingerprint: fingerprint }, span)) return;
  span.lastReadingAt = timestamp;
  span.lastFingerprint = fingerprint;
  span.last = new Map(metrics.map(({ name, value }) => [name, value]));
}
