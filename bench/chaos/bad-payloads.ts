// Faulty payloads: unusable values, rejected readings, and messages that are rejected whole.

import type { Random } from './random.ts';

const DAY = 86_400_000;

/** A number that is sent with exactly these digits. */
const exactly = (digits: string) => `#${digits}#`;
/** JSON text with such numbers as numbers. */
export const jsonWithDigits = (value: unknown) => JSON.stringify(value).replaceAll(/"#([^"#]+)#"/g, '$1');

/** Members to add to good ones. Some are numbers in other forms, which count. */
export function badValues(random: Random): Record<string, unknown> {
  const values: readonly unknown[] = [
    ...[null, 'broken', '', [1, 2], exactly('1E300'), -1e16, 'nan', 'unavailable', '007'],
    ...[
      '12.5',
      '-3',
      true,
      false,
      0.1 + 0.2,
      1 / 3,
      exactly('123456789012345.678'),
      exactly('1e-999'),
      exactly('12345678901234567890'),
      99999999999999.98,
      1e-9,
      exactly('-0.0'),
      exactly('100.10'),
      5e-15,
    ],
  ];
  const names = ['power', 'door', 'co2', 'pressure', 'battery'];
  return {
    ...Object.fromEntries(names.filter(() => random.chance(0.6)).map((name) => [name, random.pick(values)])),
    ...(random.chance(0.2) && { temperature: random.pick([null, -127, 'n/a']) }),
  };
}

/** A reading, or another value in its place, that is rejected with a reason. */
export function refusedReading(random: Random, now: number): unknown {
  const timestamp = random.pick<unknown>([
    now - 8 * DAY,
    now + DAY,
    'yesterday',
    '11/29/2026',
    -5,
    0,
    true,
    1e30,
  ]);
  return random.pick<unknown>([
    { timestamp, temperature: 4 },
    { timestamp, temperature: 21 },
    { timestamp, serial: exactly('12345678901234567890'), temperature: 4 },
    { timestamp: now, temperature: null },
    { timestamp: now, state: 'open' },
    5,
    'text',
    null,
  ]);
}

/** The text of a message that is rejected whole. */
export function badWhole(random: Random, key: string, maxReadings: number): string {
  return random.pick([
    () => `{"temperature": 4.${key}`,
    () => `hello ${key}`,
    () => JSON.stringify({ readings: [], note: key }),
    () => JSON.stringify({ readings: 7, note: key }),
    () => JSON.stringify({ note: key, state: 'on strike' }),
    () => JSON.stringify({ readings: Array.from({ length: maxReadings + 1 }, () => ({ t: 1 })), note: key }),
  ])();
}
