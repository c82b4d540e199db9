// Values for the variables of a problem: one tuple for all that policies cannot tell apart.

import { classesOf, type Word } from './classes.ts';
import { lettersOf } from './letters.ts';
import { isVariable, type Piece } from './glob.ts';
import { occurrencesIn, type Occurrence } from './occurrences.ts';
import { conditionGlobs, resourceGlobs, variablesIn, type Problem } from './problem.ts';
import { nameIn, ownOf } from './shapes.ts';
import { globOf, hasSlash, isWordOf, type Language } from './words.ts';

export type Assignment = ReadonlyMap<string, string | undefined>;

export interface Assignments {
  readonly letters: readonly string[];
  readonly tuples: Iterable<Assignment>;
  readonly classes: number;
  /** Of the automaton that tells the classes apart. */
  readonly states: number;
}

/** A candidate for a variable; those of one class represent each other as long as they are unused. */
interface Candidate {
  readonly text: string;
  readonly class: string;
}

const distinct = (occurrences: readonly Occurrence[]): readonly Frame[] => [
  ...new Map(
    occurrences.map(({ before, after, isOpen }) => [
      JSON.stringify([before, after, isOpen]),
      { before, after, isOpen },
    ]),
  ).values(),
];

/** What is around variables: literal text, and whether a wildcard follows. */
type Frame = Pick<Occurrence, 'before' | 'after' | 'isOpen'>;

/** Words between the literal text around a variable, as another variable may have such a value. */
function framedWords(
  words: readonly Word[],
  frames: readonly Frame[],
  languages: readonly Language[],
): Word[] {
  return frames.flatMap(({ before = '', after }) =>
    before === '' && after === ''
      ? []
      : words.flatMap((word) => {
          const text = before + word.text + after;
          const isOf = languages.map((language) => isWordOf(language, text));
          return isOf.includes(true) ? [{ text, class: -1, isOf }] : [];
        }),
  );
}

/** Values that overlap those of other variables, where wildcards or text are next to the variable. */
const derived = (others: readonly string[], frames: readonly Frame[]) =>
  frames.flatMap(({ before, after, isOpen }) =>
    others.flatMap((other) => [
      ...(before === undefined ? [`a${other}`, other.slice(1)] : [before + other + after]),
      ...(isOpen ? [`${other}${after}a`, other.slice(0, -1)] : []),
    ]),
  );

/** Values with slashes, made from those of other variables. */
const slashed = (others: readonly string[]) => [
  ...['+', '#'],
  ...others.flatMap((other) => [other, `a/${other}`, `${other}/a`, `a/${other}/a`]),
  ...['+', '#'].flatMap((wild) => others.map((other) => `${wild}/${other}`)),
];

/** One tuple for all, where every variable may be any text: it only says which variables have no value. */
export function anyAssignment(
  problem: Problem,
): Pick<Assignments, 'letters'> & { readonly values: Assignment } {
  const { shape, languageOf } = problem;
  const variables = variablesIn(problem);
  const present = variables.filter((name) => !shape.isAbsent(name));
  const values = new Map(variables.map((name) => [name, shape.isAbsent(name) ? undefined : '']));
  return { letters: lettersOf(resourceGlobs(problem), present.map(languageOf)), values };
}

/** The resources, with a glob of all values in place of each loose variable. */
function globsAsRead(
  problem: Problem,
  isLoose: (pieces: readonly Piece[], position: number) => boolean,
): Piece[][] {
  return resourceGlobs(problem).map((pieces) =>
    pieces.flatMap((piece, position) =>
      isVariable(piece) && isLoose(pieces, position)
        ? globOf(problem.languageOf(nameIn(problem.shape, piece.variable)))
        : [piece],
    ),
  );
}

export interface Search {
  /** Where a variable may have any value, whatever value it has elsewhere. */
  readonly isLoose: (pieces: readonly Piece[], position: number) => boolean;
  /** Variables for which one value is as good as all. */
  readonly isIdle: (variable: string) => boolean;
  /** Whether the tuples must represent all others; else they are those that are likely to be a counterexample. */
  readonly isWhole: boolean;
}

/** What the tuples are made of. */
interface Space {
  readonly problem: Problem;
  readonly search: Search;
  readonly variables: readonly string[];
  /** The variables that have a value. */
  readonly present: readonly string[];
  readonly frames: readonly Frame[];
  readonly words: readonly Word[];
}

