// Fahrenheit and Kelvin stay as they are, under names that say so, unless people ask for Celsius: then exactly, in decimals.

import { DECIMAL_PLACES, type Decimal, type Rounded } from './decimal.ts';
import { metricNameOf } from './metric-name.ts';
import { isSpellingOf } from './spelling.ts';

export interface Measured {
  readonly name: string;
  readonly value: Decimal;
  /** As `unitOf` gives it. */
  readonly unit?: string | undefined;
}

const DEGREE = 10n ** BigInt(DECIMAL_PLACES);
const FREEZING_F = 32n * DEGREE;
const FREEZING_K = (27_315n * DEGREE) / 100n;

/** Names that say Fahrenheit themselves: `tF`, `tempf`, `temperatureF`, `temperature_F_1`, `ambient_fahrenheit`. */
const NAMED_F = /(?:(?:^|_)t|temp|temperature|_)_?f(?:ahrenheit)?(?=_?\d*$)/i;

/**
 * A temperature in Fahrenheit or Kelvin with the scale in its name, so that no limit in Celsius judges it; with `isAsked`
 * in Celsius instead, under its name without the scale. What is in other units stays as it is.
 */
export function scaled({ name, value, unit }: Measured, isAsked = false): Measured & { isRounded: boolean } {
  if (unit === '°F') {
    if (isAsked) return { name: withoutScale(name), ...celsiusOfFahrenheit(value), unit: '°C' };
    const named = NAMED_F.test(name) ? name : metricNameOf([`${name}_F`]);
    return { name: named, value, unit, isRounded: false };
  }
  if (unit === 'K') {
    if (isAsked)
      return { name: name.replace(/_K$/, ''), value: value - FREEZING_K, unit: '°C', isRounded: false };
    if (!isSpellingOf('temperature', name)) return { name, value, unit, isRounded: false };
    return { name: metricNameOf([`${name}_K`]), value, unit, isRounded: false };
  }
  return { name, value, unit, isRounded: false };
}

/** To the nearest fifteenth decimal: ninths have no halves. */
export function celsiusOfFahrenheit(value: Decimal): Rounded {
  const ninths = (value - FREEZING_F) * 5n;
  const half = ninths < 0n ? -4n : 4n;
  return { value: (ninths + half) / 9n, isRounded: ninths % 9n !== 0n };
}

/** Of a bare `tF` the t alone would say nothing: it is `tC`. */
function withoutScale(name: string): string {
  const plain = name.replace(NAMED_F, (scale) => scale.replace(/_?f(?:ahrenheit)?$/i, ''));
  return plain.replace(/(?<=^|_)t(?=_?\d*$)/i, 'tC').replace(/^_/, '') || 'temperature';
}
