// What policies must never allow, as data: read from JSON, checked, and compiled to globs.

import { StartError } from '../start-error.ts';
import { star, type Token } from '../policies/pattern.ts';
import { level, piecesOf, type Piece } from './glob.ts';

/** The prefix of the name in an ARN of AWS IoT, and the ways by which a principal can do it. */
export interface ActionKind {
  readonly resource: 'client' | 'topic' | 'thing';
  readonly by: readonly ('mqtt' | 'https')[];
}

const ON_THING: ActionKind = { resource: 'thing', by: ['https'] };
const JOBS = [
  'DescribeJobExecution',
  'GetPendingJobExecutions',
  'UpdateJobExecution',
  'StartNextPendingJobExecution',
];

/** https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-actions.html */
export const actionKinds: Readonly<Record<string, ActionKind>> = {
  'iot:Connect': { resource: 'client', by: ['mqtt'] },
  'iot:Publish': { resource: 'topic', by: ['mqtt', 'https'] },
  'iot:RetainPublish': { resource: 'topic', by: ['mqtt', 'https'] },
  'iot:Subscribe': { resource: 'topic', by: ['mqtt'] },
  'iot:Receive': { resource: 'topic', by: ['mqtt'] },
  'iot:GetRetainedMessage': { resource: 'topic', by: ['https'] },
  ...Object.fromEntries(
    ['GetThingShadow', 'UpdateThingShadow', 'DeleteThingShadow', 'ListNamedShadowsForThing'].map((name) => [
      `iot:${name}`,
      ON_THING,
    ]),
  ),
  ...Object.fromEntries(JOBS.map((name) => [`iotjobsdata:${name}`, ON_THING])),
};

export interface Claim {
  /** The claim as a sentence. */
  readonly claim: string;
  /** Name of a principal. */
  readonly of: string;
  readonly actions: readonly string[];
  /** MQTT topic filters, client IDs or thing names. */
  readonly on: readonly string[];
  readonly except: readonly string[];
}

/** Names of policies: of the template's resources, of the registry, or of `documents`. */
export interface PrincipalSpec {
  readonly kind: 'certificate' | 'identity';
  readonly policies: readonly string[];
  /** Of an identity. */
  readonly role: string | undefined;
  readonly isGuest: boolean;
}

export interface Claims {
  readonly principals: ReadonlyMap<string, PrincipalSpec>;
  /** Policy documents with parameters, such as one for each site. */
  readonly documents: ReadonlyMap<string, unknown>;
  /** The characters that values of each parameter may have. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Globs of names that no thing has. */
  readonly noThing: readonly string[];
  readonly claims: readonly Claim[];
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Reads a value, or fails with its place in the claims and what is expected there. */
function reader(source: string) {
  const fail = (place: string, problem: string): never => {
    throw new StartError(`${source}: ${place}: ${problem}`);
  };
  const object = (value: unknown, place: string, known?: readonly string[]): JsonObject => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return fail(place, 'an object is expected');
    const other = known && Object.keys(value).find((name) => !known.includes(name));
    if (other !== undefined) return fail(place, `there is no ${other} here: expected ${known!.join(', ')}`);
    return value as JsonObject;
  };
  const text = (value: unknown, place: string): string =>
    typeof value === 'string' && value !== '' ? value : fail(place, 'a text is expected');
  const texts = (value: unknown, place: string): string[] =>
    Array.isArray(value)
      ? value.map((item, n) => text(item, `${place}[${n}]`))
      : fail(place, 'a list of texts is expected');
  return { fail, object, text, texts };
}

function principalOf(read: ReturnType<typeof reader>, value: unknown, place: string): PrincipalSpec {
  const { certificate, identity } = read.object(value, place, ['certificate', 'identity']);
  if ((certificate === undefined) === (identity === undefined))
    return read.fail(place, 'either certificate or identity is expected');
  if (certificate !== undefined) {
    const policies = read.texts(certificate, `${place}.certificate`);
    return { kind: 'certificate', policies, role: undefined, isGuest: false };
  }
  const { role, policies } = read.object(identity, `${place}.identity`, ['role', 'policies']);
  return {
    kind: 'identity',
    role: read.text(role, `${place}.identity.role`),
    policies: policies === undefined ? [] : read.texts(policies, `${place}.identity.policies`),
    isGuest: policies === undefined,
  };
}

