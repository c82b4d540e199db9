// One attempt: with given values of the variables, whether the principal reaches what the claim forbids, and how.

import type { Statement } from '../policies/document.ts';
import { parsePattern } from '../policies/pattern.ts';
import { isVariable, piecesOf, type Automaton, type Piece } from './glob.ts';
import type { Assignment } from './assignments.ts';
import { actionKinds } from './claims.ts';
import { isInexactIn, isKnownIn, type Problem } from './problem.ts';
import { policyMachine, regionMachine, type Binding, type Machine } from './question.ts';
import { searchHeard } from './search-heard.ts';
import { searchText, type Found, type SearchResult } from './search.ts';
import { CLIENT, nameIn, THING } from './shapes.ts';
import { globOf } from './words.ts';
import { lookupOf } from './witness.ts';

/**
 * How inexact parts of policies are interpreted. `exact`: there are none. `any`: every variable may be any text, and conditions
 * on variables always help. `loose`: unknown conditions always help, and a variable at an inexact place may be any text, which
 * allows at least what the policies do. `strict`: unknown conditions never help. `wide`: they help, and the evaluator decides.
 */
export type Reading = 'any' | 'exact' | 'strict' | 'wide' | 'loose';

/** The statements under which a counterexample holds whatever an unknown condition is: without each Allow that has one. */
export const strictly = (
  sides: readonly (readonly Statement[])[],
  problem: Problem,
): (readonly Statement[])[] => {
  const isKnown = isKnownIn(problem);
  return sides.map((statements) =>
    statements.flatMap((statement) => {
      if (statement.conditions.every(isKnown)) return [statement];
      if (statement.effect === 'Allow') return [];
      return [{ ...statement, conditions: statement.conditions.filter(isKnown) }];
    }),
  );
};

/** A client ID that no variable holds: any that Connect allows. */
const isFreeClient = ({ shape }: Problem, values: Assignment) =>
  !shape.clientIsThing && values.get(CLIENT) === undefined && shape.by === 'mqtt';

function bindingOf(
  problem: Problem,
  values: Assignment,
  reading: Reading,
  automata: Map<string, Automaton>,
): Binding {
  const { shape } = problem;
  const isInexact = isInexactIn(problem);
  const isFree = isFreeClient(problem, values);
  const isClient = (piece: Piece) => isVariable(piece) && nameIn(shape, piece.variable) === CLIENT;
  return {
    automata,
    lookup: lookupOf(problem, values, undefined),
    isKnown:
      reading === 'any' ? ({ keys }) => keys.every((key) => shape.constants.has(key)) : isKnownIn(problem),
    valueOf: (variable) => {
      const name = nameIn(shape, variable);
      return isFree && name === CLIENT ? '' : values.get(name);
    },
    anyOf: (variable) => globOf(problem.languageOf(nameIn(shape, variable))),
    isLoose: (pieces, position) =>
      reading === 'any' ||
      (isFree && isClient(pieces[position]!)) ||
      (reading === 'loose' && isInexact(pieces, position)),
  };
}

/** A machine that accepts exactly one text. */
const only = (text: string, binding: Binding): Machine => regionMachine([Array.from(text)], [], binding);

interface Way {
  readonly found: Found;
  readonly clientId: string | undefined;
}

export interface Attempt {
  readonly way: Way | undefined;
  readonly states: number;
}

/** The client ID under which the principal connects, if it can. */
function connect(
  { problem, values, sides, reading }: Setting,
  binding: Binding,
  letters: readonly string[],
): SearchResult {
  const { shape, arnPrefix } = problem;
  const machine = policyMachine(sides, 'iot:Connect', `${arnPrefix}client/`, binding);
  const clientId = values.get(shape.clientIsThing ? THING : CLIENT);
  const isFixed = clientId !== undefined && (shape.clientIsThing || reading !== 'loose');
  return searchText(isFixed ? [machine, only(clientId, binding)] : [machine], letters);
}

export interface Setting {
  readonly problem: Problem;
  readonly sides: readonly (readonly Statement[])[];
  readonly values: Assignment;
  readonly reading: Reading;
}

/** Names that nothing can have, so that a claim on names is not about them. */
function namesLeftOut({ on, languageOf, shape }: Problem): Piece[][] {
  const [variable, ...others] = on.map(([first, ...rest]) =>
    first !== undefined && isVariable(first) && rest.length === 0 ? nameIn(shape, first.variable) : undefined,
  );
  if (variable === undefined || others.length > 0) return [];
  return languageOf(variable).without.map((glob) => piecesOf(parsePattern(glob).tokens));
}

export function attempt(
  setting: Setting,
  letters: readonly string[],
  automata: Map<string, Automaton>,
): Attempt {
  const { problem, values, sides, reading } = setting;
  const { action, shape, arnPrefix } = problem;
  const binding = bindingOf(problem, values, reading, automata);
  const region = regionMachine(problem.on, [...problem.except, ...namesLeftOut(problem)], binding);
  const { resource } = actionKinds[action]!;
  if (action === 'iot:Connect') {
    const own = shape.clientIsThing && reading !== 'any' ? [only(values.get(THING) ?? '', binding)] : [];
    const machine = policyMachine(sides, action, `${arnPrefix}client/`, binding);
    const { found, states } = searchText([region, machine, ...own], letters);
    return { way: found && { found, clientId: found.topic }, states };
  }
  const connected = problem.asksConnect ? connect(setting, binding, letters) : undefined;
  if (connected && !connected.found) return { way: undefined, states: connected.states };
  const clientId = connected?.found?.topic;
  const machineFor = (name: string, kind: string) =>
    policyMachine(sides, name, `${arnPrefix}${kind}/`, binding);
  const texts = resource === 'topic' ? letters.filter((char) => char !== '+' && char !== '#') : letters;
  const { found, states } =
    action === 'iot:Receive' || action === 'iot:Subscribe'
      ? searchHeard(
          machineFor('iot:Subscribe', 'topicfilter'),
          action === 'iot:Receive' ? [region, machineFor(action, 'topic')] : [region],
          letters,
        )
      : searchText([region, machineFor(action, resource)], texts);
  return { way: found && { found, clientId }, states: states + (connected?.states ?? 0) };
}
