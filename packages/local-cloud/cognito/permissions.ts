// The permissions of a caller of an identity pool: the policies of the role and, for a logged-in user, those attached to the identity.
// https://docs.aws.amazon.com/iot/latest/developerguide/cog-iot-policies.html

import { connectKeys, type AuthorizeRequest } from '../iot/identity.ts';
import { plainAddress } from '../plain-address.ts';
import { createGenerationCache } from '../iot/generation-cache.ts';
import { withTime } from '../policies/time-keys.ts';
import type { Lookup } from '../policies/pattern.ts';
import { createPolicyStatements } from '../iot/policy-statements.ts';
import { createEvaluator, type Decision, type Evaluator } from '../policies/policy.ts';
import type { RegistryView } from '../iot/registry.ts';
import type { IdentityIds, IdentityKind } from './identity-id.ts';
import type { IdentityPool, PoolRole } from './pools.ts';

/** The pool and the kind of an identity ID. */
export interface Holder {
  readonly pool: IdentityPool;
  readonly identityId: string;
  readonly kind: IdentityKind;
  /** Undefined where the pool has no role for this kind, or no longer accepts guests. */
  readonly role: PoolRole | undefined;
}

export interface Permissions {
  /**
   * Undefined where no pool of the template has this identity.
   *
   * @param role ARN of the role of its credentials; without it the pool's own role for its kind.
   */
  holderOf(identityId: string, role?: string): Holder | undefined;
  /** For a connection whose principal is an identity ID, or the account's ID, which may do everything. */
  authorize(request: AuthorizeRequest): Decision;
  /** For a call of an AWS API: the role alone decides. @param resource whole ARN */
  mayCall(holder: Holder, action: string, resource: string): Decision;
}

/** Connections whose compiled policies are cached; beyond this number the cache is emptied. */
const MAX_KEPT = 1_000;

const PROVIDER = 'cognito-identity.amazonaws.com';

/** @returns `holderOf` of the permissions */
function createHolders(pools: ReadonlyMap<string, IdentityPool>, ids: IdentityIds): Permissions['holderOf'] {
  return (identityId, given) => {
    for (const pool of pools.values()) {
      const kind = ids.kindOf(pool.id, identityId);
      if (!kind) continue;
      const mayBe = kind === 'authenticated' || pool.allowsGuests;
      const role = given === undefined ? pool.roles[kind] : pool.allRoles.get(given);
      return { pool, identityId, kind, role: mayBe ? role : undefined };
    }
    return undefined;
  };
}

function lookupFor(
  clock: RegistryView['clock'],
  { pool, identityId, kind }: Holder,
  more: readonly [string, string][],
): Lookup {
  const values = new Map<string, string | readonly string[]>([
    [`${PROVIDER}:aud`, pool.id],
    [`${PROVIDER}:amr`, [kind]],
    [`${PROVIDER}:sub`, identityId],
    // Loopback has no TLS, but a policy for AWS, where every call has, must allow the same here.
    ['aws:SecureTransport', 'true'],
    ...more,
  ]);
  return withTime(values, clock);
}

/** Builds the evaluators of a connection: an action needs the consent of all. */
function createBuild(registry: RegistryView) {
  const statementsOf = createPolicyStatements(registry);
  return (holder: Holder, { clientId, sourceIp }: AuthorizeRequest): Evaluator[] => {
    const lookup = lookupFor(registry.clock, holder, [
      ['iot:ClientId', clientId],
      ['aws:SourceIp', plainAddress(sourceIp)],
      ['iot:Connection.Thing.IsAttached', 'false'],
    ]);
    const { identityId, kind, role } = holder;
    const byRole = createEvaluator(`role ${role?.logicalId}`, role?.statements ?? [], lookup);
    if (kind === 'unauthenticated') return [byRole];
    const names = registry.targets.get(identityId)?.policies ?? [];
    const attached = names.flatMap(statementsOf);
    return [byRole, createEvaluator(`Cognito identity ${identityId}`, attached, lookup)];
  };
}

const withoutRole = ({ pool, kind }: Holder): Decision => ({
  allowed: false,
  reason: `identity pool ${pool.name} gives ${kind} identities no role`,
});

export function createPermissions(
  registry: RegistryView,
  pools: ReadonlyMap<string, IdentityPool>,
  ids: IdentityIds,
): Permissions {
  const holderOf = createHolders(pools, ids);
  const build = createBuild(registry);
  const evaluators = createGenerationCache<readonly Evaluator[]>(registry, MAX_KEPT);

  return {
    holderOf,
    authorize(request) {
      const { principal, role, sourceIp, clientId } = request;
      if (principal === registry.accountId) return { allowed: true, reason: 'the account itself' };
      const holder = holderOf(principal, role);
      if (!holder) return { allowed: false, reason: `no identity pool has ${principal}` };
      if (!holder.role) return withoutRole(holder);
      const more = connectKeys(registry, request);
      const key = `${principal} ${role} ${sourceIp} ${clientId}`;
      const decisions = evaluators(key, () => build(holder, request)).map((evaluator) =>
        evaluator.decide(request.action, registry.arn(request.resource), more),
      );
      return decisions.find(({ allowed }) => !allowed) ?? decisions[0]!;
    },
    mayCall(holder, action, resource) {
      if (!holder.role) return withoutRole(holder);
      const { logicalId, statements } = holder.role;
      const lookup = lookupFor(registry.clock, holder, []);
      return createEvaluator(`role ${logicalId}`, statements, lookup).decide(action, resource);
    },
  };
}