function claimOf(
  read: ReturnType<typeof reader>,
  value: unknown,
  place: string,
  principals: ReadonlyMap<string, PrincipalSpec>,
): Claim {
  const given = read.object(value, place, ['claim', 'of', 'actions', 'on', 'except']);
  const claim = read.text(given['claim'], `${place}.claim`);
  const of = read.text(given['of'], `${place}.of`);
  if (!principals.has(of))
    return read.fail(
      `${place}.of`,
      `there is no principal ${of}: expected ${[...principals.keys()].join(', ')}`,
    );
  const actions = read.texts(given['actions'], `${place}.actions`);
  const unknown = actions.find((action) => !Object.hasOwn(actionKinds, action));
  if (unknown !== undefined)
    return read.fail(
      `${place}.actions`,
      `${unknown} is not an action that can be proven: expected ${Object.keys(actionKinds).join(', ')}`,
    );
  const on = read.texts(given['on'], `${place}.on`);
  const except = given['except'] === undefined ? [] : read.texts(given['except'], `${place}.except`);
  for (const filter of [...on, ...except]) regionOf(filter, (problem) => read.fail(place, problem));
  return { claim, of, actions, on, except };
}

/**
 * @param source for messages: the file that holds the claims
 * @throws StartError naming the place that is wrong
 */
export function readClaims(value: unknown, source: string): Claims {
  const read = reader(source);
  const known = ['principals', 'documents', 'parameters', 'noThing', 'claims'];
  const given = read.object(value, 'claims file', known);
  const entries = (name: string) => Object.entries(read.object(given[name] ?? {}, name));
  const principals = new Map(
    entries('principals').map(([name, spec]) => [name, principalOf(read, spec, `principals.${name}`)]),
  );
  const list = given['claims'];
  if (!Array.isArray(list) || list.length === 0) return read.fail('claims', 'a list of claims is expected');
  return {
    principals,
    documents: new Map(entries('documents')),
    parameters: new Map(
      entries('parameters').map(([name, characters]) => [name, read.text(characters, `parameters.${name}`)]),
    ),
    noThing: given['noThing'] === undefined ? [] : read.texts(given['noThing'], 'noThing'),
    claims: list.map((claim: unknown, n) => claimOf(read, claim, `claims[${n}]`, principals)),
  };
}

function levelPieces(text: string, fail: (problem: string) => never): Piece[] {
  if (text === '+') return [level];
  const tokens: Token[] = [];
  for (const [part] of text.matchAll(/\$\{[^}]*\}?|\*|\$|[^$*]+/g)) {
    if (part.startsWith('${') && !part.endsWith('}')) fail(`"${part}" has no closing brace`);
    if (/[+#]/.test(part) && !part.startsWith('${')) fail(`in "${text}" a wildcard does not fill its level`);
    tokens.push(part.startsWith('${') ? { variable: part.slice(2, -1).trim() } : part === '*' ? star : part);
  }
  return piecesOf(tokens).map((piece) => (piece === star ? level : piece));
}

/**
 * The globs that together match what an MQTT topic filter matches; `*` in a level is any text in it.
 *
 * @param fail with what is wrong in the filter
 */
export function regionOf(filter: string, fail: (problem: string) => never): Piece[][] {
  const levels = filter.split('/');
  const hasRest = levels.at(-1) === '#';
  const named = (hasRest ? levels.slice(0, -1) : levels).map((text) => levelPieces(text, fail));
  const pieces = named.flatMap<Piece>((each, n) => (n === 0 ? each : ['/', ...each]));
  if (!hasRest) return [pieces];
  return named.length === 0 ? [[star]] : [pieces, [...pieces, '/', star]];
}
