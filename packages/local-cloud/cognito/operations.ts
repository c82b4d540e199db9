// The calls of Amazon Cognito Identity that browsers make, and the one with which a back end vouches for its users.
// https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_Operations.html

import { AwsError } from '../aws-error.ts';
import type { Input, JsonOperation } from '../aws/json-protocol.ts';
import type { Clock } from '../clock.ts';
import type { CredentialsMaker } from './credentials.ts';
import type { CheckIdToken, TokenUser } from './id-token.ts';
import type { IdentityIds } from './identity-id.ts';
import type { LoginTokens } from './login-token.ts';
import type { Holder, Permissions } from './permissions.ts';
import type { IdentityPool, PoolRole } from './pools.ts';
import { idOf, loginsOf, numberOf } from './request.ts';
import type { UserPool } from './user-pool.ts';

export interface CognitoCloud {
  readonly pools: ReadonlyMap<string, IdentityPool>;
  readonly ids: IdentityIds;
  readonly tokens: LoginTokens;
  /** The template's user pool, and the check of its tokens. */
  readonly users?: { readonly pool: UserPool; readonly check: CheckIdToken };
  readonly credentials: CredentialsMaker;
  readonly permissions: Permissions;
  readonly clock: Clock;
}

/** The provider name of Cognito's own tokens. */
const OWN_PROVIDER = 'cognito-identity.amazonaws.com';
const DEFAULT_TOKEN_SECONDS = 900;

const notAuthorized = (message: string) => new AwsError('NotAuthorizedException', message);

function findPool({ pools }: CognitoCloud, input: Input): IdentityPool {
  const id = idOf(input, 'IdentityPoolId');
  const pool = pools.get(id);
  if (!pool) throw new AwsError('ResourceNotFoundException', `IdentityPool '${id}' not found.`);
  return pool;
}

function findHolder({ permissions }: CognitoCloud, input: Input): Holder {
  const id = idOf(input, 'IdentityId');
  const holder = permissions.holderOf(id);
  if (!holder) throw new AwsError('ResourceNotFoundException', `Identity '${id}' not found.`);
  return holder;
}

interface Login {
  readonly identityId: string;
  /** A user of the user pool; undefined for one of the developer provider. */
  readonly user?: TokenUser;
}

const UNSUPPORTED = 'Token is not from a supported provider of this identity pool.';

/** The identity of the login in the request; undefined for a guest. */
async function readLogin(cloud: CognitoCloud, pool: IdentityPool, input: Input): Promise<Login | undefined> {
  const logins = loginsOf(input);
  if (logins.length === 0) return undefined;
  const [[provider, token]] = logins as [[string, string]];
  if (logins.length > 1) throw notAuthorized(UNSUPPORTED);
  if (provider === OWN_PROVIDER) return developerLogin(cloud, pool, token);
  if (provider === cloud.users?.pool.provider && pool.clients.size > 0) return userLogin(cloud, pool, token);
  throw notAuthorized(UNSUPPORTED);
}

function developerLogin({ tokens, clock }: CognitoCloud, pool: IdentityPool, token: string): Login {
  const login = tokens.read(token, clock.now());
  if ('refused' in login) throw notAuthorized(login.refused);
  if (login.poolId !== pool.id) throw notAuthorized('Invalid login token. Incorrect token audience.');
  return { identityId: login.identityId };
}

async function userLogin(
  { users, ids, clock }: CognitoCloud,
  pool: IdentityPool,
  token: string,
): Promise<Login> {
  const user = await users!.check(token, [...pool.clients.keys()], clock.now());
  if ('refused' in user) throw notAuthorized(user.refused);
  return { identityId: ids.forUser(pool.id, users!.pool.provider, user.sub), user };
}

/**
 * The role of a user who logged in, as the pool maps it.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html
 */
function roleOfLogin(pool: IdentityPool, { user }: Login): PoolRole | undefined {
  const client = user && pool.clients.get(user.clientId);
  if (!client?.isMapped) return pool.roles.authenticated;
  const named = user!.preferredRole ?? (user!.roles.length === 1 ? user!.roles[0] : undefined);
  if (named !== undefined) {
    const role = pool.allRoles.get(named);
    if (!role) throw notAuthorized(`Access to Role '${named}' is forbidden.`);
    return role;
  }
  if (client.ambiguous === 'AuthenticatedRole') return pool.roles.authenticated;
  throw notAuthorized('Access denied: the groups of the user give no role.');
}

/** In the form of STS and API Gateway: the user pool, and the user by the subject of the token. */
const amrOf = (users: CognitoCloud['users'], { user }: Login): string[] =>
  user && users ? [users.pool.provider, `${users.pool.provider}:CognitoSignIn:${user.sub}`] : [];

