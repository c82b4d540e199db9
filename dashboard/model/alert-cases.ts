// The list of active and past alerts, filtered by the address.

import type { AlertSpan } from './alert-spans.ts';
import type { Alert } from './api-types.ts';
import type { Route } from './route.ts';
import { timeOf } from './view.ts';

const MOST_PAST = 60;
/** How far back the API's history goes without a `from`. */
const USUAL_PAST_MS = 7 * 86_400_000;

/** One entry of the list: an active or a past alert. */
export interface Case {
  readonly deviceId: string;
  readonly ruleId: string;
  readonly from: number;
  readonly to?: number;
  readonly alert?: Alert;
  readonly span?: AlertSpan;
}

/** The filter in the address, as links in digests set it. */
export interface CaseFilter {
  /** Only alerts that changed since then; epoch milliseconds. */
  readonly from?: number;
  readonly site?: string;
}

export function caseFilterOf({ query }: Pick<Route, 'query'>): CaseFilter {
  const [from, site] = [timeOf(query['from']), query['site']];
  return { ...(from !== undefined && { from }), ...(site && { site }) };
}

/** The `from` for reading the history; undefined if the API's default goes back far enough. */
export const historyFromOf = ({ from }: CaseFilter, now: number): number | undefined =>
  from !== undefined && from < now - USUAL_PAST_MS ? Math.round(from) : undefined;

const lastChangeOf = ({ from, to, alert, span }: Case): number =>
  Math.max(to ?? alert?.raisedAt ?? from, ...(span?.entries.map(({ at }) => at) ?? []));

/**
 * Active alerts, then the newest past ones.
 *
 * @param spans newest first
 * @param siteOf a device's site; undefined if it has none or the device no longer exists
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
  const active = alerts.map((alert): Case => {
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
  return [...active.filter(isWanted), ...over.filter(isWanted).slice(0, MOST_PAST)];
}
