// The hours of a day in which nobody is told; the clock is that of a time zone, with its summer time.

/** A daily span of local time, from `from` until before `to`, over midnight where `to` is not later. */
export interface QuietHours {
  /** Minutes since midnight. */
  readonly from: number;
  readonly to: number;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
}

const MINUTE_MS = 60_000;
const DAY = 1440;

/** Minutes since midnight of a text such as 22:30; undefined for any other. */
export function minuteOf(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** When the quiet hours that hold `now` end, undefined outside of them; both in epoch milliseconds. */
export function quietUntil({ from, to, timeZone }: QuietHours, now: number): number | undefined {
  const minute = localMinute(now, timeZone);
  const isQuiet = from < to ? minute >= from && minute < to : minute >= from || minute < to;
  if (!isQuiet) return undefined;
  const thisMinute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const end = thisMinute + ((to - minute + DAY) % DAY || DAY) * MINUTE_MS;
  // Where the clocks change on the way, that instant shows another time.
  const off = ((to - localMinute(end, timeZone) + DAY * 1.5) % DAY) - DAY / 2;
  return Math.max(end + off * MINUTE_MS, thisMinute + MINUTE_MS);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localMinute(now: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (!format) {
    const hours = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    formats.set(timeZone, (format = new Intl.DateTimeFormat('en-GB', { timeZone, ...hours })));
  }
  return minuteOf(format.format(now))!;
}
