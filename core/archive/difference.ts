// What an audit says of a window whose figures in the table are not those that its archived messages amount to.

import { decimalText } from '../decimal.ts';
import type { WindowTotals } from '../window.ts';

/** One phrase; undefined when they agree. Sites and last values are left out: they depend on the order of arrival, or take long to know. */
export function differenceOf(
  archived: WindowTotals | undefined,
  stored: WindowTotals | undefined,
): string | undefined {
  const counts = [stored?.readings ?? 0, archived?.readings ?? 0] as const;
  if (counts[0] !== counts[1]) return `${counts[0]} readings in the table, ${counts[1]} in the archive`;
  if (!archived || !stored) return undefined;
  // Windows that were stored before they had these times have none.
  const withTimes = stored.firstReadingAt !== undefined;
  const [inTable, inArchive] = [figuresOf(stored, withTimes), figuresOf(archived, withTimes)];
  for (const name of new Set([...inTable.keys(), ...inArchive.keys()])) {
    const [here, there] = [inTable.get(name) ?? 'missing', inArchive.get(name) ?? 'missing'];
    if (here !== there) return `${name} is ${here} in the table, ${there} in the archive`;
  }
  return undefined;
}

function figuresOf(window: WindowTotals, withTimes: boolean): Map<string, string> {
  const figures = new Map<string, string>();
  for (const [metric, { min, max, sum, count }] of window.metrics) {
    figures.set(`${metric}.count`, String(count));
    for (const [figure, value] of Object.entries({ min, max, sum })) {
      figures.set(`${metric}.${figure}`, decimalText(value));
    }
  }
  if (withTimes) {
    figures.set('firstReadingAt', String(window.firstReadingAt));
    figures.set('lastReadingAt', String(window.lastReadingAt));
  }
  return figures;
}
