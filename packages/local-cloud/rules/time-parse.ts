// Reads times by the patterns of Java's DateTimeFormatter (JDK 11), for time_to_epoch().

import { RE2JS } from 're2js';
import {
  DAYS,
  HOUR_MS,
  MINUTE_MS,
  MONTHS,
  parseOffset,
  SECOND_MS,
  timeZone,
  type TimeZone,
  toEpoch,
} from './time-zone.ts';

/** The values in a text, by the name of the field. */
type Parts = Map<string, number | TimeZone>;
interface Field {
  readonly name: string;
  /** A pattern of RE2, without groups. */
  readonly form: string;
  /** Undefined for a text that is not a value of the field. */
  readonly read: (text: string) => number | TimeZone | undefined;
}
type FieldOf = (letters: number) => Field | undefined;

/** One letter matches one or two digits, two letters match two. */
const digits =
  (name: string, longest = 2): FieldOf =>
  (letters) => {
    if (letters > longest) return undefined;
    return { name, form: letters === 1 ? `[0-9]{1,${longest}}` : `[0-9]{${letters}}`, read: Number };
  };

const year =
  (name: string): FieldOf =>
  (letters) => {
    if (letters > 9) return undefined;
    // "For parsing, this will parse using the base value of 2000."
    if (letters === 2) return { name, form: '[0-9]{2}', read: (text) => 2_000 + Number(text) };
    return { name, form: `[+-]?[0-9]{${letters},9}`, read: Number };
  };

const named =
  (name: string, names: readonly string[]): FieldOf =>
  (letters) => {
    if (letters > 4) return undefined;
    const known = letters === 4 ? names : names.map((full) => full.slice(0, 3));
    return { name, form: known.join('|'), read: (text) => known.indexOf(text) + 1 };
  };

const month: FieldOf = (letters) =>
  letters < 3 ? digits('month')(letters) : named('month', MONTHS)(letters);

/** Abbreviations of one region only; summer time follows the region, as in Java. */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  EST: 'America/New_York',
  EDT: 'America/New_York',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  MST: 'America/Denver',
  MDT: 'America/Denver',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
  CET: 'Europe/Paris',
  CEST: 'Europe/Paris',
};
const ZONE_FORM = '[A-Za-z][A-Za-z0-9_/]*(?:[+-][0-9:]{1,8})?|[+-][0-9:]{1,8}';
const zoneOf = (text: string) => timeZone(Object.hasOwn(ABBREVIATIONS, text) ? ABBREVIATIONS[text]! : text);

const readOffset = (text: string) => {
  if (text === 'Z' || text === 'GMT') return timeZone('UTC');
  return parseOffset(text) === undefined ? undefined : timeZone(text);
};
const offset =
  (forms: Readonly<Record<number, string>>): FieldOf =>
  (letters) => {
    const form = forms[letters];
    return form === undefined ? undefined : { name: 'zone', form, read: readOffset };
  };

const HOUR = '[+-][0-9]{2}';
const OFFSET_FORMS: Readonly<Record<number, string>> = {
  1: `${HOUR}(?:[0-9]{2})?`,
  2: `${HOUR}[0-9]{2}`,
  3: `${HOUR}:[0-9]{2}`,
  4: `${HOUR}[0-9]{2}(?:[0-9]{2})?`,
  5: `${HOUR}:[0-9]{2}(?::[0-9]{2})?`,
};
const OFFSET_FORMS_WITH_Z = Object.fromEntries(
  Object.entries(OFFSET_FORMS).map(([letters, form]) => [letters, `Z|${form}`]),
);
const LONG = `GMT(?:${HOUR}:[0-9]{2})?`;

const FIELDS: Readonly<Record<string, FieldOf>> = {
  G: (letters) =>
    letters < 4 ? { name: 'era', form: 'AD|BC', read: (text) => (text === 'AD' ? 1 : 0) } : undefined,
  u: year('year'),
  y: year('yearOfEra'),
  D: digits('dayOfYear', 3),
  M: month,
  L: month,
  d: digits('day'),
  E: named('weekday', DAYS),
  a: (letters) =>
    letters === 1 ? { name: 'half', form: 'AM|PM', read: (text) => (text === 'PM' ? 1 : 0) } : undefined,
  h: digits('clockHourOfHalf'),
  K: digits('hourOfHalf'),
  k: digits('clockHour'),
  H: digits('hour'),
  m: digits('minute'),
  s: digits('second'),
  S: (letters) =>
    letters > 9
      ? undefined
      : { name: 'nano', form: `[0-9]{${letters}}`, read: (text) => Number(text.padEnd(9, '0')) },
  V: (letters) => (letters === 2 ? { name: 'zone', form: ZONE_FORM, read: zoneOf } : undefined),
  z: (letters) => (letters < 4 ? { name: 'zone', form: ZONE_FORM, read: zoneOf } : undefined),
  O: offset({ 1: 'GMT(?:[+-][0-9]{1,2}(?::[0-9]{2})?)?', 4: LONG }),
  X: offset(OFFSET_FORMS_WITH_Z),
  x: offset(OFFSET_FORMS),
  Z: offset({
    1: OFFSET_FORMS[2]!,
    2: OFFSET_FORMS[2]!,
    3: OFFSET_FORMS[2]!,
    4: LONG,
    5: OFFSET_FORMS_WITH_Z[5]!,
  }),
};

const isBetween = (value: number | undefined, least: number, most: number): value is number =>
  value !== undefined && value >= least && value <= most;

function readYear(get: (name: string) => number | undefined): number | undefined {
  const yearOfEra = get('yearOfEra');
  if (yearOfEra === undefined) return get('year');
  if (yearOfEra < 1) return undefined;
  return get('era') === 0 ? 1 - yearOfEra : yearOfEra;
}

