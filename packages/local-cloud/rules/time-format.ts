// Formats times by the patterns of Joda-Time's DateTimeFormat, for parse_time().

import { DAY_MS, DAYS, MONTHS, offsetText, type TimeZone } from './time-zone.ts';

/** A local time as if it were UTC, and the instant that it is. */
interface Moment {
  readonly local: Date;
  readonly time: number;
  readonly zone: TimeZone;
}
type Field = (moment: Moment, letters: number) => string;
export type TimeFormat = (time: number, zone: TimeZone) => string;

function padded(value: number, letters: number): string {
  return (value < 0 ? '-' : '') + String(Math.abs(value)).padStart(letters, '0');
}

const number =
  (of: (local: Date) => number): Field =>
  ({ local }, letters) =>
    padded(of(local), letters);

/** Two letters print the last two digits. */
const yearOf =
  (of: (local: Date) => number): Field =>
  ({ local }, letters) => {
    const year = of(local);
    return letters === 2 ? padded(Math.abs(year) % 100, 2) : padded(year, letters);
  };

const year = (local: Date) => local.getUTCFullYear();
const yearOfEra = (local: Date) => (year(local) > 0 ? year(local) : 1 - year(local));
/** 1 is Monday. */
const weekday = (local: Date) => local.getUTCDay() || 7;
const startOfYear = (value: number) => new Date(0).setUTCFullYear(value, 0, 1);
const dayOfYear = (local: Date) => Math.floor((local.getTime() - startOfYear(year(local))) / DAY_MS) + 1;
/** The Thursday of an ISO week is in the year of the week. */
const thursday = (local: Date) => new Date(local.getTime() + (4 - weekday(local)) * DAY_MS);
const week = (local: Date) => Math.floor((dayOfYear(thursday(local)) - 1) / 7) + 1;

const named =
  (names: readonly string[], index: (local: Date) => number): Field =>
  ({ local }, letters) =>
    letters < 4 ? names[index(local)]!.slice(0, 3) : names[index(local)]!;

const monthNumber = number((local) => local.getUTCMonth() + 1);
const monthName = named(MONTHS, (local) => local.getUTCMonth());

const OFFSETS: readonly ((offset: number, zone: TimeZone) => string)[] = [
  (offset) => offsetText(offset, ''),
  (offset) => offsetText(offset),
  (_offset, zone) => zone.id,
];

/** Joda-Time 2, class DateTimeFormat. */
const FIELDS: Readonly<Record<string, Field>> = {
  G: ({ local }) => (year(local) > 0 ? 'AD' : 'BC'),
  C: number((local) => Math.floor(yearOfEra(local) / 100)),
  Y: yearOf(yearOfEra),
  x: yearOf((local) => year(thursday(local))),
  w: number(week),
  e: number(weekday),
  E: named(DAYS, (local) => weekday(local) - 1),
  y: yearOf(year),
  D: number(dayOfYear),
  M: (moment, letters) => (letters < 3 ? monthNumber : monthName)(moment, letters),
  d: number((local) => local.getUTCDate()),
  a: ({ local }) => (local.getUTCHours() < 12 ? 'AM' : 'PM'),
  K: number((local) => local.getUTCHours() % 12),
  h: number((local) => local.getUTCHours() % 12 || 12),
  H: number((local) => local.getUTCHours()),
  k: number((local) => local.getUTCHours() || 24),
  m: number((local) => local.getUTCMinutes()),
  s: number((local) => local.getUTCSeconds()),
  S: ({ local }, letters) => padded(local.getUTCMilliseconds(), 3).slice(0, letters).padEnd(letters, '0'),
  z: ({ zone, time }, letters) => zone.nameAt(time, letters < 4 ? 'short' : 'long'),
  Z: ({ zone, time }, letters) => OFFSETS[Math.min(letters, 3) - 1]!(zone.offsetAt(time), zone),
};

const MAX_PATTERN = 500;
/** A quoted text ('' is a quote), a run of one letter, or anything else. */
const PIECE = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']/y;

/** The `problem` of a pattern, or the function that formats by it. */
export function compileTimeFormat(pattern: string): TimeFormat | { readonly problem: string } {
  if (pattern.length > MAX_PATTERN) return { problem: `longer than ${MAX_PATTERN} characters` };
  const parts: (string | ((moment: Moment) => string))[] = [];
  let at = 0;
  while (at < pattern.length) {
    PIECE.lastIndex = at;
    const found = PIECE.exec(pattern);
    if (!found) return { problem: 'a quote has no end' };
    const [text, quoted, letter] = found;
    at += text.length;
    const field = letter !== undefined && Object.hasOwn(FIELDS, letter) ? FIELDS[letter] : undefined;
    if (letter !== undefined && !field) return { problem: `Joda-Time has no letter ${letter}` };
    if (field) parts.push((moment) => field(moment, text.length));
    else parts.push(quoted === undefined ? text : quoted === '' ? "'" : quoted.replaceAll("''", "'"));
  }
  return (time, zone) => {
    const moment = { local: new Date(time + zone.offsetAt(time)), time, zone };
    return parts.map((part) => (typeof part === 'string' ? part : part(moment))).join('');
  };
}
