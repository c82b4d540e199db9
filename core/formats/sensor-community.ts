// Sensor.Community (airRohr): a list of names and values, all as text.

import { isObject, type Format, type Json, type Leaf } from './draft.ts';

/** Values of the firmware's main loop. */
const BOOKKEEPING = new Set([
  'samples',
  'min_micro',
  'max_micro',
  'interval',
  'GPS_timestamp',
  'GPS_date',
  'GPS_time',
]);
const UNITS: readonly (readonly [end: RegExp, unit: string])[] = [
  [/(?:^|_)P\d+$/, 'ug/m3'],
  [/temperature$/, 'Cel'],
  [/humidity$/, '%RH'],
  [/pressure$/, 'Pa'],
  [/co2_ppm$/, 'ppm'],
  [/^signal$/, 'dBm'],
];

/** The firmware's initial values, which it sends for a sensor that did not answer. */
const BROKEN: readonly (readonly [end: RegExp, value: number])[] = [
  [/temperature$/, -128],
  [/humidity$|pressure$|(?:^|_)P\d+$/, -1],
];

/**
 * Recognised by `sensordatavalues`, an array of `value_type` and `value`. `value_type` is used as the metric's name unchanged,
 * because `P1` is PM10 of one sensor and PM2.5 of another.
 * @see https://github.com/opendata-stuttgart/sensors-software/tree/master/airrohr-firmware
 */
export const sensorCommunity: Format = {
  name: 'sensor-community',
  read: (payload) => {
    if (!isObject(payload) || !Array.isArray(payload['sensordatavalues'])) return undefined;
    const items: readonly unknown[] = payload['sensordatavalues'];
    if (items.length === 0 || !items.every(isItem)) return undefined;
    const clock = items.findIndex((item) => item['value_type'] === 'GPS_timestamp');
    const times = clock < 0 ? [] : [{ ...leafOf(items[clock]!, clock), isUtc: true }];
    const leaves = items.map(leafOf).filter(({ name }) => !BOOKKEEPING.has(name[0]!));
    return leaves.length > 0 ? [{ times, values: leaves }] : [];
  },
};

const isItem = (item: unknown): item is Json =>
  isObject(item) && typeof item['value_type'] === 'string' && Object.hasOwn(item, 'value');

function leafOf(item: Json, index: number): Leaf {
  const name = item['value_type'] as string;
  const unit = UNITS.find(([end]) => end.test(name))?.[1];
  const isBroken = BROKEN.some(([end, value]) => end.test(name) && Number(item['value']) === value);
  const value = isBroken ? null : item['value'];
  const leaf = { path: ['sensordatavalues', String(index), 'value'], name: [name], value };
  return unit === undefined ? leaf : { ...leaf, unit };
}
