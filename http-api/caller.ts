// Identifies the caller and their rights from their groups in the user pool, which are read at most once a minute.

import { accessOf, GROUPS } from '../core/access.ts';
import type { UserGroups } from '../pipeline/ports.ts';
import { ApiProblem } from './problem.ts';
import type { ApiCaller } from './route.ts';

/** Who signed a request, as API Gateway reports it; a request cannot claim it. */
export interface Signer {
  /** ARN of an IAM user or role, or the ID of a Cognito identity. */
  readonly id: string;
  readonly kind: 'account' | 'user' | 'guest';
  /** The identity pool; undefined for the account. */
  readonly poolId: string | undefined;
  /** How an identity logged in, from the user pool's tokens. */
  readonly amr: readonly string[];
}

/**
 * An identity of the AWS account that may call this API is an administrator. Rejects with an ApiProblem, 403, for a user
 * without a group, and with the SDK's error if the groups cannot be read: then nothing is served.
 *
 * @param userPoolId empty if the stack has no user pool.
 */
export async function resolveCaller(
  { id, kind, amr }: Signer,
  userPoolId: string,
  groupsOf: UserGroups,
): Promise<ApiCaller> {
  if (kind === 'account') return { id, isGuest: false, group: 'admin' };
  if (kind === 'guest') return { id, isGuest: true, group: 'viewer' };
  const userId = userOf(amr, userPoolId);
  const access = userId === undefined ? undefined : accessOf(await groupsOf(userId));
  if (access) return { id, isGuest: false, isUser: true, ...access };
  const names = `${GROUPS.slice(0, -1).join(', ')} or ${GROUPS.at(-1)}`;
  throw new ApiProblem(403, `You are not in any of the groups ${names}: ask an administrator to add you`);
}

/**
 * The user's subject, as in `cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI:CognitoSignIn:<subject>`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html (cognitoAuthenticationProvider)
 */
function userOf(amr: readonly string[], userPoolId: string): string | undefined {
  if (userPoolId === '') return undefined;
  for (const each of amr) {
    const [, pool, userId] = /^cognito-idp\.[\w.-]+\/([\w-]+):CognitoSignIn:([\w-]+)$/.exec(each) ?? [];
    if (pool === userPoolId) return userId;
  }
  return undefined;
}
