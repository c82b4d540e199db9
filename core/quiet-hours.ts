// The hours of the day in which no notification is sent, on the clock of a time zone with its daylight saving time.

/** A daily span of local time, from `from` until before `to`; it passes midnight if `to` is not later. */
export interface QuietHours {
  /** Minutes since midnight. */
  readonly from: number;
  readonly to: number;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
}

const MINUTE_MS = 60_000;
const DAY = 1440;
const LONGEST_DAY = 1560;
const QUARTER = 15;

/** Minutes since midnight of a text such as 22:30; undefined if it has another form. */
export function minuteOf(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}

/** Tries the list first: creating a formatter, which knows other spellings too, takes eight times as long in a new process. */
export function isTimeZone(name: string): boolean {
  if (name === 'UTC' || Intl.supportedValuesOf('timeZone').includes(name)) return true;
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** When the quiet hours around `now` end, undefined outside quiet hours; both in epoch milliseconds. */
export function quietUntil({ from, to, timeZone }: QuietHours, now: number): number | undefined {
  const isQuiet = (minute: number) =>
    from < to ? minute >= from && minute < to : minute >= from || minute < to;
  const thisMinute = Math.floor(now / MINUTE_MS);
  const last = thisMinute + LONGEST_DAY;
  let at = thisMinute;
  for (let minute = localMinute(now, timeZone); isQuiet(minute) && at < last;) {
    // Clocks change at full quarters of an hour, so the local time is read again at each.
    at += Math.min((to - minute + DAY) % DAY || DAY, QUARTER - (at % QUARTER));
    minute = localMinute(at * MINUTE_MS, timeZone);
  }
  return at > thisMinute ? at * MINUTE_MS : undefined;
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
