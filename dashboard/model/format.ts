// Formats numbers, times and durations.

const MINUS = '\u2212';
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** The number of decimals to show: depends on the unit, and is smaller for large numbers. */
export function decimalsOf(value: number, unit?: string): number {
  const size = Math.abs(value);
  if (unit === '%' || size >= 1000) return 0;
  return size >= 1 || size === 0 || unit === '°C' || unit === '°F' ? 1 : 2;
}

/** Such as `−19.4`, with a true minus sign. `isShort` removes trailing zeros. */
export function numberText(value: number, unit?: string, isShort = false): string {
  if (!Number.isFinite(value)) return '\u2013';
  const fixed = value.toFixed(decimalsOf(value, unit));
  const text = isShort && fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed;
  return text.replace(/^-(?=0*\.?0*$)/, '').replace('-', MINUS);
}

/** Such as `24 min`: rounded to one unit. */
export function durationText(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < 90_000) return `${Math.round(span / 1000)} s`;
  if (span < 90 * MINUTE) return `${Math.round(span / MINUTE)} min`;
  if (span < 36 * HOUR) return `${Math.round(span / HOUR)} h`;
  return `${Math.round(span / DAY)} d`;
}

/** A bucket's size, exact, such as `10 s`, `2 min` or `1 h`. */
export function sizeText(milliseconds: number): string {
  if (milliseconds < MINUTE) return `${milliseconds / 1000} s`;
  if (milliseconds < HOUR) return `${milliseconds / MINUTE} min`;
  return milliseconds < DAY ? `${milliseconds / HOUR} h` : `${milliseconds / DAY} d`;
}

const clock = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', options);
const HM = clock({ hour: '2-digit', minute: '2-digit' });
const HMS = clock({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY_HM = clock({
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const DAY_NAME = clock({ day: 'numeric', month: 'short' });
const MONTH = clock({ month: 'short', year: 'numeric' });
const YEAR_DAY = clock({ day: 'numeric', month: 'short', year: 'numeric' });
const LONG = clock({
  ...{ weekday: 'long', day: 'numeric', month: 'long' },
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
});

export const minuteText = (at: number) => HM.format(at);
export const secondText = (at: number) => HMS.format(at);
export const dayMinuteText = (at: number) => DAY_HM.format(at);
export const dayText = (at: number) => DAY_NAME.format(at);
export const monthText = (at: number) => MONTH.format(at);
/** Date and time; for spans (in milliseconds) over 60 days, the date with the year. */
export const edgeText = (at: number, span: number) =>
  span > 60 * DAY ? YEAR_DAY.format(at) : DAY_HM.format(at);
/** A moment within a span: only the time for spans of up to a day. */
export const pointText = (at: number, span: number) =>
  span > 25 * HOUR ? edgeText(at, span) : secondText(at);
export const longText = (at: number) => LONG.format(at);
export const utcText = (at: number) => `${new Date(at).toISOString().replace('T', ' ').slice(0, 19)} UTC`;

/** The time, with the day if it is not today. */
export const momentText = (at: number, now: number) =>
  now - at < 20 * HOUR && new Date(at).getDate() === new Date(now).getDate()
    ? minuteText(at)
    : dayMinuteText(at);

/** A device's display name: `demo-fridge-1` becomes `Demo fridge 1`. */
export function nameText(id: string): string {
  const words = id.split(':').at(-1)!.replaceAll(/[-_]+/g, ' ').trim();
  return words === '' ? id : words[0]!.toUpperCase() + words.slice(1);
}

/** A metric's display name: `temperature` becomes `Temperature`, `BME280_Temperature` becomes `BME280 Temperature`. */
export function metricText(metric: string): string {
  const words = metric.replaceAll('_', ' ');
  return words[0]!.toUpperCase() + words.slice(1);
}

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
/** Numbers up to ten as words. */
export const countText = (count: number) => NUMBERS[count] ?? count.toLocaleString('en');
export const plural = (count: number, one: string, many = `${one}s`) =>
  `${countText(count)} ${count === 1 ? one : many}`;
export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
