// What a metric did before an alert, in one line of a mail: a bar a window, the lowest and the highest value, and the time.

import type { Notification } from './alert-state.ts';
import { statisticText, plainStatistic, type Statistic } from './statistic.ts';
import { zonedSpan } from './time-text.ts';
import type { Window } from './window.ts';

/** So many bars fit a line of a mail on a phone. */
export const MAX_VALUES = 24;

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** Whether some figure of windows was judged: of a device that is gone there is none. */
export function hasValues(notification: Notification): boolean {
  return !notification.silence || notification.metric !== undefined;
}

/**
 * Such as `▁▂▅█ 3.8 to 9.1 °C, 2026-09-21 07:09:20 to 07:13:20 PDT`: the judged figure of the newest of these windows,
 * oldest first; of a first window one bar and its value. Of a rate it is what changed, not by how much. Undefined where
 * no window has it.
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
      const figure = plainStatistic(notification, stat, window);
      return figure ? [{ window, figure }] : [];
    })
    .slice(-MAX_VALUES);
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last) return undefined;
  const sorted = samples.map(({ figure }) => figure).toSorted(compare);
  const [lowest, highest] = [sorted[0]!, sorted.at(-1)!];
  const line = samples.map(({ figure }) => barOf(figure, lowest, highest)).join('');
  const unit = notification.unit === undefined ? '' : ` ${notification.unit}`;
  const span = zonedSpan(first.window.firstReadingAt, last.window.lastReadingAt, timeZone);
  const [least, most] = [statisticText(lowest), statisticText(highest)];
  return `${line} ${least === most ? least : `${least} to ${most}`}${unit}, ${span}`;
}

function barOf(figure: Statistic, lowest: Statistic, highest: Statistic): string {
  const range = difference(highest, lowest);
  if (range.part === 0n) return BARS[3];
  const above = difference(figure, lowest);
  // Where the figure lies between both, in whole bars.
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
