// A small alphabet: the characters that globs name, and of all others a few for each set of languages that have them.

import type { Piece } from './glob.ts';
import { isIn, UNIVERSE, type Language } from './words.ts';

/** Easier to read in a counterexample than the first letters of ASCII. */
const BY_LOOKS = Array.from(`abcdefghijklmnopqrstuvwxyz0123456789${UNIVERSE}`);

const isOf = ({ sets }: Language, char: string) => sets.some((set) => isIn(set, char));

/**
 * Characters of the alphabet, first those that make the plainest words. Of characters that nothing distinguishes, one more is kept
 * than there are variables, so that there is always one that no value begins with.
 *
 * @param languages one for each variable
 */
export function lettersOf(
  patterns: readonly (readonly Piece[])[],
  languages: readonly Language[],
): readonly string[] {
  const kept = languages.length + 1;
  const named = new Set(patterns.flat().filter((piece) => typeof piece === 'string'));
  for (const char of '/+#$') named.add(char);
  // A word of fixed length has its fixed characters, which differ by where they are.
  for (const { sets, isFixed } of languages)
    if (isFixed) for (const set of sets) if (set.length === 1) named.add(set);
  const groups = new Map<string, string[]>();
  for (const char of BY_LOOKS) {
    if (named.has(char)) continue;
    const group = languages.map((language) => (isOf(language, char) ? 1 : 0)).join('');
    const chars = groups.get(group) ?? [];
    if (chars.length < kept && !chars.includes(char)) groups.set(group, [...chars, char]);
  }
  return [...[...groups.values()].flat(), ...named];
}
