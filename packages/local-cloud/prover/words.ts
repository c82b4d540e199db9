// The values that a policy variable may have: the characters of its words, and whether their length is fixed.

import { any, parsePattern, star } from '../policies/pattern.ts';
import { StartError } from '../start-error.ts';
import { level, type Piece } from './glob.ts';

/** Words of any length from one on of the characters in `sets[0]`, or of exactly one character from each set. */
export interface Language {
  readonly sets: readonly string[];
  readonly isFixed: boolean;
  /** Globs of words that are left out, such as names that nothing gets: `claim-*`. */
  readonly without: readonly string[];
}

const between = (from: string, to: string) =>
  Array.from({ length: to.charCodeAt(0) - from.charCodeAt(0) + 1 }, (_, n) =>
    String.fromCharCode(from.charCodeAt(0) + n),
  ).join('');
const ALPHANUMERIC = between('a', 'z') + between('A', 'Z') + between('0', '9');
const HEX = '0123456789abcdef';
const BEYOND = 'é';
/** All printable characters of ASCII, and one other letter for the rest. */
export const UNIVERSE = between(' ', '~') + BEYOND;

const plus = (characters: string): Language => ({ sets: [characters], isFixed: false, without: [] });
const fixed = (sets: readonly string[]): Language => ({ sets, isFixed: true, without: [] });
const uuid = [8, 4, 4, 4, 12].flatMap((length, n) => [
  ...(n > 0 ? ['-'] : []),
  ...Array.from({ length }, () => HEX),
]);

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateThing.html and its neighbours. */
export const thingNames = plus(`${ALPHANUMERIC}:_-`);
const attributeValues = plus(`${ALPHANUMERIC}_.,@/:#=[]-`);
/** Of certificates: AWS does not substitute values with a wildcard. */
const withoutWildcards = plus(UNIVERSE.replaceAll(/[*?]/g, ''));

/** Of Cognito, which begin with their region. */
export const identityIds = (region: string) => fixed([...Array.from(`${region}:`), ...uuid]);

/** The language of a policy variable by its canonical key, of those that are not names of things and identities. */
export function languageOf(key: string): Language {
  if (key === 'iot:Connection.Thing.ThingTypeName') return thingNames;
  if (key.startsWith('iot:Connection.Thing.Attributes[')) return attributeValues;
  if (key === 'iot:CertificateId') return fixed(Array.from({ length: 64 }, () => HEX));
  if (key === 'aws:SourceIp') return plus('0123456789abcdef.:');
  return key.startsWith('iot:Certificate.') ? withoutWildcards : plus(UNIVERSE);
}

/** A language by the characters that a claims file gives: `a-zA-Z0-9_-`, as between the brackets of a regular expression. */
export function languageFrom(characters: string): Language {
  let text = '';
  for (const [part] of characters.matchAll(/(.)-(.)|./gsu)) {
    if (part.length === 3 && part[0]! > part[2]!)
      throw new StartError(`${part} is not a range of characters`);
    text += part.length === 3 && part[1] === '-' ? between(part[0]!, part[2]!) : part;
  }
  if (text === '') throw new StartError('there are no characters');
  return plus(text);
}

/** All characters beyond ASCII are alike. */
export const isIn = (set: string, char: string) => set.includes(char) || (char > '~' && set.includes(BEYOND));

export const hasSlash = ({ sets }: Language) => sets.some((set) => set.includes('/'));
/** Whether two words of it can be one the beginning of the other. */
export const isPrefixFree = ({ isFixed }: Language) => isFixed;

/** A glob that matches all words of a language, and more. */
export function globOf(language: Language): Piece[] {
  if (!language.isFixed) return [hasSlash(language) ? star : level];
  return language.sets.map((set) => (set.length === 1 ? set : any));
}

/** Progress in a word: -1 where it cannot become one. */
export function stepWord({ sets, isFixed }: Language, state: number, char: string): number {
  if (state < 0) return -1;
  if (!isFixed) return isIn(sets[0]!, char) ? 1 : -1;
  return isIn(sets[state] ?? '', char) ? state + 1 : -1;
}

export const isWord = ({ sets, isFixed }: Language, state: number): boolean =>
  isFixed ? state === sets.length : state === 1;

export const matchesGlob = (glob: string, text: string): boolean => {
  const bound = parsePattern(glob).bind(() => undefined);
  return 'test' in bound && bound.test(text);
};

export function isWordOf(language: Language, text: string): boolean {
  let state = 0;
  for (const char of text) state = stepWord(language, state, char);
  return isWord(language, state) && !language.without.some((glob) => matchesGlob(glob, text));
}
