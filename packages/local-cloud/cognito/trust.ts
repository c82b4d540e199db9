// Whether a role lets the identities of a pool assume it: AWS reports that only when the first browser asks for credentials.
// https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html

import { isTrusted } from '../iam/trust.ts';
import { canonicalKey } from '../policies/key.ts';
import type { IdentityKind } from './identity-id.ts';

const PROVIDER = 'cognito-identity.amazonaws.com';

/**
 * @param document the role's AssumeRolePolicyDocument
 * @throws SyntaxError for a condition that cannot be evaluated
 */
export function trusts(document: unknown, poolId: string, kind: IdentityKind): boolean {
  const values = new Map<string, string | readonly string[]>([
    [`${PROVIDER}:aud`, poolId],
    [`${PROVIDER}:amr`, [kind]],
  ]);
  return isTrusted(document, {
    principal: { kind: 'Federated', name: PROVIDER },
    action: 'sts:AssumeRoleWithWebIdentity',
    keyOf: canonicalKey,
    lookup: (key) => values.get(key),
  });
}
