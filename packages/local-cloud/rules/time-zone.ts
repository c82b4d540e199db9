// Time zones by id, as in Joda-Time and Java, with the data of Node.

export const MONTHS =
  'January February March April May June July August September October November December'.split(' ');
/** Monday first, as ISO 8601 counts. */
export const DAYS = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export interface TimeZone {
  readonly id: string;
  /** Milliseconds that local time is ahead of UTC at `time`, an epoch time in milliseconds. */
  offsetAt(time: number): number;
  /** English name at that time. */
  nameAt(time: number, form: 'short' | 'long'): string;
}

const OFFSET_FORM = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?$/;
const MAX_OFFSET_MS = 18 * HOUR_MS;

const two = (value: number) => String(Math.floor(value)).padStart(2, '0');

/** `+01:00`, with seconds only where there are any. */
export function offsetText(offset: number, colon = ':'): string {
  const size = Math.abs(offset);
  const seconds = (size % MINUTE_MS) / SECOND_MS;
  const text = [two(size / HOUR_MS), two((size % HOUR_MS) / MINUTE_MS), ...(seconds ? [two(seconds)] : [])];
  return (offset < 0 ? '-' : '+') + text.join(colon);
}

/** Milliseconds of `+01:00`, `-0330`, `UTC+1` and the like; undefined for what is not an offset. */
export function parseOffset(text: string): number | undefined {
  const [found, sign, hours, minutes = '0', seconds = '0'] = OFFSET_FORM.exec(text) ?? [];
  if (found === undefined) return undefined;
  const [h, m, s] = [Number(hours), Number(minutes), Number(seconds)];
  const size = h * HOUR_MS + m * MINUTE_MS + s * SECOND_MS;
  if (m > 59 || s > 59 || size > MAX_OFFSET_MS) return undefined;
  return sign === '-' ? -size : size;
}

function fixedZone(id: string, offset: number): TimeZone {
  const name = offset === 0 ? id : offsetText(offset);
  return { id, offsetAt: () => offset, nameAt: () => name };
}

const UTC: TimeZone = {
  id: 'UTC',
  offsetAt: () => 0,
  nameAt: (_time, form) => (form === 'short' ? 'UTC' : 'Coordinated Universal Time'),
};
const ZERO = new Set(['UTC', 'Z', 'GMT', 'UT', 'Etc/UTC']);

function regionZone(id: string): TimeZone | undefined {
  const format = (timeZoneName: 'longOffset' | 'short' | 'long') => {
    const formatter = new Intl.DateTimeFormat('en-US', { timeZone: id, timeZoneName });
    return (time: number) => formatter.formatToParts(time).find(({ type }) => type === 'timeZoneName')!.value;
  };
  try {
    const [offset, short, long] = [format('longOffset'), format('short'), format('long')];
    return {
      id,
      offsetAt: (time) => parseOffset(offset(time)) ?? 0,
      nameAt: (time, form) => (form === 'short' ? short : long)(time),
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const MAX_CACHED = 50;
const cache = new Map<string, TimeZone | undefined>();

function findZone(id: string): TimeZone | undefined {
  if (ZERO.has(id)) return UTC;
  const offset = parseOffset(id);
  if (offset !== undefined) return fixedZone(id, offset);
  return /^[A-Za-z][A-Za-z0-9_+/-]*$/.test(id) ? regionZone(id) : undefined;
}

/** By region, such as `America/Belize`, or offset, such as `+01:00`; undefined for an unknown one. */
export function timeZone(id: string): TimeZone | undefined {
  if (id.length > 64) return undefined;
  if (!cache.has(id)) {
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(id, findZone(id));
  }
  return cache.get(id);
}

/**
 * The epoch time of a local time, both in milliseconds. Of a time that the clocks show twice it is the first; one that
 * they skip is as much later, as in Java.
 */
export function toEpoch(local: number, zone: TimeZone): number {
  const before = local - zone.offsetAt(local - DAY_MS);
  if (local - zone.offsetAt(before) === before) return before;
  const after = local - zone.offsetAt(local + DAY_MS);
  return local - zone.offsetAt(after) === after ? after : before;
}
