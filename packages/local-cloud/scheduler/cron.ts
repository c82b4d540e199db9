// Reads cron expressions of EventBridge, and computes when one is due next, in UTC.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html

/** The next time after `after`, epoch milliseconds; undefined where the years of the expression are over. */
export type NextTime = (after: number) => number | undefined;

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const DAY_MS = 86_400_000;
/** Every date of the calendar occurs within this time, also 29 February on a given weekday. */
const MOST_DAYS = 366 * 41;

interface Field {
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const FIELDS = {
  minute: { least: 0, most: 59 },
  hour: { least: 0, most: 23 },
  month: { least: 1, most: 12, names: MONTHS },
  year: { least: 1970, most: 2199 },
} as const satisfies Readonly<Record<string, Field>>;
const DAY_OF_MONTH: Field = { least: 1, most: 31 };
const DAY_OF_WEEK: Field = { least: 1, most: 7, names: DAYS };

function numberOf(text: string, { least, most, names }: Field): number | undefined {
  const named = names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return named + least;
  const number = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  return number >= least && number <= most ? number : undefined;
}

/** `*`, `5`, `MON-FRI`, `0/15`, `1,2`; undefined for anything else. */
function valuesOf(text: string, field: Field): ReadonlySet<number> | undefined {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d{1,4}))?$/.exec(part) ?? [];
    const by = step === undefined ? 1 : Number(step);
    const [from, to, ...more] = range === '*' ? [] : range.split('-').map((each) => numberOf(each, field));
    const whole = range === '*';
    if (
      by === 0 ||
      more.length > 0 ||
      (!whole && (from === undefined || (range.includes('-') && to === undefined)))
    )
      return undefined;
    const first = from ?? field.least;
    const last = to ?? (whole || step !== undefined ? field.most : first);
    for (let value = first; value <= last; value += by) values.add(value);
    if (first > last) return undefined;
  }
  return values;
}

type DayTest = (date: Date) => boolean;

const lastOfMonth = (date: Date) =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
const isWeekday = (year: number, month: number, day: number) =>
  new Date(Date.UTC(year, month, day)).getUTCDay() % 6 !== 0;

/** `15W`: the weekday nearest to the 15th, within the month. */
function nearestWeekday(date: Date, day: number): number {
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const found = [0, -1, 1, -2, 2]
    .map((by) => day + by)
    .find((each) => each >= 1 && each <= lastOfMonth(date) && isWeekday(year, month, each));
  return found ?? day;
}

function dayOfMonthTest(text: string): DayTest | undefined {
  if (text === 'L') return (date) => date.getUTCDate() === lastOfMonth(date);
  const [, near] = /^(\d{1,2})W$/.exec(text) ?? [];
  if (near !== undefined) return (date) => date.getUTCDate() === nearestWeekday(date, Number(near));
  const values = valuesOf(text, DAY_OF_MONTH);
  return values && ((date) => values.has(date.getUTCDate()));
}

function dayOfWeekTest(text: string): DayTest | undefined {
  const [, name = '', which = ''] = /^(\w{1,3})(#[1-5]|L)$/.exec(text) ?? [];
  if (which !== '') {
    const day = numberOf(name, DAY_OF_WEEK);
    if (day === undefined) return undefined;
    return (date) =>
      date.getUTCDay() === day - 1 &&
      (which === 'L'
        ? date.getUTCDate() + 7 > lastOfMonth(date)
        : Math.ceil(date.getUTCDate() / 7) === Number(which[1]));
  }
  const values = valuesOf(text === 'L' ? '7' : text, DAY_OF_WEEK);
  return values && ((date) => values.has(date.getUTCDay() + 1));
}

/** One of the two selects the day, the other is `?`. */
function dayTest(ofMonth: string, ofWeek: string): DayTest | undefined {
  if (ofMonth === '?') return ofWeek === '?' ? undefined : dayOfWeekTest(ofWeek);
  return ofWeek === '?' ? dayOfMonthTest(ofMonth) : undefined;
}

const sorted = (values: ReadonlySet<number>) => [...values].sort((a, b) => a - b);

/** Reads `cron(minutes hours day-of-month month day-of-week year)`; undefined for an expression that EventBridge refuses. */
export function readCron(expression: string): NextTime | undefined {
  const fields = /^cron\((.+)\)$/.exec(expression)?.[1]?.trim().split(/\s+/) ?? [];
  const [minute, hour, ofMonth, month, ofWeek, year, ...more] = fields;
  if (year === undefined || more.length > 0) return undefined;
  const [minutes, hours] = [valuesOf(minute!, FIELDS.minute), valuesOf(hour!, FIELDS.hour)];
  const [months, years] = [valuesOf(month!, FIELDS.month), valuesOf(year, FIELDS.year)];
  const isDay = dayTest(ofMonth!, ofWeek!);
  if (!minutes || !hours || !months || !years || !isDay) return undefined;
  const times = sorted(hours).flatMap((each) => sorted(minutes).map((at) => (each * 60 + at) * 60_000));
  const lastYear = Math.max(...years);

  return (after) => {
    let day = Math.floor(after / DAY_MS) * DAY_MS;
    for (let count = 0; count < MOST_DAYS; count += 1, day += DAY_MS) {
      const date = new Date(day);
      if (date.getUTCFullYear() > lastYear) return undefined;
      if (!years.has(date.getUTCFullYear()) || !months.has(date.getUTCMonth() + 1) || !isDay(date)) continue;
      const time = times.find((each) => day + each > after);
      if (time !== undefined) return day + time;
    }
    return undefined;
  };
}
