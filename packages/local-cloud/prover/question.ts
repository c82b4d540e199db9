// One question with all values filled in: which resources the policies allow, and which of them must not be.

import { coversAction } from '../policies/policy.ts';
import type { Condition } from '../policies/condition.ts';
import type { Statement } from '../policies/document.ts';
import type { Lookup } from '../policies/pattern.ts';
import { automatonOf, isVariable, piecesOf, run, type Automaton, type Piece } from './glob.ts';

/** The resources of one statement. */
interface Clause {
  readonly automata: readonly number[];
  readonly isNegated: boolean;
}

/** One set of policies, by which something must be allowed and not denied. */
interface Side {
  readonly allows: readonly Clause[];
  readonly denies: readonly Clause[];
}

/** Several automata that read one text: a state is the list of theirs. */
export interface Machine {
  readonly starts: readonly number[];
  step(states: readonly number[], char: string): number[];
  accepts(states: readonly number[]): boolean;
  /** False where nothing that follows can be accepted. */
  isAlive(states: readonly number[]): boolean;
}

/** How a question is asked of the policies: `exact`, or so that they allow at least as much as they do. */
export interface Binding {
  /** Values of variables; undefined for a variable without one. */
  readonly valueOf: (variable: string) => string | undefined;
  /** For conditions. */
  readonly lookup: Lookup;
  /** Whether a condition can be evaluated. */
  readonly isKnown: (condition: Condition) => boolean;
  /** Whether a variable of these pieces may be any text instead of its value. */
  readonly isLoose: (pieces: readonly Piece[], position: number) => boolean;
  /** A glob of at least the values that a variable can have. */
  readonly anyOf: (variable: string) => readonly Piece[];
  /** Shared by the questions of one proof. */
  readonly automata: Map<string, Automaton>;
}

const MARKS = new Map<Piece, string>();
/** Unlike any character, as they are longer than one. */
const markOf = (piece: Piece): string => {
  if (typeof piece === 'string') return piece;
  let mark = MARKS.get(piece);
  if (mark === undefined) MARKS.set(piece, (mark = `<${String((piece as symbol).description)}>`));
  return mark;
};

function sharedAutomaton(automata: Map<string, Automaton>, pieces: readonly Piece[]): Automaton {
  const key = JSON.stringify(pieces.map(markOf));
  let found = automata.get(key);
  if (!found) automata.set(key, (found = automatonOf(pieces)));
  return found;
}

/**
 * Replaces variables by values. A loose variable becomes any value where more may match, and removes the glob where less may.
 *
 * @returns undefined for a glob that matches nothing
 */
export function fillPieces(
  pieces: readonly Piece[],
  { valueOf, isLoose, anyOf }: Pick<Binding, 'valueOf' | 'isLoose' | 'anyOf'>,
  mayMatchMore: boolean,
): Piece[] | undefined {
  const filled: Piece[] = [];
  for (const [position, piece] of pieces.entries()) {
    if (!isVariable(piece)) {
      filled.push(piece);
      continue;
    }
    const value = valueOf(piece.variable);
    if (value === undefined) return undefined;
    if (!isLoose(pieces, position)) filled.push(...Array.from(value));
    else if (mayMatchMore) filled.push(...anyOf(piece.variable));
    else return undefined;
  }
  return filled;
}

export const resourcesOf = ({ resources }: Statement): Piece[][] =>
  resources.patterns.map(({ tokens }) => piecesOf(tokens));

/** An unknown condition holds for an Allow and does not for a Deny, so that no proof rests on it. */
export const mayHold = ({ effect, conditions }: Statement, { isKnown, lookup }: Binding): boolean =>
  conditions.every((condition) =>
    isKnown(condition) ? condition.evaluate(lookup) === true : effect === 'Allow',
  );

/** Collects automata, each once. */
function collector(binding: Binding) {
  const all: Automaton[] = [];
  const add = (pieces: readonly Piece[]): number => {
    const automaton = sharedAutomaton(binding.automata, pieces);
    const known = all.indexOf(automaton);
    return known >= 0 ? known : all.push(automaton) - 1;
  };
  return { all, add };
}

function clauseOf(
  statement: Statement,
  binding: Binding,
  add: (pieces: readonly Piece[]) => number,
): Clause | undefined {
  const { effect, resources } = statement;
  const isNegated = resources.negated;
  const globs = resourcesOf(statement);
  // As in the evaluator: a missing value keeps an Allow with NotResource from matching.
  const isMissing = globs.some((pieces) =>
    pieces.some((piece) => isVariable(piece) && binding.valueOf(piece.variable) === undefined),
  );
  if (isNegated && isMissing && effect === 'Allow') return undefined;
  const mayMatchMore = (effect === 'Allow') !== isNegated;
  const automata = globs.flatMap((pieces) => {
    const filled = fillPieces(pieces, binding, mayMatchMore);
    return filled ? [add(filled)] : [];
  });
  return automata.length === 0 && !isNegated ? undefined : { automata, isNegated };
}

function machineOf(
  all: readonly Automaton[],
  prefix: string,
  accepts: (met: (automaton: number) => boolean) => boolean,
  isAlive: (lives: (automaton: number) => boolean) => boolean,
): Machine {
  return {
    starts: all.map((automaton) => run(automaton, prefix)),
    step: (states, char) => states.map((state, n) => (state === 0 ? 0 : all[n]!.step(state, char))),
    accepts: (states) => accepts((n) => all[n]!.accepts(states[n]!)),
    isAlive: (states) => isAlive((n) => states[n] !== 0),
  };
}

/**
 * What the policies allow of an action.
 *
 * @param sides sets of policies that must all allow it
 * @param prefix of the ARN, up to and with `topic/`
 */
export function policyMachine(
  sides: readonly (readonly Statement[])[],
  action: string,
  prefix: string,
  binding: Binding,
): Machine {
  const { all, add } = collector(binding);
  const asked = sides.map((statements): Side => {
    const clauses = statements
      .filter((statement) => coversAction(statement, action.toLowerCase()) && mayHold(statement, binding))
      .flatMap((statement) => {
        const clause = clauseOf(statement, binding, add);
        return clause ? [{ effect: statement.effect, clause }] : [];
      });
    const of = (effect: Statement['effect']) =>
      clauses.filter((each) => each.effect === effect).map(({ clause }) => clause);
    return { allows: of('Allow'), denies: of('Deny') };
  });
  const matches = ({ automata, isNegated }: Clause, met: (automaton: number) => boolean) =>
    automata.some(met) !== isNegated;
  return machineOf(
    all,
    prefix,
    (met) =>
      asked.every(
        ({ allows, denies }) =>
          allows.some((clause) => matches(clause, met)) && !denies.some((clause) => matches(clause, met)),
      ),
    (lives) =>
      asked.every(({ allows }) =>
        allows.some(({ automata, isNegated }) => isNegated || automata.some(lives)),
      ),
  );
}

/** What a claim is about: `on` without `except`, as texts after the prefix. */
export function regionMachine(
  on: readonly (readonly Piece[])[],
  except: readonly (readonly Piece[])[],
  binding: Binding,
): Machine {
  const { all, add } = collector(binding);
  const bind = (globs: readonly (readonly Piece[])[], mayMatchMore: boolean) =>
    globs.flatMap((pieces) => {
      const filled = fillPieces(pieces, binding, mayMatchMore);
      return filled ? [add(filled)] : [];
    });
  const wanted = bind(on, true);
  const left = bind(except, false);
  return machineOf(
    all,
    '',
    (met) => wanted.some(met) && !left.some(met),
    (lives) => wanted.some(lives),
  );
}
