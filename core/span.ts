// The first and last reading times and the newest values, for windows and for anything that windows add up to.

import type { Decimal } from './decimal.ts';
import type { Reading } from './reading.ts';

export interface Span {
  /** Event time of the oldest reading, epoch milliseconds; infinity if no reading is known. */
  readonly firstReadingAt: number;
  /** Event time of the newest reading, epoch milliseconds; minus infinity if no reading is known. */
  readonly lastReadingAt: number;
  /** Of two readings of the same time, the newest is the one with the greater fingerprint. */
  readonly lastFingerprint: string;
  /** The newest reading's values by metric; metrics that only older readings have are not included. */
  readonly last: ReadonlyMap<string, Decimal>;
}

export type MutableSpan = { -readonly [Name in keyof Span]: Span[Name] };

/** The identity of `joinSpans`; also the span of windows that were stored before spans existed. */
export const NO_SPAN: Span = {
  firstReadingAt: Infinity,
  lastReadingAt: -Infinity,
  lastFingerprint: '',
  last: new Map(),
};

type End = Pick<Span, 'lastReadingAt' | 'lastFingerprint'>;

/** Whether the newest reading of `a` is later than that of `b`; false for the same reading. */
export function endsLater(a: End, b: End): boolean {
  if (a.lastReadingAt !== b.lastReadingAt) return a.lastReadingAt > b.lastReadingAt;
  return a.lastFingerprint > b.lastFingerprint;
}

/** The span of both. Associative, commutative and idempotent if a time and a fingerprint identify one reading. */
export function joinSpans(a: Span, b: Span): Span {
  const { lastReadingAt, lastFingerprint, last } = endsLater(b, a) ? b : a;
  const firstReadingAt = Math.min(a.firstReadingAt, b.firstReadingAt);
  return { firstReadingAt, lastReadingAt, lastFingerprint, last };
}

/** Extends `span` to include the reading. */
export function extendSpan(span: MutableSpan, { timestamp, fingerprint, metrics }: Reading): void {
  if (timestamp < span.firstReadingAt) span.firstReadingAt = timestamp;
  if (!endsLater({ lastReadingAt: timestamp, lastFingerprint: fingerprint }, span)) return;
  span.lastReadingAt = timestamp;
  span.lastFingerprint = fingerprint;
  span.last = new Map(metrics.map(({ name, value }) => [name, value]));
}
