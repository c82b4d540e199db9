// One claim on one action by one way to the broker: the statements and variables that matter, and what is exact.

import type { Condition } from '../policies/condition.ts';
import type { Statement } from '../policies/document.ts';
import { coversAction, describeStatement } from '../policies/policy.ts';
import { actionKinds, regionOf, type Claim } from './claims.ts';
import { isVariable, piecesOf, type Piece } from './glob.ts';
import { createInexactness, occurrencesIn, type Occurrence } from './occurrences.ts';
import { resourcesOf } from './question.ts';
import { CLIENT, nameIn, ownOf, THING, type Shape } from './shapes.ts';
import { hasSlash, type Language } from './words.ts';

export interface Problem {
  readonly claim: Claim;
  readonly action: string;
  readonly shape: Shape;
  /** False where a proof does not depend on who can connect: then it covers more principals than can exist. */
  readonly asksConnect: boolean;
  /** Sets of policies that must all allow. */
  readonly sides: readonly (readonly Statement[])[];
  readonly on: readonly (readonly Piece[])[];
  readonly except: readonly (readonly Piece[])[];
  /** `arn:aws:iot:us-east-1:000000000000:`; what follows is such as `topic/a/b`. */
  readonly arnPrefix: string;
  readonly languageOf: (variable: string) => Language;
}

/** The kinds of resources by action. */
const ASKED_OF: Readonly<Record<string, readonly string[]>> = {
  'iot:Receive': ['iot:Receive', 'iot:Subscribe'],
};
export const actionsOf = ({ action, asksConnect }: Problem): readonly string[] => [
  ...(ASKED_OF[action] ?? [action]),
  ...(asksConnect ? ['iot:Connect'] : []),
];

const isOnConnect = (statement: Statement) => coversAction(statement, 'iot:connect');

export function relevant(problem: Problem, actions = actionsOf(problem)): Statement[] {
  return problem.sides
    .flat()
    .filter((statement) => actions.some((action) => coversAction(statement, action.toLowerCase())));
}

/** Operators that compare text with text or a glob, which classes of words distinguish. */
const EXACT_OPERATORS = ['StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike', 'Null'];
/** Condition keys that depend on the connection: addresses, times, wills, lists. */
const UNKNOWABLE = [
  'aws:SourceIp',
  'aws:CurrentTime',
  'aws:EpochTime',
  'iot:ConnectAttributes',
  'iot:LastWillTopic',
  'iot:Certificate.AvailableKeys',
  'cognito-identity.amazonaws.com:aud',
];

/** The only piece of a text, where that is a variable. */
const soleVariable = (pieces: readonly Piece[]) =>
  pieces.length === 1 && isVariable(pieces[0]!) ? pieces[0].variable : undefined;

export function isKnownIn({ shape, action }: Problem): (condition: Condition) => boolean {
  return ({ operator, key, patterns, keys }) => {
    const names = keys.map((each) => nameIn(shape, each));
    if (names.some((name) => UNKNOWABLE.includes(name) || name.endsWith('.List'))) return false;
    if (action === 'iot:Connect' && names.includes(CLIENT)) return false;
    if (shape.constants.has(key)) return keys.length === 1;
    if (!EXACT_OPERATORS.includes(operator)) return false;
    return patterns.every(({ tokens, variables }) => {
      const pieces = piecesOf(tokens);
      return variables.length === 0 || soleVariable(pieces) !== undefined;
    });
  };
}

/** Globs of whole resources: those of the policies, and of the claim after the prefix. */
export function resourceGlobs(problem: Problem): Piece[][] {
  const { arnPrefix, on, except, action } = problem;
  const kind = actionKinds[action]!.resource;
  const prefix = Array.from(`${arnPrefix}${kind}/`);
  return [
    ...relevant(problem).flatMap(resourcesOf),
    ...[...on, ...except].map((pieces) => [...prefix, ...pieces]),
  ];
}

/** Values that conditions compare whole words with. */
export function conditionGlobs(problem: Problem): Piece[][] {
  const isKnown = isKnownIn(problem);
  return relevant(problem)
    .flatMap(({ conditions }) => conditions)
    .filter((condition) => isKnown(condition) && !problem.shape.constants.has(condition.key))
    .flatMap(({ patterns }) => patterns.map(({ tokens }) => piecesOf(tokens)))
    .filter((pieces) => !pieces.some(isVariable));
}

const variablesOf = (pieces: readonly Piece[]) =>
  pieces.flatMap((piece) => (isVariable(piece) ? [piece.variable] : []));

