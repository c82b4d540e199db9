// Amazon Cognito on one machine: identity pools and the user pool of the template, temporary credentials and their permissions.

import type { AwsHandler } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import type { RegistryView } from '../iot/registry.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { createCognitoHandler } from './api.ts';
import { createCredentialsMaker, type CredentialsMaker } from './credentials.ts';
import { createIdTokenCheck } from './id-token.ts';
import { createIdentityIds } from './identity-id.ts';
import { createLoginTokens } from './login-token.ts';
import { createPermissions, type Permissions } from './permissions.ts';
import { poolsOf } from './pools.ts';
import { openSecret, type Secret } from './secret.ts';
import { createSigningKey, type SigningKey } from './signing-key.ts';
import { createUserPoolHandler } from './user-pool-api.ts';
import { userPoolOf } from './user-pool.ts';
import { openUsers, type OpenedUsers, type Users } from './users.ts';

export interface Cognito {
  /** Answers requests for the service `cognito-identity`. */
  readonly handler: AwsHandler;
  readonly credentials: CredentialsMaker;
  readonly permissions: Permissions;
  /** Absent where the template has no user pool. */
  readonly userPool?: UserPoolService;
}

export interface UserPoolService {
  readonly users: Users;
  readonly key: () => Promise<SigningKey>;
  /** The secret from which the keys of cookies are derived. */
  readonly secret: Secret;
  /** Set at the first start, to be shown once. */
  readonly first: OpenedUsers['first'];
  /** Answers requests for the service `cognito-idp`. */
  readonly handler: AwsHandler;
}

/**
 * Keeps `<dir>/secret`: identities and credentials survive a restart, and become invalid when that file is deleted. Users and the key that signs
 * their tokens are beside it.
 *
 * @throws StartError naming the template line of a pool or role that would not work.
 */
export async function openCognito(options: {
  dir: string;
  template: ResolvedTemplate;
  registry: RegistryView;
  clock: Clock;
}): Promise<Cognito> {
  const { dir, template, registry, clock } = options;
  const pool = userPoolOf(template);
  const pools = poolsOf(template, pool);
  const secret = await openSecret(dir);
  const ids = createIdentityIds(secret);
  const tokens = createLoginTokens(secret);
  const credentials = createCredentialsMaker(secret);
  const permissions = createPermissions(registry, pools, ids);
  const cloud = { pools, ids, tokens, credentials, permissions, clock };
  if (!pool) return { handler: createCognitoHandler(cloud), credentials, permissions };
  const { users, first } = await openUsers(dir, pool, clock.now());
  const key = createSigningKey(dir);
  const check = createIdTokenCheck(users, key);
  return {
    handler: createCognitoHandler({ ...cloud, users: { pool, check } }),
    credentials,
    permissions,
    userPool: { users, key, secret, first, handler: createUserPoolHandler({ users, clock }) },
  };
}
