// The list of alerts: what stands and what is over, and which of it a link asks for.

import type { AlertSpan } from './alert-spans.ts';
import type { Alert } from './api-types.ts';
import type { Route } from './route.ts';
import { timeOf } from './view.ts';

const MOST_PAST = 60;
/** What the API's history has without a `from`. */
const USUAL_PAST_MS = 7 * 86_400_000;

/** One alert of the list: it stands, or it is over. */
export interface Case {
  readonly deviceId: string;
  readonly ruleId: string;
  readonly from: number;
  readonly to?: number;
  readonly alert?: Alert;
  readonly span?: AlertSpan;
}

/** Of the address, as digests link to it. */
export interface CaseFilter {
  /** Epoch milliseconds: something happened to the alert since. */
  readonly from?: number;
  readonly site?: string;
}

export function caseFilterOf({ query }: Pick<Route, 'query'>): CaseFilter {
  const [from, site] = [timeOf(query['from']), query['site']];
  return { ...(from !== undefined && { from }), ...(site && { site }) };
}

/** Since when the history has to be asked for; undefined where the usual is enough. */
export const historyFromOf = ({ from }: CaseFilter, now: number): number | undefined =>
  from !== undefined && from < now - USUAL_PAST_MS ? Math.round(from) : undefined;

const lastChangeOf = ({ from, to, alert, span }: Case): number =>
  Math.max(to ?? alert?.raisedAt ?? from, ...(span?.entries.map(({ at }) => at) ?? []));

/**
 * Alerts that stand, then the newest of those that are over.
 *
 * @param spans newest first
 * @param siteOf of a device; undefined where it has none, or is not known any more
 */
export function casesOf(
  alerts: readonly Alert[],
  spans: readonly AlertSpan[],
  { from, site }: CaseFilter,
  siteOf: (deviceId: string) => string | undefined,
): readonly Case[] {
  const isWanted = (each: Case) =>
    (from === undefined || lastChangeOf(each) >= from) &&
    (site === undefined || siteOf(each.deviceId) === site);
  const standing = alerts.map((alert): Case => {
    const { deviceId, ruleId } = alert;
    const span = spans.find(
      (each) => each.to === undefined && each.deviceId === deviceId && each.ruleId === ruleId,
    );
    const since = alert.since ?? alert.raisedAt ?? span?.from ?? 0;
    return { ...{ deviceId, ruleId, from: since, alert }, ...(span && { span }) };
  });
  const over = spans.flatMap((span): Case[] => {
    const { deviceId, ruleId, from, to } = span;
    return to === undefined ? [] : [{ deviceId, ruleId, from, to, span }];
  });
  return [...standing.filter(isWanted), ...over.filter(isWanted).slice(0, MOST_PAST)];
}
