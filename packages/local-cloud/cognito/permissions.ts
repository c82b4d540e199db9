// What who came by an identity pool may do: the policies of the role, and for who logged in those attached to the identity too.
// https://docs.aws.amazon.com/iot/latest/developerguide/cog-iot-policies.html
import { connectKeys, type AuthorizeRequest } from '../iot/identity.ts';
import { plainAddress } from '../plain-address.ts';
import { canonicalKey } from '../policies/key.ts';
import type { Lookup } from '../policies/pattern.ts';
import { createPolicyStatements } from '../iot/policy-statements.ts';
import { createEvaluator, type Decision, type Evaluator } from '../policies/policy.ts';
import type { RegistryView } from '../iot/registry.ts';
import type { IdentityIds, IdentityKind } from './identity-id.ts';
import type { IdentityPool, PoolRole } from './pools.ts';

/** Who an identity ID stands for. */
export interface Holder {
  readonly pool: IdentityPool;
  readonly identityId: string;
  readonly kind: IdentityKind;
  /** Undefined where the pool gives none to this kind, or takes no guests any more. */
  readonly role: PoolRole | undefined;
}

export interface Permissions {
  /**
   * Undefined where no pool of the template has this identity.
   *
   * @param role ARN of the role that its credentials were given; without it the pool's own for its kind.
   */
  holderOf(identityId: string, role?: string): Holder | undefined;
  /** For a connection whose principal is an identity ID, or the account's ID, which may do everything. */
  authorize(request: AuthorizeRequest): Decision;
  /** For a call of an AWS API: the role alone decides. @param resource whole ARN */
  mayCall(holder: Holder, action: string, resource: string): Decision;
}

/** Connections whose evaluation is kept ready; beyond it all are forgotten and built anew. */
const maximumKept = 1_000;

const provider = 'cognito-identity.amazonaws.com';

export function createPermissions(
  registry: RegistryView,
  pools: ReadonlyMap<string, IdentityPool>,
  ids: IdentityIds,
): Permissions {
  const kept = new Map<string, readonly Evaluator[]>();
  let generation = registry.generation();

  const holderOf = (identityId: string, given?: string): Holder | undefined => {
    for (const pool of pools.values()) {
      const kind = ids.kindOf(pool.id, identityId);
      if (!kind) continue;
      const mayBe = kind === 'authenticated' || pool.allowsGuests;
      const role = given === undefined ? pool.roles[kind] : pool.allRoles.get(given);
      return { pool, identityId, kind, role: mayBe ? role : undefined };
    }
    return undefined;
  };

  const statementsOf = createPolicyStatements(registry);

  const lookupFor = ({ pool, identityId, kind }: Holder, more: readonly [string, string][]): Lookup => {
    const values = new Map<string, string | readonly string[]>([
      [`${provider}:aud`, pool.id],
      [`${provider}:amr`, [kind]],
      [`${provider}:sub`, identityId],
      // On loopback it is plain, but what a policy says of AWS, where it never is, must hold here too.
      ['aws:SecureTransport', 'true'],
      ...more,
    ]);
    return (written) => {
      const key = canonicalKey(written);
      if (key === 'aws:CurrentTime') return new Date(registry.clock.now()).toISOString();
      if (key === 'aws:EpochTime') return String(Math.floor(registry.clock.now() / 1000));
      return key && values.get(key);
    };
  };

  const build = (holder: Holder, { clientId, sourceIp }: AuthorizeRequest): Evaluator[] => {
    const lookup = lookupFor(holder, [
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

  const evaluatorsFor = (holder: Holder, request: AuthorizeRequest): readonly Evaluator[] => {
    if (generation !== registry.generation() || kept.size >= maximumKept) {
      kept.clear();
      generation = registry.generation();
    }
    const key = `${request.principal} ${request.role} ${request.sourceIp} ${request.clientId}`;
    let evaluators = kept.get(key);
    if (!evaluators) kept.set(key, (evaluators = build(holder, request)));
    return evaluators;
  };

  const withoutRole = ({ pool, kind }: Holder): Decision => ({
    allowed: false,
    reason: `identity pool ${pool.name} gives ${kind} identities no role`,
  });

  return {
    holderOf,
    authorize(request) {
      if (request.principal === registry.accountId) return { allowed: true, reason: 'the account itself' };
      const holder = holderOf(request.principal, request.role);
      if (!holder) return { allowed: false, reason: `no identity pool has ${request.principal}` };
      if (!holder.role) return withoutRole(holder);
      const more = connectKeys(registry, request);
      const decisions = evaluatorsFor(holder, request).map((evaluator) =>
        evaluator.decide(request.action, registry.arn(request.resource), more),
      );
      return decisions.find(({ allowed }) => !allowed) ?? decisions[0]!;
    },
    mayCall(holder, action, resource) {
      if (!holder.role) return withoutRole(holder);
      const { logicalId, statements } = holder.role;
      return createEvaluator(`role ${logicalId}`, statements, lookupFor(holder, [])).decide(action, resource);
    },
  };
}
