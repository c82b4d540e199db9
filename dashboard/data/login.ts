// Logs in through the user pool's hosted pages, using the authorization code flow with PKCE (RFC 7636), and renews tokens.

// https://docs.aws.amazon.com/cognito/latest/developerguide/using-pkce-in-authorization-code.html

import { accessOf, type Group } from '../../core/access.ts';
import type { LoginConfig, PageConfig } from '../model/config.ts';

export interface User {
  readonly name: string;
  /** Stays the same when the user's name changes. */
  readonly sub: string;
  /** Determines the user's permissions; undefined if the user is in no group. */
  readonly group: Group | undefined;
  /** The sites that the user may see; absent for all. */
  readonly sites?: readonly string[] | undefined;
}

export interface Login {
  /**
   * Completes a login that returned to the page, or resumes an earlier one. On one machine it requests a login without a
   * password.
   */
  readonly begin: () => Promise<void>;
  /** The logins map for the identity pool; empty for a guest. Renews a token that is about to expire. */
  readonly logins: () => Promise<Readonly<Record<string, string>>>;
  readonly user: () => User | undefined;
  readonly go: () => Promise<void>;
  readonly leave: () => void;
}

interface Tokens {
  readonly provider: string;
  readonly idToken: string;
  readonly refreshToken?: string;
}

interface Attempt {
  readonly state: string;
  readonly verifier: string;
  /** Where the user was. */
  readonly hash: string;
}

interface Claims {
  readonly exp?: number;
  readonly email?: string;
  readonly sub?: string;
  readonly 'cognito:groups'?: readonly string[];
}

/** Stored per tab, and removed when the tab closes. */
const TOKENS_KEY = 'tidegate.tokens';
const ATTEMPT_KEY = 'tidegate.login';
/** Set for the tab when a login without a password was refused, and for the browser when the user logged out. */
const GUEST_KEY = 'tidegate.guest';
const RENEW_BEFORE_MS = 60_000;

const base64Url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const randomText = () => base64Url(crypto.getRandomValues(new Uint8Array(32)));

async function challengeOf(verifier: string): Promise<string> {
  return base64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

/** Does not verify the signature, which Cognito does: the page only shows the claims and reads their expiry. */
function claimsOf(idToken: string): Claims {
  const payload = idToken.split('.')[1] ?? '';
  const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
    c.charCodeAt(0),
  );
  return JSON.parse(new TextDecoder().decode(bytes)) as Claims;
}

const readStored = (key: string): unknown => JSON.parse(sessionStorage.getItem(key) ?? 'null') ?? undefined;

const staysGuest = () => [sessionStorage, localStorage].some((kept) => kept.getItem(GUEST_KEY) !== null);

/** The query parameters of a login that returned to the page. */
const ANSWERS = ['code', 'error'];

/**
 * Whether a newly opened page may redirect to the login: there is no login yet, and the user did not choose to stay a
 * guest. A page that returns from a login never redirects again, so there is no redirect loop.
 */
export function mayLeave(): boolean {
  const query = new URLSearchParams(location.search);
  return readStored(TOKENS_KEY) === undefined && !staysGuest() && !ANSWERS.some((name) => query.has(name));
}

function takeAttempt(query: URLSearchParams): Attempt | undefined {
  const attempt = readStored(ATTEMPT_KEY) as Attempt | undefined;
  if (!attempt || query.get('state') !== attempt.state) return undefined;
  sessionStorage.removeItem(ATTEMPT_KEY);
  history.replaceState(undefined, '', `/${attempt.hash}`);
  return attempt;
}

const ownAddress = () => `${location.origin}/`;

async function askForTokens(
  { url, clientId, provider }: LoginConfig,
  form: Readonly<Record<string, string>>,
): Promise<Tokens> {
  const response = await fetch(`${url}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: clientId, ...form }),
  });
  const answer = (await response.json()) as Readonly<Record<string, string>>;
  if (!response.ok) throw new Error(`The login did not give a token: ${answer['error'] ?? response.status}`);
  return { provider, idToken: answer['id_token']!, refreshToken: answer['refresh_token'] };
}

/** The login page's address. Keeps an attempt in this tab, which the login's return must match. */
async function authorizeUrl(
  { url, clientId }: LoginConfig,
  more: Readonly<Record<string, string>>,
): Promise<string> {
  const attempt = { state: randomText(), verifier: randomText(), hash: location.hash };
  sessionStorage.setItem(ATTEMPT_KEY, JSON.stringify(attempt));
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: ownAddress(),
    scope: 'openid email',
    state: attempt.state,
    code_challenge: await challengeOf(attempt.verifier),
    code_challenge_method: 'S256',
    ...more,
  });
  return `${url}/oauth2/authorize?${query}`;
}

function userOf({ idToken }: Tokens): User {
  const { email, sub, 'cognito:groups': groups = [] } = claimsOf(idToken);
  const { group, sites } = accessOf(groups) ?? {};
  return { name: email ?? sub ?? 'you', sub: sub ?? '', group, sites };
}

/** The tokens of this tab. */
function createTokens(config: LoginConfig | undefined) {
  let tokens = readStored(TOKENS_KEY) as Tokens | undefined;

  function keep(next: Tokens | undefined): void {
    tokens = next && { ...next, refreshToken: next.refreshToken ?? tokens?.refreshToken };
    if (!tokens) return sessionStorage.removeItem(TOKENS_KEY);
    sessionStorage.setItem(TOKENS_KEY, JSON.stringify(tokens));
    for (const kept of [sessionStorage, localStorage]) kept.removeItem(GUEST_KEY);
  }

  async function renew(): Promise<void> {
    if (!config || tokens?.refreshToken === undefined) return keep(undefined);
    try {
      keep(await askForTokens(config, { grant_type: 'refresh_token', refresh_token: tokens.refreshToken }));
    } catch (error) {
      if (error instanceof TypeError) throw error; // the server was not reached, so the login may still be valid
      keep(undefined);
    }
  }

  return { current: () => tokens, keep, renew };
}

export function createLogin({ login: config }: PageConfig): Login {
  const { current, keep, renew } = createTokens(config);
  return {
    user() {
      const tokens = current();
      return tokens && userOf(tokens);
    },
    async begin() {
      const query = new URLSearchParams(location.search);
      const [code, error] = ANSWERS.map((name) => query.get(name)) as [string | null, string | null];
      const canLeave = mayLeave();
      const attempt = takeAttempt(query);
      if (config && attempt && code !== null) {
        const form = { grant_type: 'authorization_code', code, redirect_uri: ownAddress() };
        keep(await askForTokens(config, { ...form, code_verifier: attempt.verifier }));
      }
      if (attempt && error !== null) sessionStorage.setItem(GUEST_KEY, error);
      if (config?.callbacks?.includes(ownAddress()) && canLeave) {
        location.replace(await authorizeUrl(config, { prompt: 'none' }));
        await new Promise(() => {}); // the browser leaves
      }
    },
    async logins() {
      const held = current();
      if (held && (claimsOf(held.idToken).exp ?? 0) * 1000 - RENEW_BEFORE_MS < Date.now()) await renew();
      const tokens = current();
      return tokens ? { [tokens.provider]: tokens.idToken } : {};
    },
    async go() {
      if (config) location.assign(await authorizeUrl(config, {}));
    },
    leave() {
      keep(undefined);
      localStorage.setItem(GUEST_KEY, 'logged out');
      if (!config) return location.reload();
      const query = new URLSearchParams({ client_id: config.clientId, logout_uri: ownAddress() });
      location.assign(`${config.url}/logout?${query}`);
    },
  };
}
