// Decides a claim: proves that no possible principal may do what the claim forbids, or finds the shortest way to do it.

import { star } from '../policies/pattern.ts';
import { isVariable, type Automaton, type Piece } from './glob.ts';
import { anyAssignment, assignmentsOf, type Search } from './assignments.ts';
import { attempt, strictly, type Reading } from './attempt.ts';
import { hasUnknown, isIdleIn, isInexactIn, notesOn, variablesIn, type Problem } from './problem.ts';
import { CLIENT, nameIn, THING } from './shapes.ts';
import { confirmWitness, type Counterexample } from './witness.ts';

export type Verdict = Size &
  (
    | { readonly outcome: 'proven' }
    | { readonly outcome: 'broken'; readonly counterexample: Counterexample }
    /** Neither a proof nor a counterexample; `candidate` says what the policies seem to allow, and why it is not a counterexample. */
    | { readonly outcome: 'undecided'; readonly candidate: string }
  ) & {
    /** What was interpreted more broadly than it is, by statement. */
    readonly notes: readonly string[];
  };

export interface Size {
  /** States of all automata that were searched. */
  readonly states: number;
  /** Classes of words that were distinguished, and tuples of values that were tried. */
  readonly classes: number;
  readonly tuples: number;
}

/** More tuples are not tried, as that would take minutes; a counterexample without rare values is found before. */
const MAX_TUPLES = { any: 1, loose: 10_000, exact: 10_000, strict: 1_000, wide: 1_000 } as const;

interface Pass extends Size {
  readonly counterexample: Counterexample | undefined;
  /** Ways that the evaluator refused: the first one, and why. */
  readonly refused: string | undefined;
  readonly isWhole: boolean;
}

/** Places at which a variable may be any text: of a client ID that is found by Connect, and in a loose reading inexact places. */
function searchOf(problem: Problem, reading: Reading): Search {
  const { shape } = problem;
  const isInexact = isInexactIn(problem);
  const isFound = !variablesIn(problem).includes(CLIENT) && !shape.clientIsThing;
  const isClient = (piece: Piece) => isVariable(piece) && nameIn(shape, piece.variable) === CLIENT;
  return {
    isLoose: (pieces, position) =>
      (isFound && isClient(pieces[position]!)) || (reading === 'loose' && isInexact(pieces, position)),
    isIdle: reading === 'loose' ? isIdleIn(problem) : () => false,
    isWhole: reading === 'loose' || reading === 'exact',
  };
}

/** @param confirm says whether a way is a counterexample */
function pass(problem: Problem, reading: Reading, confirm: typeof confirmWitness = confirmWitness): Pass {
  const automata = new Map<string, Automaton>();
  const {
    letters,
    tuples,
    classes,
    states: classStates,
  } = assignmentsOf(problem, searchOf(problem, reading));
  const sides = reading === 'strict' ? strictly(problem.sides, problem) : problem.sides;
  let states = classStates;
  let tried = 0;
  let refused: string | undefined;
  for (const values of tuples) {
    if (tried >= MAX_TUPLES[reading])
      return { counterexample: undefined, refused, isWhole: false, states, classes, tuples: tried };
    tried += 1;
    const { way, states: more } = attempt({ problem, sides, values, reading }, letters, automata);
    states += more;
    if (!way) continue;
    const confirmed = confirm(problem, values, way);
    if (!('refused' in confirmed))
      return { counterexample: confirmed, refused, isWhole: true, states, classes, tuples: tried };
    refused ??= `${way.found.topic}${way.found.filter && ` by ${way.found.filter}`}: ${confirmed.refused}`;
    if (reading === 'loose' || confirm !== confirmWitness) break;
  }
  return { counterexample: undefined, refused, isWhole: true, states, classes, tuples: tried };
}

/** Under a shape whose client ID is free, whether Connect leaves only the name of the thing: then another shape has it all. */
function isForced(problem: Problem): boolean {
  const { shape } = problem;
  if (!shape.hasThing || shape.clientIsThing || shape.by !== 'mqtt' || problem.action === 'iot:Connect')
    return false;
  const connecting: Problem = {
    ...problem,
    action: 'iot:Connect',
    asksConnect: false,
    on: [[star]],
    except: [[{ variable: THING }]],
  };
  return decide(connecting).outcome === 'proven';
}

const sum = (passes: readonly Size[]): Size => ({
  states: passes.reduce((total, { states }) => total + states, 0),
  classes: Math.max(...passes.map(({ classes }) => classes)),
  tuples: passes.reduce((total, { tuples }) => total + tuples, 0),
});

const NOTHING: Size = { states: 0, classes: 0, tuples: 0 };

/** A quick proof that uses less: it holds for all values of the variables and all clients. */
function proveRoughly(problem: Problem): Size | undefined {
  const broad = { ...problem, asksConnect: false };
  const { letters, values } = anyAssignment(broad);
  const { way, states } = attempt(
    { problem: broad, sides: problem.sides, values, reading: 'any' },
    letters,
    new Map(),
  );
  if (!way) return { states, classes: 1, tuples: 1 };
  if (!problem.asksConnect) return undefined;
  const done = pass(broad, notesOn(broad).length === 0 ? 'exact' : 'loose', () => ({ refused: 'anybody' }));
  return done.isWhole && done.refused === undefined ? done : undefined;
}

/** Decides whether the problem's principal, in this shape, can do what the claim forbids. */
export function decide(problem: Problem): Verdict {
  if (isForced(problem)) return { outcome: 'proven', notes: [], ...NOTHING };
  const roughly = proveRoughly(problem);
  if (roughly) return { outcome: 'proven', notes: [], ...sum([roughly]) };
  const notes = notesOn(problem);
  const passes: Pass[] = [];
  const readings: readonly Reading[] =
    notes.length === 0 ? ['exact'] : hasUnknown(problem) ? ['loose', 'strict', 'wide'] : ['loose', 'wide'];
  for (const reading of readings) {
    const done = pass(problem, reading);
    passes.push(done);
    const { counterexample, isWhole, refused } = done;
    if (counterexample) return { outcome: 'broken', counterexample, notes: [], ...sum(passes) };
    const isProof = reading === 'exact' || reading === 'loose';
    if (isProof && isWhole && refused === undefined) return { outcome: 'proven', notes, ...sum(passes) };
  }
  const refused = passes.find((each) => each.refused !== undefined)?.refused;
  const candidate = refused ?? `more than ${MAX_TUPLES.exact} kinds of principals would have to be tried`;
  return { outcome: 'undecided', candidate, notes, ...sum(passes) };
}
