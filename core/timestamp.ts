// Reads the many forms in which devices write times, and refuses with a reason those that would be a guess.

/** Why a time cannot be used. */
export type TimestampFault =
  'timestamp-type' | 'timestamp-format' | 'timestamp-not-positive' | 'timestamp-out-of-range';

export type TimestampResult =
  | {
      readonly ms: number;
      /** Text without UTC or an offset: it was read as UTC. */
      readonly isZoneless?: true;
    }
  | { readonly fault: TimestampFault; readonly detail: string };

/**
 * Units by magnitude. Every bound is a time thousands of years away from the present in the unit below it and before 1974
 * in the unit above it, so no present time is ambiguous.
 */
const SECONDS_BELOW = 1e11;
const MILLISECONDS_BELOW = 1e14;
const MICROSECONDS_BELOW = 1e17;
const NANOSECONDS_BELOW = 1e20;

const DIGITS = /^\d{1,20}(?:\.\d{1,12})?$/;
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?(?: ?([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?$/;
/** ISO 8601, basic format. */
const BASIC =
  /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(?:(\d{2})(?:[.,](\d{1,12}))?)?([Zz]|[+-]\d{2}(?:\d{2})?)?$/;
/** RFC 1123, as HTTP writes it: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7 */
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|UTC|\+0000)$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MAX_TEXT_LENGTH = 64;
const DAY_MINUTES = 1440;

/**
 * Reads a time. A number, or digits in text, is in epoch seconds, milliseconds, microseconds or nanoseconds according to
 * its magnitude; text is ISO 8601 date and time (also with a space for the T, in the basic format, with `UTC` after it, and
 * with offsets with or without a colon), or RFC 1123. Fractions of a millisecond are cut off. The leap second 23:59:60 UTC
 * is the first second of the next day, as in POSIX time. National date orders, such as 11/29/2026, are refused: they are
 * ambiguous.
 */
export function parseTimestamp(value: unknown): TimestampResult {
  if (typeof value === 'number') return fromNumber(value);
  if (typeof value !== 'string') {
    return { fault: 'timestamp-type', detail: 'timestamp must be a number or text' };
  }
  const text = value.length <= MAX_TEXT_LENGTH ? value : '';
  if (DIGITS.test(text)) return fromDigits(text);
  const match = ISO.exec(text) ?? BASIC.exec(text) ?? isoPartsOf(HTTP_DATE.exec(text));
  return match ? fromParts(match) : WRONG_FORMAT;
}

const WRONG_FORMAT: TimestampResult = {
  fault: 'timestamp-format',
  detail: 'timestamp text must be ISO 8601, such as 2026-11-29T13:45:00Z, or epoch seconds or milliseconds',
};

function fromNumber(value: number): TimestampResult {
  if (!Number.isFinite(value)) {
    return { fault: 'timestamp-out-of-range', detail: 'timestamp is not a finite number' };
  }
  if (value <= 0) return { fault: 'timestamp-not-positive', detail: 'timestamp is zero or negative' };
  if (value < SECONDS_BELOW) return positive(Math.floor(Number((value * 1000).toPrecision(15))));
  if (value < MILLISECONDS_BELOW) return positive(Math.floor(value));
  if (value < MICROSECONDS_BELOW) return positive(Math.floor(value / 1e3));
  // A double of this size is accurate to 256 nanoseconds: a value that close to a millisecond is that millisecond.
  if (value < NANOSECONDS_BELOW) return positive(Math.floor(Number((value / 1e6).toPrecision(16))));
  return { fault: 'timestamp-out-of-range', detail: 'timestamp is not a time in any known unit' };
}

/** Nanoseconds have more digits than a double can hold. */
function fromDigits(text: string): TimestampResult {
  const ms = /^([1-9]\d{11,13})\d{6}$/.exec(text)?.[1];
  return ms === undefined ? fromNumber(Number(text)) : positive(Number(ms));
}

/** The groups of an HTTP date in the order of ISO's. */
function isoPartsOf(match: RegExpExecArray | null): (string | undefined)[] | undefined {
  if (!match) return undefined;
  const [, day, month, year, hour, minute, second] = match;
  const number = String(MONTHS.indexOf(month!) + 1).padStart(2, '0');
  return [match[0], year, number, day, hour, minute, second, undefined, 'Z'];
}

function fromParts(match: readonly (string | undefined)[]): TimestampResult {
  const parts = match.slice(1, 7).map((part) => Number(part ?? 0));
  const [year, month, day, hour, minute, second] = parts as [number, number, number, number, number, number];
  const offset = offsetMinutes(match[8]);
  if (offset === undefined || hour > 23 || minute > 59) return WRONG_FORMAT;
  const minuteOfDay = hour * 60 + minute - offset;
  // Only the last minute of a UTC day can have a leap second.
  const isLastOfDay = (minuteOfDay + DAY_MINUTES) % DAY_MINUTES === DAY_MINUTES - 1;
  if (second > (isLastOfDay ? 60 : 59)) return WRONG_FORMAT;
  const date = new Date(Date.UTC(year, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return WRONG_FORMAT;
  const fraction = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const result = positive(date.getTime() + (minuteOfDay * 60 + second) * 1000 + fraction);
  return match[8] === undefined && 'ms' in result ? { ...result, isZoneless: true } : result;
}

function offsetMinutes(text: string | undefined): number | undefined {
  if (text === undefined || /^[A-Za-z]/.test(text)) return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(':', '') || 0);
  if (hours > 14 || minutes > 59) return undefined;
  return (text[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

function positive(ms: number): TimestampResult {
  return ms > 0 ? { ms } : { fault: 'timestamp-not-positive', detail: 'timestamp is zero or negative' };
}