const midnight = (year: number, month: number, day: number) =>
  new Date(0).setUTCFullYear(year, month - 1, day);

/** Java's resolver style SMART: the 31st of a shorter month is its last day. */
function readDate(get: (name: string) => number | undefined): number | undefined {
  const year = readYear(get);
  if (year === undefined) return undefined;
  const [month, day, dayOfYear] = [get('month'), get('day'), get('dayOfYear')];
  let date: number;
  if (month !== undefined) {
    if (!isBetween(month, 1, 12) || !isBetween(day, 1, 31)) return undefined;
    date = Math.min(midnight(year, month, day), midnight(year, month + 1, 0));
  } else {
    if (!isBetween(dayOfYear, 1, 366)) return undefined;
    date = midnight(year, 1, dayOfYear);
    if (date >= midnight(year + 1, 1, 1)) return undefined;
  }
  const weekday = get('weekday');
  const actual = new Date(date).getUTCDay() || 7;
  return weekday === undefined || weekday === actual ? date : undefined;
}

function readHour(get: (name: string) => number | undefined): number | undefined {
  const clockHour = get('clockHour');
  if (clockHour !== undefined) return isBetween(clockHour, 1, 24) ? clockHour % 24 : undefined;
  const clockHourOfHalf = get('clockHourOfHalf');
  if (clockHourOfHalf !== undefined && !isBetween(clockHourOfHalf, 1, 12)) return undefined;
  const ofHalf = clockHourOfHalf === undefined ? get('hourOfHalf') : clockHourOfHalf % 12;
  if (ofHalf === undefined) return get('hour');
  const half = get('half');
  return isBetween(ofHalf, 0, 11) && half !== undefined ? ofHalf + 12 * half : undefined;
}

const TIME_FIELDS = [
  'hour',
  'clockHour',
  'hourOfHalf',
  'clockHourOfHalf',
  'half',
  'minute',
  'second',
  'nano',
];

/** Milliseconds since midnight; a text without any time means midnight. */
function readTime(get: (name: string) => number | undefined): number | undefined {
  if (TIME_FIELDS.every((name) => get(name) === undefined)) return 0;
  const [hour, minute, second, nano] = [
    readHour(get),
    get('minute') ?? 0,
    get('second') ?? 0,
    get('nano') ?? 0,
  ];
  const inHour = minute * MINUTE_MS + second * SECOND_MS + Math.floor(nano / 1e6);
  if (!isBetween(hour, 0, 24) || !isBetween(minute, 0, 59) || !isBetween(second, 0, 59)) return undefined;
  // 24:00 is the end of the day.
  return hour === 24 && (inHour > 0 || nano > 0) ? undefined : hour * HOUR_MS + inHour;
}

function resolve(parts: Parts): number | undefined {
  const get = (name: string) => {
    const value = parts.get(name);
    return typeof value === 'number' ? value : undefined;
  };
  const [date, time] = [readDate(get), readTime(get)];
  if (date === undefined || time === undefined) return undefined;
  const zone = (parts.get('zone') as TimeZone | undefined) ?? timeZone('UTC')!;
  const epoch = toEpoch(date + time, zone);
  return Number.isFinite(epoch) ? epoch : undefined;
}

const MAX_PATTERN = 200;
const MAX_TEXT = 500;
/** A quoted text ('' is a quote), a run of one letter, or anything but what Java reserves. */
const PIECE = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z'{}#]/y;

function translate(found: RegExpExecArray, known: Field[]): string | { readonly problem: string } {
  const [text, quoted, letter] = found;
  if (letter !== undefined) {
    const field = Object.hasOwn(FIELDS, letter) ? FIELDS[letter]!(text.length) : undefined;
    if (!field) return { problem: `the local cloud does not read ${text}` };
    known.push(field);
    return `(${field.form})`;
  }
  if (text === '[') return '(?:';
  if (text === ']') return ')?';
  return RE2JS.quote(quoted === undefined ? text : quoted === '' ? "'" : quoted.replaceAll("''", "'"));
}

export type TimeParser = (text: string) => number | undefined;

function createParser(pattern: RE2JS, known: readonly Field[]): TimeParser {
  return (text) => {
    const matcher = pattern.matcher(text.slice(0, MAX_TEXT + 1));
    if (text.length > MAX_TEXT || !matcher.matches()) return undefined;
    const parts: Parts = new Map();
    for (const [index, { name, read }] of known.entries()) {
      const found = matcher.group(index + 1);
      if (found === null) continue;
      const value = read(found);
      if (value === undefined || (parts.has(name) && parts.get(name) !== value)) return undefined;
      parts.set(name, value);
    }
    return resolve(parts);
  };
}

/** The `problem` of a pattern, or the function from a text to epoch milliseconds. */
export function compileTimeParser(pattern: string): TimeParser | { readonly problem: string } {
  if (pattern.length > MAX_PATTERN) return { problem: `longer than ${MAX_PATTERN} characters` };
  const known: Field[] = [];
  let form = '';
  for (let at = 0; at < pattern.length; at = PIECE.lastIndex) {
    PIECE.lastIndex = at;
    const found = PIECE.exec(pattern);
    if (!found) return { problem: `${JSON.stringify(pattern[at])} at position ${at + 1} means nothing` };
    const translated = translate(found, known);
    if (typeof translated !== 'string') return translated;
    form += translated;
  }
  try {
    return createParser(RE2JS.compile(form, RE2JS.DOTALL), known);
  } catch {
    return { problem: 'square brackets come in pairs' };
  }
}
