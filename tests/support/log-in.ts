// Logs in as a browser does: the code flow with PKCE over fetch, with cookies, and every redirect looked at.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';

export interface LoginTarget {
  /** Origin of the login pages. */
  readonly url: string;
  readonly clientId: string;
  /** Address to which the login leads back. */
  readonly callback: string;
}

export interface Tokens {
  readonly id_token: string;
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly token_type: string;
}

/** One browser: its cookies, by path as well. */
export class Browser {
  readonly #cookies = new Map<string, { value: string; path: string }>();
  readonly #send: typeof fetch;

  constructor(send: typeof fetch = fetch) {
    this.#send = send;
  }

  /** One request, whose redirect is not followed. */
  async open(url: URL | string, init: RequestInit = {}): Promise<Response> {
    const { pathname } = new URL(url);
    const sent = [...this.#cookies].filter(([, { path }]) => pathname.startsWith(path));
    const cookie = sent.map(([name, { value }]) => `${name}=${value}`).join('; ');
    const headers = { ...(init.headers as Record<string, string>), ...(cookie && { cookie }) };
    const response = await this.#send(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.#keep(line, pathname);
    return response;
  }

  #keep(line: string, pathname: string): void {
    const [pair = '', ...attributes] = line.split(/; */);
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    const path = attributes.find((each) => /^path=/i.test(each))?.slice(5) ?? pathname;
    if (attributes.some((each) => /^expires=Thu, 01 Jan 1970/i.test(each))) this.#cookies.delete(name);
    else this.#cookies.set(name, { value, path });
  }
}

/** What the page keeps while the user logs in. */
export function pkce() {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export function authorizeUrl(
  { url, clientId, callback }: LoginTarget,
  parameters: Readonly<Record<string, string | undefined>>,
): URL {
  const address = new URL('/oauth2/authorize', url);
  const all = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: callback,
    scope: 'openid email',
    ...parameters,
  };
  for (const [name, value] of Object.entries(all))
    if (value !== undefined) address.searchParams.set(name, value);
  return address;
}

/** Follows redirects of the login itself: to its page, or back to the callback. */
export async function follow(
  browser: Browser,
  start: URL,
  callback: string,
): Promise<{ at: URL; response?: Response }> {
  let at = start;
  for (let hops = 0; hops < 8; hops += 1) {
    if (at.origin + at.pathname === callback) return { at };
    const response = await browser.open(at);
    const location = response.headers.get('location');
    if (location === null) return { at, response };
    at = new URL(location, at);
  }
  throw new Error(`redirected too often, at last to ${at.href}`);
}

/** Sends the form of the login page. */
export async function sendForm(
  browser: Browser,
  at: URL,
  username: string,
  password: string,
): Promise<Response> {
  return browser.open(at, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: at.origin },
    body: new URLSearchParams({ username, password }).toString(),
  });
}

export async function exchange(
  { url, clientId, callback }: LoginTarget,
  code: string,
  verifier: string,
): Promise<Response> {
  return fetch(new URL('/oauth2/token', url), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      ...{ client_id: clientId, redirect_uri: callback, code, code_verifier: verifier },
    }).toString(),
  });
}

/** The whole flow; fails where a step is not as it should be. */
export async function logIn(
  target: LoginTarget,
  username: string,
  password: string,
  browser = new Browser(),
): Promise<Tokens> {
  const { verifier, challenge } = pkce();
  const asked = {
    state: 'state-1',
    nonce: 'nonce-1',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  const { at, response } = await follow(browser, authorizeUrl(target, asked), target.callback);
  let back = at;
  if (response) {
    assert.equal(response.status, 200, await response.text());
    const sent = await sendForm(browser, at, username, password);
    const location = sent.headers.get('location');
    assert.ok(location !== null, `${sent.status} ${await sent.text()}`);
    ({ at: back } = await follow(browser, new URL(location, at), target.callback));
  }
  assert.equal(back.searchParams.get('state'), 'state-1');
  const answer = await exchange(target, back.searchParams.get('code') ?? '', verifier);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return JSON.parse(text) as Tokens;
}
