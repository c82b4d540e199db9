// Small policies and claims from a seed, and the slow way to decide them: every name and every topic, one by one.

import { compilePolicy, type Statement } from '../../policies/document.ts';
import { parseFilter } from '../../mqtt/topics.ts';
import { canonicalKey } from '../../policies/key.ts';
import { createEvaluator } from '../../policies/policy.ts';
import { createLanguages, shapesOf, THING, type Shape } from '../../prover/shapes.ts';
import { actionKinds, regionOf, type Claim } from '../../prover/claims.ts';
import { fillPieces } from '../../prover/question.ts';
import { automatonOf, run } from '../../prover/glob.ts';
import type { Problem } from '../../prover/problem.ts';

export const arnPrefix = 'arn:aws:iot:us-east-1:000000000000:';
const thing = '${iot:Connection.Thing.ThingName}';

/** Mulberry32: the same numbers for the same seed. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof randomOf>;
const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

const LEVELS = ['a', 'b', 'ab', '*', 'a*', '*b', '?', thing, thing, `a${thing}`, `${thing}*`, `*${thing}`];
const FILTER_LEVELS = [...LEVELS, '+', '#', '${iot:ClientId}'];

function resource(random: Random, kind: string, levels: readonly string[]): string {
  const count = 1 + random(3);
  return arnPrefix + kind + Array.from({ length: count }, () => pick(random, levels)).join('/');
}

const CONDITIONS: readonly (object | undefined)[] = [
  ...Array.from({ length: 6 }, () => undefined),
  { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
  { StringLike: { [THING]: 'a*' } },
  { StringNotEquals: { [THING]: 'b' } },
  { StringEquals: { 'iot:ClientId': thing } },
];

function statement(random: Random, action: string, kind: string, levels: readonly string[]) {
  const condition = pick(random, CONDITIONS);
  const isDeny = random(3) === 0;
  const resources = Array.from({ length: 1 + random(2) }, () => resource(random, kind, levels));
  return {
    Effect: isDeny ? 'Deny' : 'Allow',
    [random(8) === 0 ? 'NotAction' : 'Action']: action,
    [random(8) === 0 ? 'NotResource' : 'Resource']: resources,
    ...(condition && { Condition: condition }),
  };
}

export interface Case {
  readonly document: string;
  readonly problems: readonly Problem[];
}

const CONNECTS = [`client/${thing}`, 'client/a*', 'client/*', 'client/${iot:ClientId}', `client/${thing}*`];
const ON = [
  '${other.thing}',
  'a/${other.thing}',
  '+/${other.thing}/#',
  '${other.thing}/+',
  'a/+',
  '#',
  '+/b',
];
const EXCEPT: readonly (readonly string[])[] = [[], [], ['a/b'], [`${thing}/#`], ['+/a']];

export function caseOf(seed: number): Case {
  const random = randomOf(seed);
  const action = pick(random, ['iot:Publish', 'iot:Publish', 'iot:Connect', 'iot:Receive', 'iot:Subscribe']);
  const connect = {
    Effect: 'Allow',
    Action: 'iot:Connect',
    Resource: arnPrefix + pick(random, CONNECTS),
  };
  const kinds: Readonly<Record<string, readonly (readonly [string, string, readonly string[]])[]>> = {
    'iot:Publish': [['iot:Publish', 'topic/', LEVELS]],
    'iot:Connect': [['iot:Connect', 'client/', LEVELS]],
    'iot:Subscribe': [['iot:Subscribe', 'topicfilter/', FILTER_LEVELS]],
    'iot:Receive': [
      ['iot:Subscribe', 'topicfilter/', FILTER_LEVELS],
      ['iot:Receive', 'topic/', LEVELS],
    ],
  };
  const statements = kinds[action]!.flatMap(([name, kind, levels]) =>
    Array.from({ length: 1 + random(2) }, () => statement(random, name, kind, levels)),
  );
  const document = JSON.stringify({ Version: '2012-10-17', Statement: [connect, ...statements] });
  const claim: Claim = {
    ...{ claim: 'c', of: 'p', actions: [action] },
    ...{ on: [pick(random, ON)], except: pick(random, EXCEPT) },
  };
  return { document, problems: problemsFor(compilePolicy('P', document), claim, action) };
}

const fail = (problem: string): never => {
  throw new Error(problem);
};

export function problemsFor(statements: readonly Statement[], claim: Claim, action: string): Problem[] {
  const languages = createLanguages(new Map(), [], 'us-east-1');
  const languageOf = (name: string) => languages(name) ?? fail(name);
  const globs = (filters: readonly string[]) => filters.flatMap((filter) => regionOf(filter, fail));
  return shapesOf({ kind: 'certificate', policies: [], role: undefined, isGuest: false })
    .filter(({ by }) => actionKinds[action]!.by.includes(by))
    .map((shape) => ({
      asksConnect: shape.by === 'mqtt' && action !== 'iot:Connect',
      ...{ claim, action, shape, sides: [statements], arnPrefix, languageOf },
      ...{ on: globs(claim.on), except: globs(claim.except) },
    }));
}

/** All texts of these characters up to a length. */
function textsUpTo(characters: string, length: number): string[] {
  let last = [''];
  const all: string[] = [];
  for (let n = 0; n < length; n += 1) {
    last = last.flatMap((text) => Array.from(characters, (char) => text + char));
    all.push(...last);
  }
  return all;
}

