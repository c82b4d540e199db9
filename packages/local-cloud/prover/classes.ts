// Words that represent all others: two words of one class do the same in every glob where they fill a level of a topic.

import { parsePattern } from '../policies/pattern.ts';
import { automatonOf, piecesOf, run, type Automaton, type Piece } from './glob.ts';
import { isWord, stepWord, type Language } from './words.ts';

export interface ClassesOf {
  /** Whole resources; no character passes a variable. */
  readonly resources: readonly (readonly Piece[])[];
  /** Globs of condition values and other tests on a whole word. */
  readonly wholeWords: readonly (readonly Piece[])[];
  /** Literal text between the slash before a variable and the variable, and between it and the slash after it. */
  readonly before: ReadonlySet<string>;
  readonly after: ReadonlySet<string>;
  /** For each language, whether a wildcard follows one of its words in a level: then words differ also by what may follow. */
  readonly isOpen: readonly boolean[];
  readonly languages: readonly Language[];
  readonly letters: readonly string[];
  /** Number of words needed of each class. */
  readonly count: number;
}

export interface Word {
  readonly text: string;
  /** Words with the same number are of one class. */
  readonly class: number;
  /** Whether it is a word of each language, in their order. */
  readonly isOf: readonly boolean[];
}

interface Tracked {
  readonly automaton: Automaton;
  readonly start: number;
}

/** One for each place at which a word can begin in each resource. */
function placesOf({ resources, before }: ClassesOf): Tracked[] {
  return resources.flatMap((pieces) => {
    const automaton = automatonOf(pieces);
    const starts = new Set(
      [...before].flatMap((text) =>
        automaton.afterSlash.map((position) => run(automaton, text, automaton.at([position]))),
      ),
    );
    return [...starts].map((start) => ({ automaton, start }));
  });
}

const wholly = (pieces: readonly Piece[]): Tracked => {
  const automaton = automatonOf(pieces);
  return { automaton, start: automaton.start };
};

/** The state after a word: of all places, of the tests of whole words and of words left out, and progress in each language. */
interface Progress {
  readonly places: readonly number[];
  readonly tests: readonly number[];
  readonly barred: readonly (readonly number[])[];
  readonly words: readonly number[];
}

type Step = (tracked: readonly Tracked[], states: readonly number[], char: string) => readonly number[];

const step: Step = (tracked, states, char) =>
  states.map((state, n) => tracked[n]!.automaton.step(state, char));
const bits = (tracked: readonly Tracked[], states: readonly number[]) =>
  states.map((state, n) => (tracked[n]!.automaton.accepts(state) ? 1 : 0));

/** Follows words character by character, and keys them by what makes a difference. */
function followerOf(asked: ClassesOf) {
  const { languages } = asked;
  const places = placesOf(asked);
  const tests = asked.wholeWords.map(wholly);
  const barred = languages.map(({ without }) =>
    without.map((text) => wholly(piecesOf(parsePattern(text).tokens))),
  );
  const start: Progress = {
    places: places.map((each) => each.start),
    tests: tests.map((each) => each.start),
    barred: barred.map((list) => list.map((each) => each.start)),
    words: languages.map(() => 0),
  };
  const after = (progress: Progress, char: string): Progress => ({
    places: step(places, progress.places, char),
    tests: step(tests, progress.tests, char),
    barred: barred.map((list, n) => step(list, progress.barred[n]!, char)),
    words: languages.map((language, n) => stepWord(language, progress.words[n]!, char)),
  });
  const membership = ({ words, barred: states }: Progress): boolean[] =>
    languages.map((language, n) => isWord(language, words[n]!) && !bits(barred[n]!, states[n]!).includes(1));
  const seen = (progress: Progress): string => {
    const isOf = membership(progress);
    const rest = isOf.some((is, n) => is && asked.isOpen[n])
      ? [progress.places]
      : [...asked.after].flatMap((text) => {
          let states = progress.places;
          for (const char of text) states = step(places, states, char);
          return [bits(places, states), step(places, states, '/')];
        });
    return JSON.stringify([rest, bits(tests, progress.tests), isOf]);
  };
  return { start, after, membership, seen };
}

export interface Classes {
  readonly words: readonly Word[];
  /** States of the automaton that distinguishes the classes. */
  readonly states: number;
}

/** The shortest words of each class, in the order of their length. */
export function classesOf(asked: ClassesOf): Classes {
  const { start, after, membership, seen } = followerOf(asked);
  const visits = new Map<string, number>();
  const classes = new Map<string, { readonly id: number; count: number }>();
  const words: Word[] = [];

  const keep = (text: string, progress: Progress) => {
    const isOf = membership(progress);
    if (!isOf.includes(true)) return;
    const sight = seen(progress);
    const found = classes.get(sight) ?? { id: classes.size, count: 0 };
    classes.set(sight, found);
    if (found.count >= asked.count) return;
    found.count += 1;
    words.push({ text, class: found.id, isOf });
  };
  /** Undefined where no word continues so, or enough words have reached that state. */
  const visit = (text: string, from: Progress, char: string) => {
    const progress = after(from, char);
    if (progress.words.every((state) => state < 0)) return undefined;
    const key = JSON.stringify(progress);
    const visited = visits.get(key) ?? 0;
    if (visited >= asked.count) return undefined;
    visits.set(key, visited + 1);
    const extended = text + char;
    keep(extended, progress);
    return { text: extended, progress };
  };

  let border = [{ text: '', progress: start }];
  while (border.length > 0)
    border = border.flatMap(({ text, progress }) =>
      asked.letters.flatMap((char) => visit(text, progress, char) ?? []),
    );
  return { words, states: visits.size };
}
