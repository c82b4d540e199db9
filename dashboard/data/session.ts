// The viewer's session: an identity of the identity pool, with temporary credentials that are renewed automatically.

import { signal } from '@preact/signals';
import { AwsClient } from 'aws4fetch';
import { isAtLeast, type Group } from '../../core/access.ts';
import type { PageConfig } from '../model/config.ts';
import { createKept, type Credentials } from './kept-session.ts';
import type { Login } from './login.ts';

/** The sites whose messages the user may receive; absent for all. */
export interface LiveAccess {
  readonly sites?: readonly string[];
}

export interface Session {
  /** Credentials that are valid for at least a few minutes. @throws if Cognito cannot be reached or returns none */
  readonly credentials: () => Promise<Credentials>;
  /** Like `credentials`, but also attaches the policy that logged-in users need for MQTT. */
  readonly mqttCredentials: () => Promise<Credentials & LiveAccess>;
  /** Discards the current credentials, for example after they were refused. */
  readonly forget: () => void;
  readonly isGuest: () => boolean;
  /** Whether the user is in this group or one with more permissions. The API checks it again. */
  readonly may: (group: Group) => boolean;
  /** The sites that the user may see; undefined for all. */
  readonly sites: () => readonly string[] | undefined;
  /** The user's name; undefined for a guest. */
  readonly name: () => string | undefined;
  readonly canLogIn: boolean;
  readonly logIn: () => Promise<void>;
  readonly logOut: () => void;
}

/** Renews credentials this long before they expire, so that they do not expire during a slow request. */
const RENEW_BEFORE_MS = 5 * 60_000;

type Json = Readonly<Record<string, unknown>>;

/** An error response from Cognito. */
class CognitoError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(`Cognito: ${message} (${code})`);
    this.code = code;
  }
}

/** The identity pools' API accepts unsigned calls, authenticated by the login token. */
function createCaller({ cognitoIdentity }: PageConfig) {
  return async function call(operation: string, input: Json): Promise<Json> {
    const response = await fetch(cognitoIdentity, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AWSCognitoIdentityService.${operation}`,
      },
      body: JSON.stringify(input),
    });
    const answer = (await response.json()) as Json;
    if (response.ok) return answer;
    const { __type: code = '', message = response.statusText } = answer as Readonly<Record<string, string>>;
    throw new CognitoError(code.replace(/^.*#/, ''), message);
  };
}

/** Has the API attach an IoT policy to the user's identity: AWS IoT refuses the connection without one. */
async function askForLiveAccess(config: PageConfig, credentials: Credentials): Promise<LiveAccess> {
  const client = new AwsClient({ ...credentials, service: 'execute-api', region: config.region, retries: 2 });
  const url = new URL(`${config.api}/live-access`, location.href).href;
  const response = await client.fetch(url, { method: 'POST' });
  if (response.ok) return (await response.json()) as LiveAccess;
  const { detail } = (await response.json()) as { readonly detail?: string };
  throw new Error(detail ?? `The API gave no access to live data: it answered ${response.status}.`);
}

type Kept = ReturnType<typeof createKept>;

/** Asks Cognito for credentials. Resolves to new ones at each call. */
function createIssuer(config: PageConfig, kept: Kept, logins: Login['logins']) {
  const call = createCaller(config);

  async function identityOf(given: Json): Promise<string> {
    const known = kept.identity();
    if (known !== undefined) return known;
    const answer = await call('GetId', { IdentityPoolId: config.identityPoolId, Logins: given });
    const identityId = String(answer['IdentityId']);
    kept.keepIdentity(identityId);
    return identityId;
  }

  return async function issue(isRetry = false): Promise<Credentials> {
    const given = await logins();
    const identityId = await identityOf(given);
    try {
      const answer = await call('GetCredentialsForIdentity', { IdentityId: identityId, Logins: given });
      const { AccessKeyId, SecretKey, SessionToken, Expiration } = answer['Credentials'] as Json;
      const issued = {
        identityId,
        accessKeyId: String(AccessKeyId),
        secretAccessKey: String(SecretKey),
        sessionToken: String(SessionToken),
        expiration: Number(Expiration) * 1000,
      };
      kept.keepCredentials(issued);
      return issued;
    } catch (error) {
      // The stored identity may belong to another installation that used this address before.
      kept.forgetIdentity();
      if (isRetry || !(error instanceof CognitoError)) throw error;
      return issue(true);
    }
  };
}

/** Holds credentials until shortly before they expire. Calls at the same time share one request. */
function createCredentials(kept: Kept, issue: () => Promise<Credentials>) {
  const found = kept.credentials();
  let credentials = found && Promise.resolve(found);

  async function current(): Promise<Credentials> {
    const held = credentials;
    if (held) {
      const known = await held.catch(() => undefined);
      if (known && known.expiration - RENEW_BEFORE_MS > Date.now()) return known;
      if (credentials !== held) return current(); // another call is renewing them
    }
    credentials = issue();
    return credentials;
  }

  return {
    current,
    forget: () => {
      credentials = undefined;
      kept.forgetCredentials();
    },
  };
}

/** A guest's identity is kept in this browser across reloads. A user's identity comes from the login. */
export function openSession(config: PageConfig, login: Login): Session {
  const user = signal(login.user());
  const kept = createKept(config.identityPoolId, () => login.user()?.sub);
  const issue = createIssuer(config, kept, async () => {
    const logins = await login.logins();
    user.value = login.user();
    return logins;
  });
  const { current, forget } = createCredentials(kept, issue);
  let access: (LiveAccess & { readonly identityId: string }) | undefined;
  return {
    credentials: current,
    async mqttCredentials() {
      const found = await current();
      if (!user.value) return found;
      if (access?.identityId !== found.identityId)
        access = { ...(await askForLiveAccess(config, found)), identityId: found.identityId };
      return { ...found, sites: access.sites };
    },
    forget,
    isGuest: () => user.value === undefined,
    may: (group) => user.value?.group !== undefined && isAtLeast(user.value.group, group),
    sites: () => user.value?.sites,
    name: () => user.value?.name,
    canLogIn: config.login !== undefined,
    logIn: () => login.go(),
    logOut() {
      forget();
      kept.forgetIdentity();
      login.leave();
    },
  };
}
