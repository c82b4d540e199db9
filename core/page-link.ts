// Where mails and texts lead to on the page: all that the page shows is in the URL.

import type { Notification } from './alert-state.ts';

const MINUTE_MS = 60_000;
/** What is shown before and after an alert, so that one sees how it came and whether it is over. */
const BEFORE_MS = 40 * MINUTE_MS;
const AFTER_MS = 20 * MINUTE_MS;

/** The page of the device at the very span of the alert. `page`: without a slash at its end. */
export function deviceLink(
  page: string,
  {
    deviceId,
    since,
    windowStart,
    decidedAt,
  }: Pick<Notification, 'deviceId' | 'since' | 'windowStart' | 'decidedAt'>,
): string {
  const [from, to] = [since - BEFORE_MS, Math.max(windowStart, decidedAt) + AFTER_MS];
  return `${page}/#/device/${encodeURIComponent(deviceId.toWellFormed())}?from=${from}&to=${to}`;
}

/** The list of alerts: those decided since the first of these, of the site where there is only one. */
export function alertListLink(page: string, notifications: readonly Notification[]): string {
  const since = Math.min(...notifications.map(({ decidedAt }) => decidedAt));
  const sites = new Set(notifications.map(({ site }) => site));
  const [site] = sites.size === 1 ? sites : [];
  const start = Math.floor(since / MINUTE_MS) * MINUTE_MS;
  return `${page}/#/alerts?from=${start}${site ? `&site=${encodeURIComponent(site.toWellFormed())}` : ''}`;
}
