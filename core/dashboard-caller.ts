// Decides whose identity gets the dashboard's policy: the caller's own and nobody else's.

/** What Lambda says of who invoked, from the credentials that signed the call; the caller cannot write it. */
export interface InvokerIdentity {
  readonly cognitoIdentityId?: string;
  readonly cognitoIdentityPoolId?: string;
}

export type DashboardCaller = { readonly identityId: string } | { readonly refused: string };

const IDENTITY_ID = /^[\w-]{1,30}:[0-9a-f-]{1,36}$/;

/**
 * @param invoker `context.identity`; absent or empty where no Cognito identity signed the call.
 * @param identityPoolId the one pool whose identities are served.
 */
export function dashboardCaller(
  invoker: InvokerIdentity | undefined,
  identityPoolId: string,
): DashboardCaller {
  const { cognitoIdentityId: identityId, cognitoIdentityPoolId: poolId } = invoker ?? {};
  if (!identityId || !poolId) return { refused: 'not invoked with the credentials of a Cognito identity' };
  if (poolId !== identityPoolId) return { refused: 'an identity of another identity pool' };
  if (!IDENTITY_ID.test(identityId)) return { refused: 'no identity ID' };
  return { identityId };
}