/** Variables to fill in. A client ID that only Connect speaks of is found, not filled in. */
export function variablesIn(problem: Problem): string[] {
  const { shape, on, except, action, asksConnect } = problem;
  const isKnown = isKnownIn(problem);
  const inConditions = ({ conditions }: Statement) => conditions.filter(isKnown).flatMap(({ keys }) => keys);
  const inResources = (statement: Statement) => resourcesOf(statement).flatMap(variablesOf);
  const asked = actionsOf(problem).filter((each) => each !== 'iot:Connect');
  const connecting = asksConnect || action === 'iot:Connect' ? relevant(problem, ['iot:Connect']) : [];
  const named = (list: readonly string[]) => list.map((each) => nameIn(shape, each));
  const byClaim = named([...on, ...except].flatMap(variablesOf));
  const found = new Set([
    ...byClaim.filter((name) => ownOf(name) !== undefined),
    ...byClaim,
    ...byClaim.flatMap((name) => ownOf(name) ?? []),
    ...(shape.hasThing && shape.clientIsThing ? named([CLIENT]) : []),
    ...named(relevant(problem, asked).flatMap((each) => [...inResources(each), ...inConditions(each)])),
    ...named(connecting.flatMap(inConditions)),
    ...named(connecting.flatMap(inResources)).filter((name) => name !== CLIENT),
  ]);
  if (action === 'iot:Connect' && !shape.clientIsThing) found.delete(CLIENT);
  for (const name of shape.constants.keys()) found.delete(name);
  // Values of the last ones are made of those before: with slashes, and of others to overlap the principal's own.
  const place = (name: string) =>
    hasSlash(problem.languageOf(name)) ? 2 : ownOf(name) === undefined ? 0 : 1;
  return [...found].sort((a, b) => place(a) - place(b));
}

const occurrencesOf = (problem: Problem): Occurrence[] =>
  resourceGlobs(problem).flatMap((pieces) => occurrencesIn(pieces));

/** Why the value of a variable is not exact at a place: then the variable may be any text there. */
const inexactnessIn = (problem: Problem) =>
  createInexactness(occurrencesOf(problem), (name) => problem.languageOf(nameIn(problem.shape, name)));

/** Whether a value changes nothing where inexact places take any text: it is at such places only, and in no condition. */
export function isIdleIn(problem: Problem): (variable: string) => boolean {
  const { shape } = problem;
  const isKnown = isKnownIn(problem);
  const inexactness = inexactnessIn(problem);
  const named = (name: string) => nameIn(shape, name);
  const compared = relevant(problem).flatMap(({ conditions }) =>
    conditions.filter(isKnown).flatMap(({ keys }) => keys.map(named)),
  );
  const exact = occurrencesOf(problem).filter((each) => inexactness(each) === undefined);
  const used = new Set([...compared, ...exact.map(({ variable }) => named(variable))]);
  // Connect asks for a client ID that is the name.
  const isClientId = shape.clientIsThing && (problem.asksConnect || problem.action === 'iot:Connect');
  return (variable) => !used.has(variable) && !(isClientId && variable === THING);
}

/** The same by place in a glob. */
export function isInexactIn(problem: Problem): (pieces: readonly Piece[], position: number) => boolean {
  const inexactness = inexactnessIn(problem);
  const known = new Map<readonly Piece[], readonly boolean[]>();
  return (pieces, position) => {
    let all = known.get(pieces);
    if (!all) known.set(pieces, (all = occurrencesIn(pieces).map((each) => inexactness(each) !== undefined)));
    return all[pieces.slice(0, position).filter(isVariable).length]!;
  };
}

export const hasUnknown = (problem: Problem): boolean =>
  !relevant(problem).every(({ conditions }) => conditions.every(isKnownIn(problem)));

/** Sentences on what is interpreted more broadly than it is, by statement. */
export function notesOn(problem: Problem): string[] {
  const { shape } = problem;
  const isKnown = isKnownIn(problem);
  const inexactness = inexactnessIn(problem);
  const inGlobs = (globs: readonly (readonly Piece[])[], where: string, isFound: (name: string) => boolean) =>
    globs.flatMap(occurrencesIn).flatMap((occurrence) => {
      const reason = isFound(nameIn(shape, occurrence.variable)) ? undefined : inexactness(occurrence);
      return reason === undefined ? [] : [`${where}: ${reason}, so any text is taken for it`];
    });
  const notes = relevant(problem).flatMap((statement) => {
    const where = describeStatement(statement);
    const taken = statement.effect === 'Allow' ? 'met' : 'not met';
    const conditions = statement.conditions
      .filter((condition) => !isKnown(condition))
      .map(({ label }) => `${where}: condition ${label} is taken as ${taken}`);
    // Of Connect the client ID is the resource itself.
    const isFound = (name: string) => name === CLIENT && isOnConnect(statement);
    return [...conditions, ...inGlobs(resourcesOf(statement), where, isFound)];
  });
  const ofClaim = inGlobs([...problem.on, ...problem.except], 'the claim', () => false);
  return [...new Set([...notes, ...ofClaim])];
}

/** @throws what `fail` throws for an unknown variable */
export function regionsOf(filters: readonly string[], fail: (problem: string) => never): Piece[][] {
  return filters.flatMap((filter) => regionOf(filter, fail));
}
