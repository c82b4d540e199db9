// The metric's course before an alert, in one line of a mail: a bar per window, the lowest and highest value, and the time span.

import type { Notification } from './alert-state.ts';
import { statisticText, plainStatistic, type Statistic } from './statistic.ts';
import { zonedSpan } from './time-text.ts';
import type { Window } from './window.ts';

/** As many bars as fit a line of a mail on a phone. */
export const MAX_VALUES = 24;

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** Whether a statistic of windows was judged; if the whole device is silent, there is none. */
export function hasValues(notification: Notification): boolean {
  return !notification.silence || notification.metric !== undefined;
}

/**
 * Such as `▁▂▅█ 3.8 to 9.1 °C, 2026-09-21 07:09:20 to 07:13:20 PDT`: the judged statistic of the newest of these windows,
 * which are given oldest first; a single window gives one bar and its value. For a rate it shows the value, not its change.
 * Undefined if no window has the statistic.
 */
export function recentValues(
  notification: Notification,
  windows: readonly Window[],
  timeZone: string,
): string | undefined {
  if (!hasValues(notification)) return undefined;
  const stat = notification.silence ? 'max' : notification.stat;
  const samples = windows
    .flatMap((window) => {
      const statistic = plainStatistic(notification, stat, window);
      return statistic ? [{ window, statistic }] : [];
    })
    .slice(-MAX_VALUES);
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last) return undefined;
  const sorted = samples.map(({ statistic }) => statistic).toSorted(compare);
  const [lowest, highest] = [sorted[0]!, sorted.at(-1)!];
  const line = samples.map(({ statistic }) => barOf(statistic, lowest, highest)).join('');
  const unit = notification.unit === undefined ? '' : ` ${notification.unit}`;
  const span = zonedSpan(first.window.firstReadingAt, last.window.lastReadingAt, timeZone);
  const [least, most] = [statisticText(lowest), statisticText(highest)];
  return `${line} ${least === most ? least : `${least} to ${most}`}${unit}, ${span}`;
}

function barOf(statistic: Statistic, lowest: Statistic, highest: Statistic): string {
  const range = difference(highest, lowest);
  if (range.part === 0n) return BARS[3];
  const above = difference(statistic, lowest);
  // Position of the value between both, in whole bars.
  const bar = (above.part * range.over * BigInt(BARS.length)) / (above.over * range.part);
  return BARS[Math.min(Number(bar), BARS.length - 1)]!;
}

const difference = (a: Statistic, b: Statistic): Statistic => ({
  part: a.part * b.over - b.part * a.over,
  over: a.over * b.over,
});

function compare(a: Statistic, b: Statistic): number {
  const { part } = difference(a, b);
  return part < 0n ? -1 : part > 0n ? 1 : 0;
}
