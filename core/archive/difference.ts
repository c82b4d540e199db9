// What an audit reports about a window whose statistics in the table differ from those of its archived messages.

import { decimalText } from '../decimal.ts';
import type { WindowTotals } from '../window.ts';

/** The result of a comparison, with one phrase if there is something to report. */
export type Comparison =
  | { readonly kind: 'same' }
  | { readonly kind: 'differs'; readonly phrase: string }
  /** The table has as many readings as a window takes, and the archive has more: it is unknown which of them were counted. */
  | { readonly kind: 'full'; readonly phrase: string };

/**
 * Sites and last values are left out: they depend on the order of arrival, or take long to compute. `maxReadings`: how many
 * a window takes; in a full window, no statistic may exceed that of all archived readings, and no metric may be unknown.
 */
export function compareWindows(
  archived: WindowTotals | undefined,
  stored: WindowTotals | undefined,
  maxReadings: number,
): Comparison {
  const [inTable, inArchive] = [stored?.readings ?? 0, archived?.readings ?? 0];
  if (archived && stored && inTable < inArchive && inTable >= maxReadings)
    return compareFull(archived, stored);
  if (inTable !== inArchive)
    return { kind: 'differs', phrase: `${inTable} readings in the table, ${inArchive} in the archive` };
  if (!archived || !stored) return { kind: 'same' };
  // Windows stored before these times existed have none.
  const withTimes = stored.firstReadingAt !== undefined;
  const [here, there] = [statisticsOf(stored, withTimes), statisticsOf(archived, withTimes)];
  for (const name of new Set([...here.keys(), ...there.keys()])) {
    if (here.get(name) !== there.get(name)) return differs(name, here.get(name), there.get(name));
  }
  return { kind: 'same' };
}

function differs(name: string, here = 'missing', there = 'missing'): Comparison {
  return { kind: 'differs', phrase: `${name} is ${here} in the table, ${there} in the archive` };
}

function compareFull(archived: WindowTotals, stored: WindowTotals): Comparison {
  for (const [metric, { min, max, count }] of stored.metrics) {
    const most = archived.metrics.get(metric);
    if (!most || count > most.count)
      return differs(`${metric}.count`, String(count), most && String(most.count));
    if (min < most.min) return differs(`${metric}.min`, decimalText(min), decimalText(most.min));
    if (max > most.max) return differs(`${metric}.max`, decimalText(max), decimalText(most.max));
  }
  const rejected = archived.readings - stored.readings;
  return { kind: 'full', phrase: `full with ${stored.readings} readings, ${rejected} more in the archive` };
}

function statisticsOf(window: WindowTotals, withTimes: boolean): Map<string, string> {
  const statistics = new Map<string, string>();
  for (const [metric, { min, max, sum, count }] of window.metrics) {
    statistics.set(`${metric}.count`, String(count));
    for (const [stat, value] of Object.entries({ min, max, sum })) {
      statistics.set(`${metric}.${stat}`, decimalText(value));
    }
  }
  if (withTimes) {
    statistics.set('firstReadingAt', String(window.firstReadingAt));
    statistics.set('lastReadingAt', String(window.lastReadingAt));
  }
  return statistics;
}
