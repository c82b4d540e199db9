// Explains why a browser may or may not do something: by the role of its identity, and the policies attached to the identity.

import { askedBy, statementText, type Question } from '../iot/explain.ts';
import type { RegistryView } from '../iot/registry.ts';
import { StartError } from '../start-error.ts';
import type { Permissions } from './permissions.ts';

export interface IdentityView {
  readonly permissions: Permissions;
  /** ARN of the role that the groups of a user give now; undefined for any other identity. */
  readonly roleOf: (identityId: string) => string | undefined;
}

/**
 * One line for the question, then the identity with its actions, and what decided.
 *
 * @throws StartError when no pool has the identity.
 */
export function explainIdentity(
  registry: RegistryView,
  { permissions, roleOf }: IdentityView,
  identityId: string,
  question: Question,
): string[] {
  const given = roleOf(identityId);
  const holder = permissions.holderOf(identityId, given);
  if (!holder) throw new StartError(`no identity pool of the template has ${identityId}`);
  const { pool, kind, role } = holder;
  const attached = (registry.targets.get(identityId)?.policies ?? []).map(
    (name) => `${name} version ${registry.policies.get(name)?.defaultVersion} (of the identity)`,
  );
  // A guest has only the role: attached policies do not count.
  const asked = [`role ${role?.logicalId ?? 'none'}`, ...(kind === 'authenticated' ? attached : [])];
  const { line, request } = askedBy(question);
  const { allowed, reason, policyName, statement } = permissions.authorize({
    ...request,
    principal: identityId,
    role: given,
  });
  const isOfRegistry = policyName !== undefined && registry.policies.has(policyName);
  return [
    line,
    `identity ${identityId} ${kind}, of pool ${pool.name}`,
    `  policies  ${asked.join(', ')}`,
    `  ${allowed ? 'ALLOWED' : 'REFUSED'}   ${reason}`,
    ...(isOfRegistry && statement !== undefined
      ? [`            ${statementText(registry, policyName, statement)}`]
      : []),
  ];
}