function requireGuests(pool: IdentityPool): void {
  if (pool.allowsGuests) return;
  throw notAuthorized('Unauthenticated access is not supported for this identity pool.');
}

async function getId(cloud: CognitoCloud, input: Input): Promise<object> {
  const pool = findPool(cloud, input);
  const login = await readLogin(cloud, pool, input);
  if (login === undefined) requireGuests(pool);
  return { IdentityId: login?.identityId ?? cloud.ids.forGuest(pool.id) };
}

async function getCredentials(cloud: CognitoCloud, input: Input): Promise<object> {
  const { pool, identityId, kind, role: guestRole } = findHolder(cloud, input);
  const login = await readLogin(cloud, pool, input);
  const proven = kind === 'authenticated' ? login?.identityId === identityId : login === undefined;
  if (!proven) throw notAuthorized(`Access to Identity '${identityId}' is forbidden.`);
  if (kind === 'unauthenticated') requireGuests(pool);
  const role = login ? roleOfLogin(pool, login) : guestRole;
  if (!role) {
    const message = 'Invalid identity pool configuration. Check assigned IAM roles for this pool.';
    throw new AwsError('InvalidIdentityPoolConfigurationException', message);
  }
  const amr = login ? amrOf(cloud.users, login) : [];
  const grantee = { poolId: pool.id, identityId, role: role.arn, amr };
  const issued = cloud.credentials.issue(grantee, cloud.clock.now());
  return {
    IdentityId: identityId,
    Credentials: {
      AccessKeyId: issued.accessKeyId,
      SecretKey: issued.secretAccessKey,
      SessionToken: issued.sessionToken,
      Expiration: issued.expiration / 1000,
    },
  };
}

function getTokenForDeveloper(cloud: CognitoCloud, input: Input): object {
  const pool = findPool(cloud, input);
  const logins = loginsOf(input);
  const [[provider, user]] = (logins.length === 1 ? logins : [['', '']]) as [[string, string]];
  if (pool.developerProvider === undefined || provider !== pool.developerProvider) {
    const named = pool.developerProvider ?? 'none: the template sets no DeveloperProviderName';
    const message = `Logins must name one user of the developer provider of this pool, which is ${named}`;
    throw new AwsError('InvalidParameterException', message);
  }
  const identityId = cloud.ids.forUser(pool.id, provider, user);
  const asked = input['IdentityId'];
  if (asked !== undefined && asked !== identityId) {
    const message =
      'The local cloud does not link logins: leave IdentityId out, a user always has the same identity';
    throw new AwsError('InvalidParameterException', message);
  }
  const seconds = numberOf(input, 'TokenDuration', 1, 86_400) ?? DEFAULT_TOKEN_SECONDS;
  const now = cloud.clock.now();
  return { IdentityId: identityId, Token: cloud.tokens.issue({ poolId: pool.id, identityId }, now, seconds) };
}

function describePool(cloud: CognitoCloud, input: Input): object {
  const { id, name, allowsGuests, developerProvider } = findPool(cloud, input);
  return {
    IdentityPoolId: id,
    IdentityPoolName: name,
    AllowUnauthenticatedIdentities: allowsGuests,
    AllowClassicFlow: false,
    ...(developerProvider === undefined ? {} : { DeveloperProviderName: developerProvider }),
  };
}

function getRoles(cloud: CognitoCloud, input: Input): object {
  const { id, roles } = findPool(cloud, input);
  const arns = Object.entries(roles).map(([kind, role]) => [kind, role.arn]);
  return { IdentityPoolId: id, Roles: Object.fromEntries(arns) as object };
}

export const operations: Readonly<Record<string, JsonOperation<CognitoCloud>>> = {
  GetId: { accepts: ['IdentityPoolId', 'AccountId', 'Logins'], run: getId },
  GetCredentialsForIdentity: { accepts: ['IdentityId', 'Logins'], run: getCredentials },
  GetOpenIdToken: {
    accepts: ['IdentityId', 'Logins'],
    run() {
      const message = 'Basic (classic) flow is not enabled, please use enhanced flow.';
      throw new AwsError('InvalidParameterException', message);
    },
  },
  GetOpenIdTokenForDeveloperIdentity: {
    accepts: ['IdentityPoolId', 'IdentityId', 'Logins', 'TokenDuration'],
    signed: true,
    run: getTokenForDeveloper,
  },
  DescribeIdentityPool: { accepts: ['IdentityPoolId'], signed: true, run: describePool },
  GetIdentityPoolRoles: { accepts: ['IdentityPoolId'], signed: true, run: getRoles },
  ListIdentityPools: {
    accepts: ['MaxResults'],
    signed: true,
    run: ({ pools }) => ({
      IdentityPools: [...pools.values()].map(({ id, name }) => ({
        IdentityPoolId: id,
        IdentityPoolName: name,
      })),
    }),
  },
};
