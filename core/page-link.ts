// Links from mails and texts to the dashboard: the URL holds everything that the page shows.

import type { Notification } from './alert-state.ts';

const MINUTE_MS = 60_000;
/** The span shown before and after an alert, so that the reader sees how it developed and whether it is over. */
const BEFORE_MS = 40 * MINUTE_MS;
const AFTER_MS = 20 * MINUTE_MS;

/** The page of the device at the time of the alert. `page`: without a slash at its end. */
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

/** The list of alerts decided since the first of these; filtered by site if there is only one. */
export function alertListLink(page: string, notifications: readonly Notification[]): string {
  const since = Math.min(...notifications.map(({ decidedAt }) => decidedAt));
  const sites = new Set(notifications.map(({ site }) => site));
  const [site] = sites.size === 1 ? sites : [];
  const start = Math.floor(since / MINUTE_MS) * MINUTE_MS;
  return `${page}/#/alerts?from=${start}${site ? `&site=${encodeURIComponent(site.toWellFormed())}` : ''}`;
}