/** The automaton's words, and what it was made from. */
function findClasses(problem: Problem, { isLoose, isWhole }: Search, present: readonly string[]) {
  const { shape, languageOf } = problem;
  const languages = present.map(languageOf);
  const resources = globsAsRead(problem, isLoose);
  const wholeWords = conditionGlobs(problem);
  const letters = lettersOf([...resources, ...wholeWords], languages);
  const occurrences = resources.flatMap(occurrencesIn);
  const special = languages.some(({ sets }) => sets.some((set) => set.includes('+') || set.includes('#')))
    ? [['+'], ['#']]
    : [];
  const found = classesOf({
    resources,
    wholeWords: [...wholeWords, ...special],
    before: new Set(['', ...occurrences.flatMap(({ before }) => before ?? [])]),
    after: new Set(['', ...occurrences.map(({ after }) => after)]),
    isOpen: present.map(
      (name) =>
        isWhole && occurrences.some(({ variable, isOpen }) => isOpen && nameIn(shape, variable) === name),
    ),
    ...{ languages, letters, count: Math.max(1, present.length) },
  });
  return { found, letters, languages, frames: distinct(occurrences) };
}

/** The words, and those words framed by literal text. */
function withFramed(
  words: readonly Word[],
  frames: readonly Frame[],
  languages: readonly Language[],
): readonly Word[] {
  const all = [...words];
  // A value may be framed by text whose value is framed again, once for each further variable.
  for (let n = 1, last = all; n < languages.length && last.length > 0; n += 1) {
    last = framedWords(last, frames, languages);
    all.push(...last);
  }
  return all;
}

function candidatesFor(space: Space, name: string, given: Assignment): Candidate[] {
  const { problem, search, present, frames, words } = space;
  const language = problem.languageOf(name);
  const index = present.indexOf(name);
  const others = [...given.values()].filter((value) => value !== undefined);
  const made = [
    ...(search.isWhole ? [] : derived(others, frames)),
    ...(hasSlash(language) ? slashed(others) : []),
  ].filter((text) => isWordOf(language, text));
  return [
    ...made.map((text) => ({ text, class: text })),
    ...words
      .filter(({ isOf }) => isOf[index])
      .map(({ text, class: id }) => ({ text, class: id < 0 ? text : String(id) })),
  ];
}

/** The tuples that complete `given` from the variable at `at` on. @param used the class of each value that is taken */
function* fill(
  space: Space,
  at: number,
  given: Assignment,
  used: ReadonlyMap<string, string>,
): Iterable<Assignment> {
  const { shape } = space.problem;
  const name = space.variables[at];
  if (name === undefined) {
    yield given;
    return;
  }
  if (shape.isAbsent(name)) {
    yield* fill(space, at + 1, new Map([...given, [name, undefined]]), used);
    return;
  }
  const fresh = new Set<string>();
  for (const { text, class: id } of candidatesFor(space, name, given)) {
    if (isEqualToOther(name, text, given)) continue;
    if (!used.has(text)) {
      if (fresh.has(id)) continue; // another word of this class has been tried, and does the same
      fresh.add(id);
    }
    yield* fill(space, at + 1, new Map([...given, [name, text]]), new Map([...used, [text, id]]));
    if (space.search.isIdle(name)) return;
  }
  if (shape.isOptional(name)) yield* fill(space, at + 1, new Map([...given, [name, undefined]]), used);
}

export function assignmentsOf(problem: Problem, search: Search): Assignments {
  const variables = variablesIn(problem);
  const present = variables.filter((name) => !problem.shape.isAbsent(name));
  const { found, letters, languages, frames } = findClasses(problem, search, present);
  const words = search.isWhole ? withFramed(found.words, frames, languages) : found.words;
  const space: Space = { problem, search, variables, present, frames, words };
  const classes = new Set(found.words.map((word) => word.class)).size;
  return { letters, tuples: fill(space, 0, new Map(), new Map()), classes, states: found.states };
}

/** Another thing has another name: `${other.thing}` never has the value of the principal's own. */
function isEqualToOther(name: string, text: string, given: Assignment): boolean {
  for (const [earlier, value] of given) {
    if (value === text && (ownOf(earlier) === name || ownOf(name) === earlier)) return true;
  }
  return false;
}