const NAMES = textsUpTo('abc', 2);
const TOPICS = textsUpTo('abc/', 4);
const FILTERS = textsUpTo('ab/+#', 4).filter((filter) => typeof parseFilter(filter) !== 'string');
const CLIENTS = [...NAMES, 'a/b', '+', '#', 'abc'];

function matchesFilter(filter: string, topic: string): boolean {
  const levels = filter.split('/');
  const parts = topic.split('/');
  for (const [n, each] of levels.entries()) {
    if (each === '#') return true;
    if (n >= parts.length || (each !== '+' && each !== parts[n])) return false;
  }
  return levels.length === parts.length;
}

const lookupFor =
  (shape: Shape, own: string | undefined, clientId: string | undefined) => (written: string) => {
    const key = canonicalKey(written)!;
    if (key === THING) return own;
    if (key === 'iot:ClientId') return clientId;
    return shape.constants.get(key);
  };

/** A principal that can do what the claim forbids; undefined where none of the small ones can. */
export function bruteForce(problem: Problem): string | undefined {
  const { shape, action, sides } = problem;
  const values = (own: string | undefined, other: string) => (name: string) =>
    name === 'other.thing' ? other : own;
  for (const own of shape.hasThing ? NAMES : [undefined]) {
    const clients = shape.by === 'https' ? [undefined] : shape.clientIsThing ? [own] : CLIENTS;
    for (const clientId of clients) {
      const evaluator = createEvaluator('p', sides[0]!, lookupFor(shape, own, clientId));
      const may = (name: string, on: string) => evaluator.decide(name, arnPrefix + on).allowed;
      if (clientId !== undefined && !may('iot:Connect', `client/${clientId}`)) continue;
      const filters = FILTERS.filter(
        (filter) =>
          action !== 'iot:Publish' &&
          action !== 'iot:Connect' &&
          may('iot:Subscribe', `topicfilter/${filter}`),
      );
      const reached =
        action === 'iot:Connect'
          ? [clientId!]
          : TOPICS.filter((topic) =>
              action === 'iot:Publish'
                ? may(action, `topic/${topic}`)
                : (action === 'iot:Subscribe' || may(action, `topic/${topic}`)) &&
                  filters.some((filter) => matchesFilter(filter, topic)),
            );
      if (reached.length === 0) continue;
      for (const other of NAMES.filter((name) => name !== own)) {
        const bound = { valueOf: values(own, other), isLoose: () => false, anyOf: () => [] };
        const covers = (globs: Problem['on']) => {
          const automata = globs.flatMap((pieces) => {
            const filled = fillPieces(pieces, bound, true);
            return filled ? [automatonOf(filled)] : [];
          });
          return (topic: string) => automata.some((each) => each.accepts(run(each, topic)));
        };
        const [on, except] = [covers(problem.on), covers(problem.except)];
        const hit = reached.find((topic) => on(topic) && !except(topic));
        if (hit !== undefined) return `${own} as ${clientId} against ${other}: ${hit}`;
      }
    }
  }
  return undefined;
}
