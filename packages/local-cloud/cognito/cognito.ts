// Amazon Cognito Identity on one machine: pools of the template, temporary credentials, and what they may do.
import type { AwsHandler } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import type { RegistryView } from '../iot/registry.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { createCognitoHandler } from './api.ts';
import { createCredentialsMaker, type CredentialsMaker } from './credentials.ts';
import { createIdentityIds } from './identity-id.ts';
import { createLoginTokens } from './login-token.ts';
import { createPermissions, type Permissions } from './permissions.ts';
import { poolsOf } from './pools.ts';
import { openSecret } from './secret.ts';

export interface Cognito {
  /** Answers requests for the service `cognito-identity`. */
  readonly handler: AwsHandler;
  readonly credentials: CredentialsMaker;
  readonly permissions: Permissions;
}

/**
 * Keeps nothing but `<dir>/secret`: identities and credentials outlive a restart, and go when that file does.
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
  const pools = poolsOf(template);
  const secret = await openSecret(dir);
  const ids = createIdentityIds(secret);
  const tokens = createLoginTokens(secret);
  const credentials = createCredentialsMaker(secret);
  const permissions = createPermissions(registry, pools, ids);
  const handler = createCognitoHandler({ pools, ids, tokens, credentials, permissions, clock });
  return { handler, credentials, permissions };
}
