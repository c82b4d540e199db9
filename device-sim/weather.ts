// Reads the hourly weather that the simulator replays; errors name the line of a wrong row.

import { readFileSync } from 'node:fs';

export interface Hour {
  /** hPa */
  readonly pressure: number;
  /** °C */
  readonly temperature: number;
  /** m/s */
  readonly wind: number;
}

const COLUMNS = 'date,pressure,temperature,wind';
const DATE_PATTERN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/;
const NUMBER_PATTERN = /^-?\d{1,6}(\.\d{1,6})?$/;

function parseHour(line: string, place: string): Hour {
  const fields = line.split(',');
  if (fields.length !== 4) throw new Error(`${place}: ${fields.length} fields, but ${COLUMNS} are expected`);
  const [date = '', ...values] = fields;
  if (!DATE_PATTERN.test(date))
    throw new Error(`${place}: ${JSON.stringify(date)} is not a date such as 2010-01-01T01:00:00`);
  const wrong = values.find((value) => !NUMBER_PATTERN.test(value));
  if (wrong !== undefined) throw new Error(`${place}: ${JSON.stringify(wrong)} is not a number`);
  const [pressure = 0, temperature = 0, wind = 0] = values.map(Number);
  return { pressure, temperature, wind };
}

/**
 * @param text CSV with the columns date, pressure, temperature and wind, one row per hour.
 * @param name the file's name for errors.
 * @throws Error `name:line: what is wrong`.
 */
export function parseWeather(text: string, name: string): Hour[] {
  const [header, ...lines] = text.replace(/\r?\n$/, '').split(/\r?\n/);
  if (header !== COLUMNS) throw new Error(`${name}:1: the columns must be ${COLUMNS}`);
  if (lines.length === 0) throw new Error(`${name}:2: there are no rows`);
  return lines.map((line, index) => parseHour(line, `${name}:${index + 2}`));
}

/** A year of Seattle, NOAA's hourly normals; see data/README.md. */
export function readSeattleWeather(): Hour[] {
  const name = 'seattle-weather-hourly-normals.csv';
  return parseWeather(readFileSync(new URL(`./data/${name}`, import.meta.url), 'utf8'), name);
}

/** The weather `time` hours after the first row, interpolated between rows, and repeated after the last. */
export function weatherAt(hours: readonly Hour[], time: number): Hour {
  const whole = Math.floor(time);
  const share = time - whole;
  const from = hours[whole % hours.length]!;
  const to = hours[(whole + 1) % hours.length]!;
  const between = (name: keyof Hour) => from[name] + (to[name] - from[name]) * share;
  return { pressure: between('pressure'), temperature: between('temperature'), wind: between('wind') };
}
