// Finds the identity of a client certificate, and what its connection may do, for the MQTT broker.

import { createHash, X509Certificate } from 'node:crypto';
import type { LocalCa } from './ca.ts';
import { certificateFacts } from './certificate-facts.ts';
import { claimStatements } from './claim-policy.ts';
import { createGenerationCache } from './generation-cache.ts';
import { withTime } from '../policies/time-keys.ts';
import type { Lookup } from '../policies/pattern.ts';
import { createPolicyStatements } from './policy-statements.ts';
import { plainAddress } from '../plain-address.ts';
import { createEvaluator, type Decision, type Evaluator } from '../policies/policy.ts';
import type { Certificate, RegistryView, Thing } from './registry.ts';

/**
 * `principal` is the certificate ID: the SHA-256 of its DER, hex; `thingName` only where a thing is attached exclusively;
 * `validUntil` the certificate's end, epoch milliseconds.
 */
export type Identification =
  | { readonly principal: string; readonly thingName?: string; readonly validUntil: number }
  | { readonly refused: string };

export interface AuthorizeRequest {
  readonly principal: string;
  /** ARN of the role of temporary credentials; a certificate has none. */
  readonly role?: string | undefined;
  readonly clientId: string;
  readonly sourceIp: string;
  /** Such as `iot:Publish`. */
  readonly action: string;
  /** Such as `topic/a/b`, `topicfilter/a/#` or `client/a`: the part of the ARN after the account. */
  readonly resource: string;
  /** With iot:Connect: the values of `iot:ConnectAttributes` and `iot:LastWillTopic` from the CONNECT. */
  readonly connectAttributes?: readonly string[];
  readonly lastWillTopic?: string | undefined;
}

export interface Identity {
  /** @param now epoch milliseconds; the clock's time if absent. */
  identify(der: Buffer, now?: number): Identification;
  authorize(request: AuthorizeRequest): Decision;
  /** The thing that a connection acts for, and whether its certificate may act for no other. */
  thingOf(
    principal: string,
    clientId: string,
  ): { readonly name: string; readonly exclusive: boolean } | undefined;
  /** The values of policy variables and condition keys on a connection; those of an empty address or client ID are absent. */
  lookup(connection: Pick<AuthorizeRequest, 'principal' | 'clientId' | 'sourceIp'>): Lookup;
}

/** Connections whose compiled policies are cached; beyond this number the cache is emptied. */
const MAX_KEPT = 10_000;

export const shortId = (certificateId: string) => `${certificateId.slice(0, 12)}...`;

/** The ID of a certificate: the SHA-256 of its DER, hex. */
export const fingerprint = (der: Buffer) => createHash('sha256').update(der).digest('hex');

/** Certificates of the template, which are few, have an ID that is not their fingerprint. */
function knownCertificate(registry: RegistryView, der: Buffer): Certificate | undefined {
  const id = fingerprint(der);
  const found = registry.certificates.get(id);
  if (found) return found;
  for (const each of registry.certificates.values()) if (each.fingerprint === id) return each;
  return undefined;
}

function refusalOf(
  registry: RegistryView,
  ca: Pick<LocalCa, 'signed'>,
  der: Buffer,
  now: number,
): string | undefined {
  const known = knownCertificate(registry, der);
  const id = known?.id ?? fingerprint(der);
  if (!known) {
    let certificate: X509Certificate;
    try {
      certificate = new X509Certificate(der);
    } catch {
      return 'certificate cannot be read';
    }
    return ca.signed(certificate)
      ? `certificate ${shortId(id)} is not registered (deleted, or of an earlier registry)`
      : `certificate ${shortId(id)} is of another CA and not registered`;
  }
  if (known.status !== 'ACTIVE') return `certificate ${shortId(id)} is ${known.status}`;
  if (now < known.notBefore)
    return `certificate ${shortId(id)} is not valid before ${new Date(known.notBefore).toISOString()}`;
  if (now > known.notAfter)
    return `certificate ${shortId(id)} expired at ${new Date(known.notAfter).toISOString()}`;
  return undefined;
}

/** A group and those above it, as the policies of all of them apply. */
function withAncestors(registry: RegistryView, groups: readonly string[]): Set<string> {
  const all = new Set<string>();
  for (let name of groups) {
    for (let group = registry.groups.get(name); group && !all.has(name); group = registry.groups.get(name)) {
      all.add(name);
      if (!group.parent) break;
      name = group.parent;
    }
  }
  return all;
}

/** The policies that apply to a connection, and where each is attached: to its certificate, or to a group of its thing. */
export function policiesOf(
  registry: RegistryView,
  principal: string,
  thing: Thing | undefined,
): Map<string, string> {
  const found = new Map<string, string>();
  const add = (target: string, from: string) => {
    for (const name of registry.targets.get(registry.arn(target))?.policies ?? [])
      if (!found.has(name)) found.set(name, from);
  };
  add(`cert/${principal}`, 'the certificate');
  for (const group of withAncestors(registry, thing?.groups ?? []))
    add(`thinggroup/${group}`, `thing group ${group}`);
  return found;
}

