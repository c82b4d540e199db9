// Turns a value as devices write it, in many forms, into the number that it means, or skips it with a reason.

import { roundedDecimalOf, type Decimal } from './decimal.ts';

/** Why a value is not a measurement. */
export type SkipReason =
  /** Null, `unavailable`, `nan`: the device has no value. */
  | 'no-value'
  /** A number that a sensor sends if it is broken or missing, such as -127 of a DS18B20. */
  | 'sentinel'
  /** Over 1e15 in magnitude. */
  | 'out-of-range'
  /** Not zero, but so small that it would round to zero. */
  | 'underflow'
  /** Text that is not a number. */
  | 'text'
  /** An array, or an object without members. */
  | 'structure'
  /** Looks like a time, but another field gave the reading's time. */
  | 'unused-time'
  /** The reading already has the maximum number of metrics. */
  | 'too-many'
  /** The format knows that it is not a measurement, such as a radio counter or a firmware version. */
  | 'not-measured';

export interface Measurement {
  readonly value: Decimal;
  /** Decimals beyond the fifteenth were rounded away. */
  readonly isRounded: boolean;
  /** Separated from the text, such as `°C`. */
  readonly unit?: string;
}

const NUMBER = '[+-]?(?:0|[1-9]\\d*)?(?:\\.\\d+)?(?:[eE][+-]?\\d{1,3})?';
/** Not `007`, which is a code, and not `1.`, which starts a list item. */
const NUMBER_TEXT = new RegExp(`^${NUMBER}$`);
/** Only units that do not also end names or codes. */
const WITH_UNIT = new RegExp(
  `^(${NUMBER})\\s?(°C|℃|°F|℉|°|%|%RH|ppm|ppb|µg/m³|ug/m3|hPa|kPa|Pa|mbar|bar|psi|mV|kV|V|mA|A|kWh|Wh|kW|W|VA|Hz|kHz|MHz|dBm|dB|lx|lux|mm|cm|km|km/h|m/s|kg|g|l|L|ms|s|min|h)$`,
);
/** A digit other than zero before the exponent. */
const NON_ZERO = /^[^eE]*[1-9]/;
/** Longer text is not a number that a table could hold. */
const MAX_NUMBER_LENGTH = 64;

const SWITCHES: ReadonlyMap<string, 0 | 1> = new Map([
  ['on', 1],
  ['off', 0],
  ['true', 1],
  ['false', 0],
]);

const NO_VALUE =
  /^(?:|[+-]?nan|[+-]?inf(?:inity)?|null|none|undefined|unavailable|unknown|n\/a|-+|no (?:external )?sensor|sensor no connection|read error)$/i;

const TEMPERATURE = /(?<!at)temp|^t[cf]?$|_t[cf]?$|ds18b20|dew_?point/i;
const HUMIDITY = /hum|^rh$|_rh$/i;
/**
 * A DS18B20 that is not connected (-127 °C, -196.6 °F); 0x7FFF and 0x8000 as they are, in tenths and in hundredths; 0xFFFF;
 * and the lowest and highest 32-bit number.
 * DallasTemperature: DEVICE_DISCONNECTED_C, DEVICE_DISCONNECTED_F.
 */
const TEMPERATURE_SENTINELS = new Set([
  -127, -196.6, 32767, 3276.7, 327.67, -32768, -3276.8, -327.68, 65535, 6553.5, 655.35, -2147483648,
  2147483647,
]);
const HUMIDITY_SENTINELS = new Set([
  32767, 3276.7, 327.67, 65535, 6553.5, 655.35, -127, -2147483648, 2147483647,
]);

/** All sentinels, for any metric; no other number counts as one. */
export const SENTINELS: readonly number[] = [...new Set([...TEMPERATURE_SENTINELS, ...HUMIDITY_SENTINELS])];

/**
 * Reads one value of a payload. Numeric text counts, also with a recognised unit; booleans and ON/OFF count as 1 and 0.
 * A number in text has the same value as without its quotes: the shortest decimal of its double. `name` is the metric's
 * name: the numbers that mean "no sensor" depend on what is measured.
 */
export function measurementOf(value: unknown, name: string): Measurement | { readonly skip: SkipReason } {
  if (typeof value === 'number') return ofNumber(value, name);
  if (typeof value === 'boolean') return ofNumber(value ? 1 : 0, name);
  if (value === null || value === undefined) return { skip: 'no-value' };
  if (typeof value !== 'string') return { skip: 'structure' };
  return ofText(value.trim(), name);
}

function ofText(text: string, name: string): Measurement | { readonly skip: SkipReason } {
  if (NO_VALUE.test(text)) return { skip: 'no-value' };
  const flag = SWITCHES.get(text.toLowerCase());
  if (flag !== undefined) return ofNumber(flag, name);
  if (text.length > MAX_NUMBER_LENGTH || !/\d/.test(text)) return { skip: 'text' };
  const [number, unit] = NUMBER_TEXT.test(text) ? [text] : (WITH_UNIT.exec(text)?.slice(1) ?? []);
  if (number === undefined) return { skip: 'text' };
  const value = Number(number);
  // The double of 1e-999 is also zero.
  if (value === 0 && NON_ZERO.test(number)) return { skip: 'underflow' };
  const found = ofNumber(value, name);
  return 'value' in found && unit !== undefined ? { ...found, unit } : found;
}

function ofNumber(value: number, name: string): Measurement | { readonly skip: SkipReason } {
  if (isSentinel(value, name)) return { skip: 'sentinel' };
  const rounded = roundedDecimalOf(value);
  if (!rounded) return { skip: 'out-of-range' };
  return rounded.value === 0n && value !== 0 ? { skip: 'underflow' } : rounded;
}

function isSentinel(value: number, name: string): boolean {
  const short = Math.round(value * 100) / 100;
  if (TEMPERATURE_SENTINELS.has(short) && TEMPERATURE.test(name)) return true;
  return HUMIDITY_SENTINELS.has(short) && HUMIDITY.test(name);
}
