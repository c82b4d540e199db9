// Devices write time in many ways; this settles which are understood, and tells wrong units apart instead of guessing.

/** Why a timestamp cannot be used. */
export type TimestampFault =
  | 'timestamp-type'
  | 'timestamp-format'
  | 'timestamp-not-positive'
  | 'timestamp-microseconds'
  | 'timestamp-nanoseconds'
  | 'timestamp-out-of-range';

export type TimestampResult =
  { readonly ms: number } | { readonly fault: TimestampFault; readonly detail: string };

/**
 * Units by magnitude: every one of these bounds lies thousands of years away from the present in the unit below it
 * and before 1974 in the unit above it, so no reading of our time is ambiguous.
 */
const SECONDS_BELOW = 1e11;
const MILLISECONDS_BELOW = 1e14;
const MICROSECONDS_BELOW = 1e17;
const NANOSECONDS_BELOW = 1e20;

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?([Zz]|[+-]\d{2}(?::?\d{2})?)?$/;
const MAX_ISO_LENGTH = 64;
const DAY_MINUTES = 1440;

/**
 * Reads a timestamp: a number is epoch milliseconds, or epoch seconds (fractions allowed) when it is below 1e11;
 * text is ISO 8601 date and time, and without an offset it is UTC. Fractions of a millisecond are cut off. The leap second
 * 23:59:60 UTC is the first second of the next day, as in POSIX time.
 */
export function parseTimestamp(value: unknown): TimestampResult {
  if (typeof value === 'number') return fromNumber(value);
  if (typeof value === 'string') return fromIso(value);
  return { fault: 'timestamp-type', detail: 'timestamp must be a number or ISO 8601 text' };
}

function fromNumber(value: number): TimestampResult {
  if (!Number.isFinite(value)) {
    return { fault: 'timestamp-out-of-range', detail: 'timestamp is not a finite number' };
  }
  if (value <= 0) return { fault: 'timestamp-not-positive', detail: 'timestamp is zero or negative' };
  if (value < SECONDS_BELOW) return positive(Math.floor(Number((value * 1000).toPrecision(15))));
  if (value < MILLISECONDS_BELOW) return positive(Math.floor(value));
  if (value < MICROSECONDS_BELOW) {
    return { fault: 'timestamp-microseconds', detail: 'timestamp looks like epoch microseconds' };
  }
  if (value < NANOSECONDS_BELOW) {
    return { fault: 'timestamp-nanoseconds', detail: 'timestamp looks like epoch nanoseconds' };
  }
  return { fault: 'timestamp-out-of-range', detail: 'timestamp is no time in any known unit' };
}

function fromIso(text: string): TimestampResult {
  const wrong: TimestampResult = {
    fault: 'timestamp-format',
    detail: 'timestamp text is not an ISO 8601 date and time',
  };
  const match = text.length <= MAX_ISO_LENGTH ? ISO.exec(text) : null;
  if (!match) return wrong;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const offset = offsetMinutes(match[8]);
  if (offset === undefined || hour > 23 || minute > 59) return wrong;
  const minuteOfDay = hour * 60 + minute - offset;
  // Only the last minute of a day in UTC can have a leap second.
  const isLastOfDay = (minuteOfDay + DAY_MINUTES) % DAY_MINUTES === DAY_MINUTES - 1;
  if (second > (isLastOfDay ? 60 : 59)) return wrong;
  const date = new Date(Date.UTC(year, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return wrong;
  const fraction = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  return positive(date.getTime() + (minuteOfDay * 60 + second) * 1000 + fraction);
}

function offsetMinutes(text: string | undefined): number | undefined {
  if (text === undefined || text === 'Z' || text === 'z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(':', '') || 0);
  if (hours > 14 || minutes > 59) return undefined;
  return (text[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

function positive(ms: number): TimestampResult {
  return ms > 0 ? { ms } : { fault: 'timestamp-not-positive', detail: 'timestamp is zero or negative' };
}
