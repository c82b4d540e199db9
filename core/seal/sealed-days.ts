// Which days of arrival are due to be sealed, and where their manifests lie.

export const DAY_MS = 86_400_000;
/** Firehose writes the last object of a day 300 s after its end; an hour leaves room for a slow one. */
export const SEALED_AFTER_MS = 3_600_000;
/** Firehose retries for a day to write an object into the folder of the hour of its oldest message. */
export const LATE_DAYS = 2;

const MANIFEST = /^seals\/(\d{4})\/(\d\d)\/(\d\d)\.json$/;
const RAW = /^raw\/(\d{4})\/(\d\d)\/(\d\d)\//;

/** Such as `2026-11-29`; `ms`: any time of the day in UTC, epoch milliseconds. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
/** Its beginning, epoch milliseconds. */
export const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);
export const nextDay = (day: string): string => dayOf(startOf(day) + DAY_MS);

/** Key of the day's manifest, such as `seals/2026/11/29.json`. */
export const manifestKey = (day: string): string => `seals/${day.replaceAll('-', '/')}.json`;
/** Prefix of the objects that arrived on the day, such as `raw/2026/11/29/`. */
export const rawPrefix = (day: string): string => `raw/${day.replaceAll('-', '/')}/`;

/** Whether it is a day of the calendar, such as `2026-11-29`. */
export function isDay(text: string): boolean {
  const ms = startOf(text);
  return !Number.isNaN(ms) && dayOf(ms) === text;
}

function dayIn(pattern: RegExp, key: string): string | undefined {
  const day = pattern.exec(key)?.slice(1).join('-');
  return day !== undefined && isDay(day) ? day : undefined;
}
/** The day of a manifest by its key; undefined for any other key. */
export const dayOfManifest = (key: string): string | undefined => dayIn(MANIFEST, key);
/** The day of arrival in whose folder an object lies; undefined for keys that Firehose does not write. */
export const dayOfObject = (key: string): string | undefined => dayIn(RAW, key);

/** The last day that may be sealed at `now`, epoch milliseconds. */
export const lastDue = (now: number): string => dayOf(now - SEALED_AFTER_MS - DAY_MS);

/** Days from `first` to `last`, both included; none if `last` is earlier. */
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  for (let ms = startOf(first); ms <= startOf(last); ms += DAY_MS) days.push(dayOf(ms));
  return days;
}

/** Earlier days whose folders may have received an object since their seal, oldest first. */
export const lateDays = (day: string): string[] =>
  Array.from({ length: LATE_DAYS }, (_, n) => dayOf(startOf(day) - (LATE_DAYS - n) * DAY_MS));
