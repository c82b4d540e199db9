// The ways by which a principal can reach the broker, and what each policy variable is then: a word, another variable, or nothing.

import type { ActionKind, PrincipalSpec } from './claims.ts';
import { canonicalKey } from '../policies/key.ts';
import { identityIds, languageFrom, languageOf, thingNames, type Language } from './words.ts';

export const THING = 'iot:Connection.Thing.ThingName';
export const CLIENT = 'iot:ClientId';
export const SUB = 'cognito-identity.amazonaws.com:sub';
const ATTACHED = 'iot:Connection.Thing.IsAttached';
const AMR = 'cognito-identity.amazonaws.com:amr';

export interface Shape {
  /** For people: `over MQTT, attached to its thing`. */
  readonly name: string;
  readonly by: ActionKind['by'][number];
  readonly hasThing: boolean;
  /** Whether the thing counts only on a connection whose client ID is its name. */
  readonly clientIsThing: boolean;
  readonly constants: ReadonlyMap<string, string | readonly string[]>;
  readonly isAbsent: (variable: string) => boolean;
  readonly isOptional: (variable: string) => boolean;
}

const isOfThing = (variable: string) => variable.startsWith('iot:Connection.Thing.');
const isOfCertificate = (variable: string) => variable.startsWith('iot:Certificate');
const isOfIdentity = (variable: string) => variable.startsWith('cognito-identity.');

function certificateShape(name: string, by: Shape['by'], hasThing: boolean, clientIsThing: boolean): Shape {
  return {
    ...{ name, by, hasThing, clientIsThing },
    constants: new Map([
      [ATTACHED, String(hasThing)],
      ['aws:SecureTransport', 'true'],
    ]),
    isAbsent: (variable) =>
      isOfIdentity(variable) ||
      (isOfThing(variable) && !hasThing && !parameterOf(variable)) ||
      variable.endsWith('.List') ||
      (variable === CLIENT && by === 'https'),
    isOptional: (variable) =>
      (isOfThing(variable) && variable !== THING) ||
      (isOfCertificate(variable) &&
        !['iot:CertificateId', 'iot:Certificate.SerialNumber'].includes(variable)),
  };
}

function identityShape(by: Shape['by'], isGuest: boolean): Shape {
  return {
    name: by === 'mqtt' ? 'over WebSocket' : 'over HTTPS',
    ...{ by, hasThing: false, clientIsThing: false },
    constants: new Map<string, string | readonly string[]>([
      [ATTACHED, 'false'],
      ['aws:SecureTransport', 'true'],
      [AMR, [isGuest ? 'unauthenticated' : 'authenticated']],
    ]),
    isAbsent: (variable) =>
      (isOfThing(variable) && !parameterOf(variable)) ||
      isOfCertificate(variable) ||
      (variable === CLIENT && by === 'https'),
    isOptional: () => false,
  };
}

/**
 * A certificate is attached to a thing exclusively, or to things of which the client ID names one, or to none; by HTTPS,
 * which has no client ID, only the first counts.
 */
export const shapesOf = ({ kind, isGuest }: PrincipalSpec): readonly Shape[] =>
  kind === 'identity'
    ? [identityShape('mqtt', isGuest), identityShape('https', isGuest)]
    : [
        certificateShape('over MQTT, under the name of its thing', 'mqtt', true, true),
        certificateShape('over MQTT, attached to its thing exclusively', 'mqtt', true, false),
        certificateShape('over MQTT, attached to no thing of that name', 'mqtt', false, false),
        certificateShape('over HTTPS, attached to its thing exclusively', 'https', true, false),
        certificateShape('over HTTPS, attached to no thing exclusively', 'https', false, false),
      ];

/** A parameter of a document is written as an attribute that no thing has, because policies have no other variables. */
export const parameterKey = (name: string) => `iot:Connection.Thing.Attributes[parameter/${name}]`;

export const parameterOf = (variable: string): string | undefined =>
  /^iot:Connection\.Thing\.Attributes\[parameter\/(.*)\]$/.exec(variable)?.[1];

/** The one name of a variable: keys are case-insensitive, and a client ID may be the name of the thing. */
export function nameIn({ clientIsThing }: Shape, written: string): string {
  const key = canonicalKey(written) ?? written;
  if (clientIsThing && key === CLIENT) return THING;
  return key;
}

/** The variable that `${other.thing}` of a claim must differ from. */
export function ownOf(variable: string): string | undefined {
  const [, kind] = /^other\.(.*)$/.exec(variable) ?? [];
  if (kind === undefined) return undefined;
  if (kind === 'thing') return THING;
  return kind === 'identity' ? SUB : parameterKey(kind);
}

/** Returns the language of a variable; undefined for an unknown one. */
export function createLanguages(
  parameters: ReadonlyMap<string, string>,
  noThing: readonly string[],
  region: string,
): (variable: string) => Language | undefined {
  const things = { ...thingNames, without: noThing };
  return (variable) => {
    const own = ownOf(variable) ?? variable;
    const parameter = parameterOf(own);
    if (parameter !== undefined) {
      const characters = parameters.get(parameter);
      return characters === undefined ? undefined : languageFrom(characters);
    }
    if (own === THING) return things;
    if (own === SUB) return identityIds(region);
    return canonicalKey(own) === undefined ? undefined : languageOf(own);
  };
}
