// Keeps Fahrenheit and Kelvin under names that say so, or converts them to Celsius in exact decimals if people want that.

import { DECIMAL_PLACES, type Decimal, type Rounded } from './decimal.ts';
import { metricNameOf } from './metric-name.ts';
import { isSpellingOf } from './spelling.ts';

export interface Measured {
  readonly name: string;
  readonly value: Decimal;
  /** As `unitOf` returns it. */
  readonly unit?: string | undefined;
}

const DEGREE = 10n ** BigInt(DECIMAL_PLACES);
const FREEZING_F = 32n * DEGREE;
const FREEZING_K = (27_315n * DEGREE) / 100n;

/** Names that already say Fahrenheit: `tF`, `tempf`, `temperatureF`, `temperature_F_1`, `ambient_fahrenheit`. */
const NAMED_F = /(?:(?:^|_)t|temp|temperature|_)_?f(?:ahrenheit)?(?=_?\d*$)/i;

/**
 * Puts the scale of a Fahrenheit or Kelvin temperature into its name, so that no limit in Celsius judges it. With
 * `inCelsius` it is converted to Celsius under its name without the scale. Values in other units stay as they are.
 */
export function scaled(
  { name, value, unit }: Measured,
  inCelsius = false,
): Measured & { isRounded: boolean } {
  if (unit === '°F') {
    if (inCelsius) return { name: withoutScale(name), ...celsiusOfFahrenheit(value), unit: '°C' };
    const named = NAMED_F.test(name) ? name : metricNameOf([`${name}_F`]);
    return { name: named, value, unit, isRounded: false };
  }
  if (unit === 'K') {
    if (inCelsius)
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

/** A bare `tF` becomes `tC`, because `t` alone says nothing. */
function withoutScale(name: string): string {
  const plain = name.replace(NAMED_F, (scale) => scale.replace(/_?f(?:ahrenheit)?$/i, ''));
  return plain.replace(/(?<=^|_)t(?=_?\d*$)/i, 'tC').replace(/^_/, '') || 'temperature';
}