/** The condition keys of a CONNECT. */
export function connectKeys(registry: RegistryView, request: AuthorizeRequest): Lookup | undefined {
  const { connectAttributes, lastWillTopic } = request;
  if (connectAttributes === undefined && lastWillTopic === undefined) return undefined;
  return (key) => {
    if (key === 'iot:ConnectAttributes') return connectAttributes;
    if (key !== 'iot:LastWillTopic' || lastWillTopic === undefined) return undefined;
    return registry.arn(`topic/${lastWillTopic}`);
  };
}

type Facts = ReadonlyMap<string, string | readonly string[]>;

/** The policy variables of certificates, read once each. */
function createFacts(registry: RegistryView): (principal: string) => Facts {
  const known = new WeakMap<object, Facts>();
  return (principal) => {
    const certificate = registry.certificates.get(principal);
    if (!certificate) return new Map();
    let found = known.get(certificate);
    if (!found) known.set(certificate, (found = certificateFacts(certificate.id, certificate.pem)));
    return found;
  };
}

/** The thing that a connection acts for: the exclusive one of its certificate, else the attached one of its client ID. */
function attachedThing(
  registry: RegistryView,
  principal: string,
  clientId: string | undefined,
): { thing: Thing; exclusive: boolean } | undefined {
  const things = registry.principals.get(registry.arn(`cert/${principal}`))?.things ?? [];
  const [name, type] =
    things.find(([, type]) => type === 'EXCLUSIVE_THING') ?? things.find(([name]) => name === clientId) ?? [];
  const thing = name === undefined ? undefined : registry.things.get(name);
  return thing && { thing, exclusive: type === 'EXCLUSIVE_THING' };
}

type Connection = Pick<AuthorizeRequest, 'principal' | 'clientId' | 'sourceIp'>;

function createLookup(registry: RegistryView) {
  const factsOf = createFacts(registry);
  return ({ principal, clientId, sourceIp }: Connection, thing: Thing | undefined): Lookup => {
    const values = new Map<string, string | readonly string[]>([
      ...factsOf(principal),
      ...(clientId === '' ? [] : [['iot:ClientId', clientId] as const]),
      ...(sourceIp === '' ? [] : [['aws:SourceIp', plainAddress(sourceIp)] as const]),
      ['aws:SecureTransport', 'true'],
      ['iot:Connection.Thing.IsAttached', String(thing !== undefined)],
    ]);
    if (thing) values.set('iot:Connection.Thing.ThingName', thing.name);
    if (thing?.typeName) values.set('iot:Connection.Thing.ThingTypeName', thing.typeName);
    for (const [name, value] of thing?.attributes ?? [])
      values.set(`iot:Connection.Thing.Attributes[${name}]`, value);
    return withTime(values, registry.clock);
  };
}

/** Builds the evaluator of a connection. */
function createBuild(registry: RegistryView, lookupFor: ReturnType<typeof createLookup>) {
  const statementsOf = createPolicyStatements(registry);
  return (request: AuthorizeRequest): Evaluator => {
    const { principal, clientId } = request;
    const thing = attachedThing(registry, principal, clientId)?.thing;
    const claimOf = registry.certificates.get(principal)?.claimOf;
    const names = policiesOf(registry, principal, thing).keys();
    const statements =
      claimOf === undefined ? [...names].flatMap(statementsOf) : claimStatements(registry, claimOf);
    const who = `certificate ${shortId(principal)}`;
    const subject =
      thing || clientId === ''
        ? who
        : `${who}, which is attached to no thing named ${JSON.stringify(clientId)},`;
    return createEvaluator(subject, statements, lookupFor(request, thing));
  };
}

export function createIdentity(registry: RegistryView, ca: Pick<LocalCa, 'signed'>): Identity {
  const lookupFor = createLookup(registry);
  const build = createBuild(registry, lookupFor);
  const evaluators = createGenerationCache<Evaluator>(registry, MAX_KEPT);

  return {
    identify(der, now = registry.clock.now()) {
      const refused = refusalOf(registry, ca, der, now);
      if (refused !== undefined) return { refused };
      const principal = knownCertificate(registry, der)?.id ?? fingerprint(der);
      const thing = attachedThing(registry, principal, undefined)?.thing;
      const validUntil = registry.certificates.get(principal)!.notAfter;
      return thing ? { principal, validUntil, thingName: thing.name } : { principal, validUntil };
    },
    authorize(request) {
      const { principal, sourceIp, clientId, action, resource } = request;
      if (registry.certificates.get(principal)?.status !== 'ACTIVE') {
        return { allowed: false, reason: `certificate ${shortId(principal)} is not active` };
      }
      const evaluator = evaluators(`${principal} ${sourceIp} ${clientId}`, () => build(request));
      return evaluator.decide(action, registry.arn(resource), connectKeys(registry, request));
    },
    thingOf(principal, clientId) {
      const found = attachedThing(registry, principal, clientId);
      return found && { name: found.thing.name, exclusive: found.exclusive };
    },
    lookup: (connection) =>
      lookupFor(connection, attachedThing(registry, connection.principal, connection.clientId)?.thing),
  };
}
