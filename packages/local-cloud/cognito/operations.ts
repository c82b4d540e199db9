// The calls of Amazon Cognito Identity that a browser makes, and the one by which a back end vouches for its users.
// https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_Operations.html
import { AwsError } from '../aws-error.ts';
import type { Input, JsonOperation } from '../aws/json-protocol.ts';
import type { Clock } from '../clock.ts';
import type { CredentialsMaker } from './credentials.ts';
import type { IdentityIds } from './identity-id.ts';
import type { LoginTokens } from './login-token.ts';
import type { Holder, Permissions } from './permissions.ts';
import type { IdentityPool } from './pools.ts';
import { idOf, loginsOf, numberOf } from './request.ts';

export interface CognitoCloud {
  readonly pools: ReadonlyMap<string, IdentityPool>;
  readonly ids: IdentityIds;
  readonly tokens: LoginTokens;
  readonly credentials: CredentialsMaker;
  readonly permissions: Permissions;
  readonly clock: Clock;
}

/** The provider under which Cognito's own tokens are presented. */
const ownProvider = 'cognito-identity.amazonaws.com';
const defaultTokenSeconds = 900;

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

/** The identity of the login that came along; undefined for a guest. */
function readLogin({ tokens, clock }: CognitoCloud, pool: IdentityPool, input: Input): string | undefined {
  const logins = loginsOf(input);
  if (logins.length === 0) return undefined;
  const [[provider, token]] = logins as [[string, string]];
  if (logins.length > 1 || provider !== ownProvider) {
    throw notAuthorized('Token is not from a supported provider of this identity pool.');
  }
  const login = tokens.read(token, clock.now());
  if ('refused' in login) throw notAuthorized(login.refused);
  if (login.poolId !== pool.id) throw notAuthorized('Invalid login token. Incorrect token audience.');
  return login.identityId;
}

function requireGuests(pool: IdentityPool): void {
  if (pool.allowsGuests) return;
  throw notAuthorized('Unauthenticated access is not supported for this identity pool.');
}

function getId(cloud: CognitoCloud, input: Input): object {
  const pool = findPool(cloud, input);
  const login = readLogin(cloud, pool, input);
  if (login === undefined) requireGuests(pool);
  return { IdentityId: login ?? cloud.ids.forGuest(pool.id) };
}

function getCredentials(cloud: CognitoCloud, input: Input): object {
  const { pool, identityId, kind, role } = findHolder(cloud, input);
  const login = readLogin(cloud, pool, input);
  const proven = kind === 'authenticated' ? login === identityId : login === undefined;
  if (!proven) throw notAuthorized(`Access to Identity '${identityId}' is forbidden.`);
  if (kind === 'unauthenticated') requireGuests(pool);
  if (!role) {
    const message = 'Invalid identity pool configuration. Check assigned IAM roles for this pool.';
    throw new AwsError('InvalidIdentityPoolConfigurationException', message);
  }
  const issued = cloud.credentials.issue(pool.id, identityId, cloud.clock.now());
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
  const seconds = numberOf(input, 'TokenDuration', 1, 86_400) ?? defaultTokenSeconds;
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
