// The principals of a registry: every set of policies that some certificate has, and those of identities.

import { policiesOf } from '../iot/identity.ts';
import { createPolicyStatements } from '../iot/policy-statements.ts';
import type { RegistryView } from '../iot/registry.ts';
import type { Claims, PrincipalSpec } from './claims.ts';
import { generalClaims } from './general-claims.ts';
import type { SidesOf } from './prove-claims.ts';
import { matchesGlob } from './words.ts';

/** Certificates that have the same policies. */
export interface PrincipalSet {
  readonly policies: readonly string[];
  readonly certificates: ReadonlySet<string>;
}

/** By their own policies and those of the groups of each thing that they are attached to; certificates that are not active can do nothing. */
export function principalSets(registry: RegistryView): PrincipalSet[] {
  const sets = new Map<string, { policies: string[]; certificates: Set<string> }>();
  for (const { id, status, claimOf } of registry.certificates.values()) {
    if (status !== 'ACTIVE' || claimOf !== undefined) continue;
    const attached = registry.principals.get(registry.arn(`cert/${id}`))?.things ?? [];
    for (const thing of [undefined, ...attached.map(([name]) => registry.things.get(name))]) {
      const policies = [...policiesOf(registry, id, thing).keys()].sort();
      const key = policies.join('\n');
      const set = sets.get(key) ?? { policies, certificates: new Set<string>() };
      set.certificates.add(id);
      sets.set(key, set);
    }
  }
  return [...sets.values()].filter(({ policies }) => policies.length > 0);
}

/** The claims on certificates whose policies are among those of the set; the general ones where there are none. */
export function claimsOn(
  { policies }: PrincipalSet,
  claims: Claims,
  physical: (name: string) => string,
): Claims {
  const isMeant = ({ kind, policies: named }: PrincipalSpec) =>
    kind === 'certificate' && named.every((name) => policies.includes(physical(name)));
  const meant = [...claims.principals].filter(([, spec]) => isMeant(spec));
  if (meant.length === 0) return { ...generalClaims(policies), noThing: claims.noThing };
  return {
    ...claims,
    principals: new Map(meant.map(([name, spec]) => [name, { ...spec, policies }])),
    claims: claims.claims.filter(({ of }) => meant.some(([name]) => name === of)),
  };
}

/** The policies of the registry by their names. */
export function registrySides(registry: RegistryView): SidesOf {
  const statementsOf = createPolicyStatements(registry);
  return ({ policies }) => [policies.flatMap(statementsOf)];
}

const escape = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);

/** Matches the documents made from one with parameters; a parameter is the same text everywhere. */
function instancesOf(document: unknown, parameters: ReadonlyMap<string, string>): RegExp {
  let source = escape(JSON.stringify(document));
  for (const [n, [name, characters]] of [...parameters].entries()) {
    const group = `p${n}`;
    source = source
      .replace(escape(`\${${name}}`), `(?<${group}>[${characters}]+)`)
      .replaceAll(escape(`\${${name}}`), `\\k<${group}>`);
  }
  return new RegExp(`^${source}$`);
}

/** Policies of identities that no claim is about, with the number of identities of each. */
export function identitiesBeyond(
  registry: RegistryView,
  claims: Claims,
  documentOf: (policy: string) => string | undefined,
): ReadonlyMap<string, number> {
  const named = [...claims.principals.values()]
    .filter(({ kind }) => kind === 'identity')
    .flatMap(({ policies }) => policies);
  const known = named.flatMap((name) => documentOf(name) ?? []);
  const forms = named.flatMap((name) =>
    claims.documents.has(name) ? [instancesOf(claims.documents.get(name), claims.parameters)] : [],
  );
  const isCovered = (document: string) => {
    const text = JSON.stringify(JSON.parse(document));
    return known.includes(text) || forms.some((form) => form.test(text));
  };
  const beyond = new Map<string, number>();
  for (const [target, { policies }] of registry.targets) {
    if (target.startsWith('arn:')) continue;
    for (const name of policies) {
      const policy = registry.policies.get(name);
      const version = policy?.versions.find(({ id }) => id === policy.defaultVersion);
      if (version && !isCovered(version.document)) beyond.set(name, (beyond.get(name) ?? 0) + 1);
    }
  }
  return beyond;
}

/** Things of the registry whose names the claims exclude. */
export const thingsBeyond = (registry: RegistryView, { noThing }: Claims): string[] =>
  [...registry.things.keys()].filter((name) => noThing.some((glob) => matchesGlob(glob, name))).sort();
