// Payloads as real devices publish them: tables of names and texts in which words stand for the present time.

import { readFileSync } from 'node:fs';

/** 2026-11-29T13:45:00Z, half a minute before the arrival of format-cases.ts. */
export const NOW = 1795959900000;
/** Six hours before. */
export const LATE = NOW - 21_600_000;

/** Longer words before those that they begin with. */
const WORDS: readonly (readonly [word: string, meaning: string])[] = [
  ['NOWS_SPACE', '2026-11-29 13:45:00'],
  ['NOWSPACE', '2026-11-29 13:45:00'],
  ['NOWSP2', '2026-11-29 13:45:00'],
  ['NOWLOCAL', '2026-11-29T13:45:00'],
  ['NOWLOWER', '2026-11-29t13:45:00z'],
  ['NOWISO', '2026-11-29T13:45:00Z'],
  ['NOWMS', String(NOW)],
  ['NOWS', String(NOW / 1000)],
  ['LATEMS', String(LATE)],
  ['LATES', String(LATE / 1000)],
];

/** The payloads of a table in tests/core/cases/, by name. */
export function readCases(file: string): ReadonlyMap<string, string> {
  const text = readFileSync(new URL(`../core/cases/${file}`, import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [name = '', payload = ''] = line.split('\t');
      return [name, WORDS.reduce((filled, [word, meaning]) => filled.replaceAll(word, meaning), payload)];
    }),
  );
}
