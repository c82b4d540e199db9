// The OpenID provider of the user pool: oidc-provider, with the paths, identifiers and claims that Amazon Cognito has.
// https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html

import type Provider from 'oidc-provider';
import type { Configuration, ClientMetadata, JWKS, KoaContextWithOIDC } from 'oidc-provider';
import type { UserPoolService } from '../cognito/cognito.ts';
import type { UserPoolClient } from '../cognito/user-pool.ts';
import type { Log } from '../log.ts';
import { claimsOf, scopeClaims } from './claims.ts';
import { createLoginMemory } from './memory.ts';
import { pageHeaders, problemPage } from './pages.ts';

/** Cognito's own lifetimes, which are fixed: an hour for a session of managed login, five minutes for a code. */
const SESSION_SECONDS = 3_600;
const CODE_SECONDS = 300;
const INTERACTION_SECONDS = 600;

export const paths = {
  authorize: '/oauth2/authorize',
  token: '/oauth2/token',
  userInfo: '/oauth2/userInfo',
  revoke: '/oauth2/revoke',
  jwks: '/.well-known/jwks.json',
  login: '/login',
  logout: '/logout',
} as const;

const clientMetadata = ({ id, callbacks, scopes }: UserPoolClient): ClientMetadata => ({
  client_id: id,
  redirect_uris: [...callbacks],
  scope: scopes.join(' '),
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  id_token_signed_response_alg: 'RS256',
  require_auth_time: true,
});

/** Logging in is consent: page and cloud belong to the same people. */
async function grantOf({ oidc }: KoaContextWithOIDC) {
  const { client, session, provider } = oidc;
  if (!client || !session?.accountId) return undefined;
  const known = session.grantIdFor(client.clientId);
  const found = known === undefined ? undefined : await provider.Grant.find(known);
  const grant = found ?? new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(client.scope ?? 'openid');
  await grant.save();
  return grant;
}

const ROUTES: Configuration['routes'] = {
  authorization: paths.authorize,
  token: paths.token,
  userinfo: paths.userInfo,
  revocation: paths.revoke,
  jwks: paths.jwks,
};

const FEATURES: Configuration['features'] = {
  dPoP: { enabled: false },
  pushedAuthorizationRequests: { enabled: false },
  devInteractions: { enabled: false },
  rpInitiatedLogout: { enabled: false },
  revocation: {
    enabled: true,
    allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId,
  },
};

function cookiesOf(secret: UserPoolService['secret']): Configuration['cookies'] {
  const cookie = { signed: true, httpOnly: true, sameSite: 'lax', overwrite: true } as const;
  return {
    keys: [secret.mac('login cookies').toString('hex')],
    names: { session: 'login_session', interaction: 'login', resume: 'login_resume' },
    long: cookie,
    short: cookie,
  };
}

/** In seconds. */
function lifetimesOf(clients: readonly UserPoolClient[]): Configuration['ttl'] {
  const of = (clientId: string | undefined) => clients.find(({ id }) => id === clientId) ?? clients[0]!;
  return {
    Session: SESSION_SECONDS,
    Interaction: INTERACTION_SECONDS,
    AuthorizationCode: CODE_SECONDS,
    IdToken: (_ctx, _token, client) => of(client.clientId).idTokenSeconds,
    AccessToken: (_ctx, _token, client) => of(client.clientId).accessTokenSeconds,
    RefreshToken: (_ctx, _token, client) => of(client.clientId).refreshTokenSeconds,
    Grant: (_ctx, grant) => of(grant.clientId).refreshTokenSeconds,
  };
}

function configurationOf({ users, secret }: UserPoolService, jwks: JWKS): Configuration {
  const { clients } = users.pool;
  return {
    adapter: createLoginMemory(() => Date.now()),
    clients: clients.map(clientMetadata),
    jwks,
    claims: scopeClaims,
    scopes: ['openid', 'email', 'profile'],
    conformIdTokenClaims: false,
    cookies: cookiesOf(secret),
    pkce: { required: () => true },
    routes: ROUTES,
    responseTypes: ['code'],
    clientAuthMethods: ['none'],
    features: FEATURES,
    ttl: lifetimesOf(clients),
    // As Cognito: every login gets a refresh token, which stays the same.
    issueRefreshToken: async () => true,
    rotateRefreshToken: false,
    expiresWithSession: async () => false,
    interactions: { url: (_ctx, { uid }) => `${paths.login}/${uid}` },
    loadExistingGrant: grantOf,
    clientBasedCORS: (_ctx, origin, client) =>
      (client.redirectUris ?? []).some((address) => new URL(address).origin === origin),
    async findAccount(_ctx, sub) {
      const user = users.find(sub);
      return user && { accountId: sub, claims: async (use) => claimsOf(users, user, use) };
    },
    renderError(ctx, { error, error_description: detail }) {
      ctx.set(pageHeaders([]));
      ctx.body = problemPage(`${detail ?? error}.`);
    },
  };
}

/** Loads oidc-provider, which most starts of the local cloud never need. */
export async function createProvider(service: UserPoolService, log: Log): Promise<Provider> {
  const [{ default: OpenIdProvider }, key] = await Promise.all([import('oidc-provider'), service.key()]);
  const jwks = { keys: [key.privateJwk] } as unknown as JWKS;
  const provider = new OpenIdProvider(service.users.pool.issuer, configurationOf(service, jwks));
  provider.on('server_error', (_ctx, error) => {
    log.error('login failed', { reason: error.stack ?? error.message });
  });
  return provider;
}
