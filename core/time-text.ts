// Times as people type them in commands and in the API: relative to now, ISO 8601, or local time with the name of its zone.

import { durationOf } from './duration.ts';
import { isTimeZone } from './quiet-hours.ts';
import { parseTimestamp } from './timestamp.ts';

export type TimeText = { readonly ms: number } | { readonly problem: string };

export const TIME_EXAMPLES = ['-1h', '2026-11-20T13:00:00Z', '2026-11-20 14:00 Europe/Berlin'] as const;

const ZONED =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?(?: ([A-Za-z][\w+/-]*)|\[([A-Za-z][\w+/-]*)\])$/;
const EXAMPLES = TIME_EXAMPLES.join(', ');

/**
 * Reads a time: `now`, a time before now such as `-90m`, a date (midnight UTC), ISO 8601 (UTC without an offset), epoch
 * seconds or milliseconds, or a local date and time followed by an IANA zone, plain or in brackets (RFC 9557). A local
 * time that occurs twice, when clocks go back, is the first; one that does not exist, when they go forward, is an hour later.
 *
 * @param now epoch milliseconds.
 */
export function parseTimeText(text: string, now: number): TimeText {
  const trimmed = withPlus(text.trim());
  if (trimmed === 'now') return { ms: now };
  if (trimmed.startsWith('-')) {
    const span = durationOf(trimmed.slice(1));
    return span === undefined ? problem('is not a span such as -90m, -1h or -2d') : { ms: now - span };
  }
  const [, date, clock = '00:00', plain, bracketed] = ZONED.exec(trimmed) ?? [];
  const zone = plain ?? bracketed;
  if (date !== undefined && zone !== undefined && zone !== 'UTC' && zone !== 'Z')
    return ofZone(date, clock, zone);
  const dated = /^\d{4}-\d\d-\d\d$/.test(trimmed) ? `${trimmed}T00:00Z` : trimmed;
  const found = parseTimestamp(dated);
  return 'ms' in found ? { ms: found.ms } : problem(`is not a time such as ${EXAMPLES}`);
}

/** Like `parseTimeText`, for a time to store: one relative to now is refused. */
export function parseFixedTime(given: string | number): TimeText {
  if (typeof given === 'string' && /^\s*(?:now\s*$|-)/.test(given))
    return problem(`must not count from now: write a time such as ${TIME_EXAMPLES[2]}`);
  return parseTimeText(String(given), 0);
}

/** An unencoded plus in a query becomes a space: restores it in an offset after a time of day, and in a zone such as Etc/GMT+5. */
const withPlus = (text: string) =>
  text
    .replace(/((?:\d\d:|T\d\d)\d\d[\d:.,]*) (\d\d(?::?\d\d)?)$/, '$1+$2')
    .replace(/(Etc\/GMT) (\d\d?\]?)$/, '$1+$2');

const problem = (text: string) => ({ problem: text });

function ofZone(date: string, clock: string, timeZone: string): TimeText {
  if (!isTimeZone(timeZone))
    return problem(`has an unknown time zone: ${timeZone}; use one such as Europe/Berlin`);
  const local = parseTimestamp(`${date}T${clock}Z`);
  if (!('ms' in local)) return problem(`is not a time such as ${EXAMPLES}`);
  const offsets = [-1, 1].map((days) => offsetOf(local.ms + days * 86_400_000, timeZone));
  // Before and after a change of the clocks: the larger offset is the earlier instant.
  const candidates = offsets.map((offset) => local.ms - offset).sort((a, b) => a - b);
  const fitting = candidates.find((ms) => ms + offsetOf(ms, timeZone) === local.ms);
  return { ms: fitting ?? candidates.at(-1)! };
}

/** How far the zone's clock is ahead of UTC at `ms`, in milliseconds. */
export function offsetOf(ms: number, timeZone: string): number {
  return Date.parse(`${localText(ms, timeZone).replace(' ', 'T')}Z`) - Math.floor(ms / 1000) * 1000;
}

const formats = new Map<string | undefined, Intl.DateTimeFormat>();

/** The local date and time of a zone, to the second, such as `2026-11-20 14:00:00`; without a zone, in the process's own. */
export function localText(ms: number, timeZone?: string): string {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    formats.set(timeZone, format);
  }
  return format.format(ms);
}

/** In the process's time zone: the time if it is today, otherwise date and minute. */
export function shortTime(ms: number, now: number): string {
  const [text, today] = [localText(ms), localText(now)];
  return text.slice(0, 10) === today.slice(0, 10) ? text.slice(11) : text.slice(0, 16);
}

const zoneNames = new Map<string, Intl.DateTimeFormat>();

/** Such as `PDT`, `GMT+1` or `UTC`: the short name of the zone at `ms`. */
export function zoneName(ms: number, timeZone: string): string {
  let format = zoneNames.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'short' });
    zoneNames.set(timeZone, format);
  }
  return format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;
}

/** Such as `2026-09-21 07:13:20 PDT`. */
export function zonedText(ms: number, timeZone: string): string {
  return `${localText(ms, timeZone)} ${zoneName(ms, timeZone)}`;
}

/** Such as `2026-09-21 07:09:20 to 07:13:20 PDT`; date and zone are repeated if they differ. */
export function zonedSpan(from: number, to: number, timeZone: string): string {
  const [first, last] = [localText(from, timeZone), localText(to, timeZone)];
  if (first === last) return zonedText(from, timeZone);
  const [firstZone, lastZone] = [zoneName(from, timeZone), zoneName(to, timeZone)];
  const start = firstZone === lastZone ? first : `${first} ${firstZone}`;
  const end = first.slice(0, 10) === last.slice(0, 10) ? last.slice(11) : last;
  return `${start} to ${end} ${lastZone}`;
}
