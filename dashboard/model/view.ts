// The time span of a device's plots, and how keys and buttons move it. The span is stored in the address.

import { LONGEST_SPAN, SHORTEST_SPAN, spanOf, USUAL_RANGE } from './ladder.ts';
import type { Route } from './route.ts';

/** Epoch milliseconds. In a live view, `to` follows the current time. */
export interface View {
  readonly from: number;
  readonly to: number;
  readonly isLive: boolean;
}

/** Parses epoch milliseconds from an address; undefined if invalid. */
export const timeOf = (text: string | undefined): number | undefined => {
  const value = Number(text);
  return text !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
};

/** The value for an input of type `datetime-local`: local time, to the second. */
export function clockText(at: number): string {
  const offset = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - offset).toISOString().slice(0, 19);
}

/** Spans that are reversed, too short or too long are corrected. */
export function viewOf({ query }: Pick<Route, 'query'>, now: number): View {
  const from = timeOf(query['from']);
  const to = timeOf(query['to']);
  if (from === undefined || (to !== undefined && to <= from)) {
    return { from: now - spanOf(query['range']), to: now, isLive: true };
  }
  const end = Math.min(to ?? now, now);
  const span = Math.min(Math.max(end - from, SHORTEST_SPAN), LONGEST_SPAN);
  return to === undefined || to >= now
    ? { from: now - span, to: now, isLive: true }
    : { from: end - span, to: end, isLive: false };
}

export type Move = 'earlier' | 'later' | 'in' | 'out' | 'live' | 'back';

type Query = Readonly<Record<string, string | undefined>>;

/** The query parameters that show this span; undefined removes a parameter. */
export function queryOf(from: number, to: number, now: number): Query {
  const isLive = to >= now - 1000;
  const text = (value: number) => String(Math.round(value));
  return isLive
    ? { from: text(now - Math.max(to - from, SHORTEST_SPAN)), to: undefined, range: undefined }
    : { from: text(from), to: text(to), range: undefined };
}

const clamped = (span: number) => Math.min(Math.max(span, SHORTEST_SPAN), LONGEST_SPAN);

/** Moves by a quarter of the span, or zooms by two around its middle, or around its end if it is live. */
export function moved({ from, to, isLive }: View, move: Move, now: number): Query {
  const span = to - from;
  if (move === 'live') return { from: undefined, to: undefined };
  if (move === 'back') return { from: undefined, to: undefined, range: USUAL_RANGE };
  if (move === 'earlier') return queryOf(from - span / 4, to - span / 4, now);
  if (move === 'later') {
    const end = Math.min(to + span / 4, now);
    return queryOf(end - span, end, now);
  }
  const width = clamped(span * (move === 'in' ? 0.5 : 2));
  const middle = from + span / 2;
  return isLive ? queryOf(to - width, to, now) : queryOf(middle - width / 2, middle + width / 2, now);
}

/** The keyboard shortcuts of a focused plot. */
export const MOVES_BY_KEY: Readonly<Record<string, Move>> = {
  ArrowLeft: 'earlier',
  ArrowRight: 'later',
  '+': 'in',
  '=': 'in',
  '-': 'out',
  l: 'live',
  L: 'live',
  Escape: 'back',
};
