// Explains which policy statement allows or denies what a device does, which AWS does not show.

import { StartError } from '../start-error.ts';
import { createIdentity, policiesOf, shortId, type AuthorizeRequest } from './identity.ts';
import type { RegistryView } from './registry.ts';

export interface Question {
  /** The thing whose certificates are explained; optional with `certificateId`. */
  readonly thing?: string | undefined;
  readonly certificateId?: string | undefined;
  /** A Cognito identity instead of a device. */
  readonly identityId?: string | undefined;
  readonly action: ExplainedAction;
  /** Topic, or topic filter with `subscribe`; unused with `connect`. */
  readonly topic?: string | undefined;
  /** By default the thing's name, or `dashboard-` and the identity. */
  readonly clientId?: string | undefined;
  readonly sourceIp: string;
  /** With `connect`: the topic of the will, and whether the session is persistent. */
  readonly willTopic?: string | undefined;
  readonly isPersistent?: boolean;
}

export type ExplainedAction = 'connect' | 'publish' | 'subscribe' | 'receive' | 'retain';

/** AWS's name of each action, and the prefix before the topic in its resource. */
const ACTIONS: Readonly<Record<ExplainedAction, readonly [action: string, kind: string]>> = {
  connect: ['iot:Connect', 'client'],
  publish: ['iot:Publish', 'topic'],
  subscribe: ['iot:Subscribe', 'topicfilter'],
  receive: ['iot:Receive', 'topic'],
  retain: ['iot:RetainPublish', 'topic'],
};

const SHOWN_THINGS = 5;

export const explainedActions = Object.keys(ACTIONS) as ExplainedAction[];

/** @throws StartError when thing or certificate are not in the registry. */
function certificatesOf(registry: RegistryView, { thing, certificateId }: Question): string[] {
  if (certificateId !== undefined) {
    if (registry.certificates.has(certificateId)) return [certificateId];
    throw new StartError(`there is no certificate ${certificateId} in the registry`);
  }
  const known = registry.things.get(thing ?? '');
  if (!known) {
    const names = [...registry.things.keys()].sort();
    const shown = names.slice(0, SHOWN_THINGS).join(', ') || 'none yet';
    const more = names.length > SHOWN_THINGS ? ` and ${names.length - SHOWN_THINGS} more` : '';
    throw new StartError(`there is no thing ${thing} in the registry, which has ${shown}${more}`);
  }
  const prefix = registry.arn('cert/');
  return known.principals.flatMap(([arn]) => (arn.startsWith(prefix) ? [arn.slice(prefix.length)] : []));
}

/** A statement of a policy of the registry, as JSON. */
export function statementText(registry: RegistryView, policyName: string, statement: number): string {
  const policy = registry.policies.get(policyName);
  const version = policy?.versions.find(({ id }) => id === policy.defaultVersion);
  const { Statement: all } = JSON.parse(version?.document ?? '{}') as { Statement?: unknown };
  return JSON.stringify((Array.isArray(all) ? (all as unknown[]) : [all])[statement - 1]) ?? '';
}

/** The policies in force, such as `SensorPolicy version 2 (of the certificate)`. */
function describePolicies(registry: RegistryView, certificateId: string, clientId: string): string {
  const thing = createIdentity(registry, { signed: () => false }).thingOf(certificateId, clientId);
  const found = policiesOf(registry, certificateId, thing && registry.things.get(thing.name));
  const described = [...found].map(([name, from]) => {
    const version = registry.policies.get(name)?.defaultVersion;
    return `${name} version ${version} (of ${from})`;
  });
  return described.join(', ') || 'none';
}

function explainOne(registry: RegistryView, request: AuthorizeRequest): string[] {
  const { principal, clientId } = request;
  const certificate = registry.certificates.get(principal)!;
  const { status, notBefore, notAfter } = certificate;
  const lines = [
    `certificate ${shortId(principal)} ${status}`,
    `  policies  ${describePolicies(registry, principal, clientId)}`,
  ];
  const now = registry.clock.now();
  if (status !== 'ACTIVE')
    return [...lines, `  REFUSED   the certificate is ${status}: policies do not apply`];
  if (now < notBefore || now > notAfter)
    return [...lines, '  REFUSED   the certificate is not valid at this time: policies do not apply'];
  const { allowed, reason, policyName, statement } = createIdentity(registry, {
    signed: () => false,
  }).authorize(request);
  lines.push(`  ${allowed ? 'ALLOWED' : 'REFUSED'}   ${reason}`);
  if (policyName !== undefined && statement !== undefined)
    lines.push(`            ${statementText(registry, policyName, statement)}`);
  return lines;
}

/** The broker's additional checks of a CONNECT, also for its will. */
function connectOf({ action, willTopic, isPersistent }: Question) {
  if (action !== 'connect' && willTopic === undefined) return {};
  const attributes = [
    ...(willTopic === undefined ? [] : ['LastWill']),
    ...(isPersistent ? ['PersistentConnect'] : []),
  ];
  return { connectAttributes: attributes, lastWillTopic: willTopic };
}

/** The checks that the broker would make, and the line that describes them. */
export function askedBy(question: Question) {
  const { thing, identityId, topic = '', sourceIp } = question;
  const clientId = question.clientId ?? thing ?? (identityId === undefined ? '' : `dashboard-${identityId}`);
  const [action, kind] = ACTIONS[question.action];
  const resource = `${kind}/${question.action === 'connect' ? clientId : topic}`;
  const line = `${action} on ${resource}, as client ${clientId} from ${sourceIp}`;
  return { line, request: { clientId, sourceIp, action, resource, ...connectOf(question) } };
}

/**
 * One line for the question, then for each certificate its policies and what decided.
 *
 * @throws StartError naming the thing or certificate that is not in the registry.
 */
export function explainPolicy(registry: RegistryView, question: Question): string[] {
  const certificates = certificatesOf(registry, question);
  const { line, request } = askedBy(question);
  if (certificates.length === 0) {
    const { thing } = question;
    return [line, `REFUSED     thing ${thing} has no certificate, so nothing can connect in its name`];
  }
  return [line, ...certificates.flatMap((principal) => explainOne(registry, { ...request, principal }))];
}
