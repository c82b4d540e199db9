// Who looks at the page: an identity of the identity pool, with temporary credentials that renew themselves.

import { signal } from '@preact/signals';
import { AwsClient } from 'aws4fetch';
import { isAtLeast, type Group } from '../../core/access.ts';
import type { PageConfig } from '../model/config.ts';
import { createKept, type Credentials } from './kept-session.ts';
import type { Login } from './login.ts';

/** What may be heard: the only sites; absent: all. */
export interface LiveAccess {
  readonly sites?: readonly string[];
}

export interface Session {
  /** Valid for a few minutes at least. @throws where Cognito cannot be reached or gives none */
  readonly credentials: () => Promise<Credentials>;
  /** As above, and whoever logged in has the policy that MQTT asks for. */
  readonly mqttCredentials: () => Promise<Credentials & LiveAccess>;
  /** Fresh ones from now on: somebody refused the present ones. */
  readonly forget: () => void;
  readonly isGuest: () => boolean;
  /** Whether who looks is in this group or a stronger one; the API decides all the same. */
  readonly may: (group: Group) => boolean;
  /** The only sites that who looks sees; undefined: all. */
  readonly sites: () => readonly string[] | undefined;
  /** The user's name; undefined of a guest. */
  readonly name: () => string | undefined;
  readonly canLogIn: boolean;
  readonly logIn: () => Promise<void>;
  readonly logOut: () => void;
}

/** Before credentials end: a request that takes long must not outlive them. */
const RENEW_BEFORE_MS = 5 * 60_000;

type Json = Readonly<Record<string, unknown>>;

/** What Cognito answered instead of what was asked for. */
class CognitoError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(`Cognito: ${message} (${code})`);
    this.code = code;
  }
}

/** The identity pools' API takes unsigned calls: the login token is the proof. */
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

/** AWS IoT wants a policy attached to the identity of a user before it lets it connect. */
async function askForLiveAccess(config: PageConfig, credentials: Credentials): Promise<LiveAccess> {
  const client = new AwsClient({ ...credentials, service: 'execute-api', region: config.region, retries: 2 });
  const url = new URL(`${config.api}/live-access`, location.href).href;
  const response = await client.fetch(url, { method: 'POST' });
  if (response.ok) return (await response.json()) as LiveAccess;
  const { detail } = (await response.json()) as { readonly detail?: string };
  throw new Error(detail ?? `The API gave no access to live data: it answered ${response.status}.`);
}

/** Guests keep their identity across reloads, in this browser; users have theirs from who they are. */
export function openSession(config: PageConfig, login: Login): Session {
  const call = createCaller(config);
  const user = signal(login.user());
  const kept = createKept(config.identityPoolId, () => login.user()?.sub);
  const found = kept.credentials();
  let credentials = found && Promise.resolve(found);
  let access: (LiveAccess & { readonly identityId: string }) | undefined;

  async function identityOf(logins: Json): Promise<string> {
    const known = kept.identity();
    if (known !== undefined) return known;
    const answer = await call('GetId', { IdentityPoolId: config.identityPoolId, Logins: logins });
    const identityId = String(answer['IdentityId']);
    kept.keepIdentity(identityId);
    return identityId;
  }

  async function issue(isRetry = false): Promise<Credentials> {
    const logins = await login.logins();
    user.value = login.user();
    const identityId = await identityOf(logins);
    try {
      const answer = await call('GetCredentialsForIdentity', { IdentityId: identityId, Logins: logins });
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
      // The identity of another installation that was at this address.
      kept.forgetIdentity();
      if (isRetry || !(error instanceof CognitoError)) throw error;
      return issue(true);
    }
  }

  async function current(): Promise<Credentials> {
    const held = credentials;
    if (held) {
      const found = await held.catch(() => undefined);
      if (found && found.expiration - RENEW_BEFORE_MS > Date.now()) return found;
      if (credentials !== held) return current(); // somebody else renews them
    }
    credentials = issue();
    return credentials;
  }

  return {
    credentials: current,
    async mqttCredentials() {
      const found = await current();
      if (!user.value) return found;
      if (access?.identityId !== found.identityId)
        access = { ...(await askForLiveAccess(config, found)), identityId: found.identityId };
      return { ...found, sites: access.sites };
    },
    forget() {
      credentials = undefined;
      kept.forgetCredentials();
    },
    isGuest: () => user.value === undefined,
    may: (group) => user.value?.group !== undefined && isAtLeast(user.value.group, group),
    sites: () => user.value?.sites,
    name: () => user.value?.name,
    canLogIn: config.login !== undefined,
    logIn: () => login.go(),
    logOut() {
      credentials = undefined;
      kept.forgetCredentials();
      kept.forgetIdentity();
      login.leave();
    },
  };
}
