// Logging in as a page does it, over HTTP: the content of tokens, refusals, and remembered logins.

import { beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import {
  authorizeUrl,
  Browser,
  exchange,
  follow,
  logIn,
  pkce,
  sendForm,
} from '../../../../tests/support/log-in.ts';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { openLogin, type LoginFixture } from './pool-fixture.ts';

let fixture: LoginFixture;
beforeAll(async () => {
  fixture = await openLogin();
});

const user = 'you@localhost';
const s256 = (challenge: string) => ({ code_challenge: challenge, code_challenge_method: 'S256' });

/** Opens the login page. */
async function openPage(browser: Browser, challenge = pkce().challenge) {
  const { target } = fixture;
  const { at, response } = await follow(
    browser,
    authorizeUrl(target, { state: 's', ...s256(challenge) }),
    target.callback,
  );
  assert.ok(response);
  return { at, response };
}

test('the first user logs in and gets tokens as Cognito makes them, which the published key verifies', async () => {
  const { target, password, users } = fixture;
  const tokens = await logIn(target, user, password);
  assert.deepEqual([tokens.token_type, tokens.expires_in], ['Bearer', 3_600]);
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', target.url));
  const { payload, protectedHeader } = await jwtVerify(tokens.id_token, keys);
  assert.equal(protectedHeader.alg, 'RS256');
  const { sub } = users.find(user)!;
  const { exp = 0, iat = 0, auth_time: _time, ...claims } = payload;
  assert.equal(exp - iat, 900);
  assert.deepEqual(claims, {
    sub,
    iss: `https://cognito-idp.us-east-1.amazonaws.com/${users.pool.id}`,
    aud: target.clientId,
    nonce: 'nonce-1',
    token_use: 'id',
    'cognito:username': sub,
    'cognito:groups': ['editors'],
    'cognito:roles': ['arn:aws:iam::000000000000:role/tidegate-EditorRole'],
    'cognito:preferred_role': 'arn:aws:iam::000000000000:role/tidegate-EditorRole',
    email: user,
    email_verified: true,
  });
  const info = await fetch(new URL('/oauth2/userInfo', target.url), {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  assert.deepEqual(await info.json(), { sub, username: sub, email: user, email_verified: 'true' });
});

test('a refresh token gives a new ID token, with the groups that the user has then, until it is revoked', async () => {
  const { target, password, users } = fixture;
  const { refresh_token } = await logIn(target, user, password);
  const me = users.find(user)!;
  await users.put({ ...me, groups: ['readers'] });
  const send = async (route: string, form: Record<string, string>) =>
    fetch(new URL(route, target.url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ client_id: target.clientId, ...form }).toString(),
    });
  const refresh = () => send('/oauth2/token', { grant_type: 'refresh_token', refresh_token });
  const answer = await refresh();
  const { id_token } = (await answer.json()) as { id_token: string };
  const claims = JSON.parse(Buffer.from(id_token.split('.')[1]!, 'base64url').toString()) as Record<
    string,
    unknown
  >;
  assert.deepEqual(claims['cognito:groups'], ['readers']);
  await users.put(me);
  assert.equal((await send('/oauth2/revoke', { token: refresh_token })).status, 200);
  assert.equal((await refresh()).status, 400);
});

test('a logged-in user is not asked again in the same browser, until they log out', async () => {
  const { target, password } = fixture;
  const browser = new Browser();
  await logIn(target, user, password, browser);
  await logIn(target, user, 'not needed', browser);
  const out = new URL(
    `/logout?client_id=${target.clientId}&logout_uri=${encodeURIComponent('http://localhost:8080/bye')}`,
    target.url,
  );
  const answer = await browser.open(out);
  assert.deepEqual([answer.status, answer.headers.get('location')], [302, 'http://localhost:8080/bye']);
  await assert.rejects(
    logIn(target, user, 'wrong', browser),
    /401 .*The email address or the password is wrong/s,
  );
});

test('a logout leads nowhere but to the addresses of the client', async () => {
  const { target } = fixture;
  for (const query of [
    `client_id=${target.clientId}&logout_uri=http://evil.example/`,
    `client_id=${target.clientId}&logout_uri=http://localhost:8080/bye/more`,
    `client_id=${target.clientId}`,
    'client_id=other&logout_uri=http://localhost:8080/bye',
  ]) {
    const answer = await fetch(new URL(`/logout?${query}`, target.url), { redirect: 'manual' });
    assert.equal(answer.status, 400, query);
  }
});

/** A wrong request, and its answer: an error at the callback, or a page if the callback cannot be trusted. */
const wrongRequests: readonly (readonly [string, Record<string, string | undefined>, RegExp])[] = [
  [
    'without PKCE',
    { code_challenge: undefined, code_challenge_method: undefined },
    /back\?error=invalid_request&.*PKCE/,
  ],
  ['with plain PKCE', { code_challenge_method: 'plain' }, /back\?error=invalid_request/],
  [
    'for a token in the address',
    { response_type: 'token' },
    /back.*error=unsupported_response_type|back#error/,
  ],
  ['for another address', { redirect_uri: 'http://localhost:8080/back2' }, /page 400/],
  ['for an address with more behind it', { redirect_uri: 'http://localhost:8080/back?a=1' }, /page 400/],
  ['for another port', { redirect_uri: 'http://localhost:8081/back' }, /page 400/],
  ['of a client that there is not', { client_id: 'nobody' }, /page 400/],
];
for (const [what, change, expected] of wrongRequests) {
  test(`a request ${what} is refused`, async () => {
    const { target } = fixture;
    const address = authorizeUrl(target, { state: 's', ...s256(pkce().challenge), ...change });
    const answer = await new Browser().open(address);
    const found = answer.headers.get('location') ?? `page ${answer.status}`;
    assert.match(decodeURIComponent(found).replaceAll('+', ' '), expected);
  });
}

test('a code is valid for one exchange, with the verifier of the page that began', async () => {
  const { target, password } = fixture;
  const browser = new Browser();
  const { verifier, challenge } = pkce();
  const { at } = await openPage(browser, challenge);
  const sent = await sendForm(browser, at, user, password);
  const { at: back } = await follow(browser, new URL(sent.headers.get('location')!, at), target.callback);
  const code = back.searchParams.get('code')!;
  assert.equal((await exchange(target, code, pkce().verifier)).status, 400);
  assert.equal((await exchange(target, code, verifier)).status, 200);
  assert.equal((await exchange(target, code, verifier)).status, 400);
});

test('the page has no script, may be in no frame, and its cookies are for no script and no other site', async () => {
  const { response } = await openPage(new Browser());
  const policy = response.headers.get('content-security-policy')!;
  assert.match(
    policy,
    /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' http:\/\/localhost:8080; /,
  );
  assert.match(policy, /frame-ancestors 'none'/);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.doesNotMatch(await response.text(), /<script|onload=|javascript:/i);
  const begun = await fetch(authorizeUrl(fixture.target, { state: 's', ...s256(pkce().challenge) }), {
    redirect: 'manual',
  });
  const cookies = begun.headers.getSetCookie();
  assert.ok(cookies.length >= 2);
  for (const cookie of cookies) assert.match(cookie, /; samesite=lax; httponly/i);
});

test('a name of markup is shown as text', async () => {
  const browser = new Browser();
  const { at } = await openPage(browser);
  const answer = await sendForm(browser, at, '"><script>alert(1)</script>', 'x');
  assert.doesNotMatch(await answer.text(), /<script>/);
});

test('a form of another page, or for a login of another browser, is refused', async () => {
  const browser = new Browser();
  const { at } = await openPage(browser);
  const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost:3000' };
  const body = new URLSearchParams({ username: user, password: fixture.password }).toString();
  assert.equal((await browser.open(at, { method: 'POST', headers, body })).status, 403);
  assert.equal((await sendForm(new Browser(), at, user, fixture.password)).status, 400);
});

test('a page of another origin asks for no tokens, and a page of the client may', async () => {
  const { target } = fixture;
  for (const [origin, status, readable] of [
    ['http://localhost:3000', 403, null],
    ['null', 403, null],
    ['http://localhost:8080', 400, 'http://localhost:8080'],
  ] as const) {
    const answer = await fetch(new URL('/oauth2/token', target.url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin },
      body: `grant_type=refresh_token&client_id=${target.clientId}&refresh_token=guess`,
    });
    const found = [answer.status, answer.headers.get('access-control-allow-origin')];
    assert.deepEqual(found, [status, readable], origin);
  }
});

test('a name may be tried five times at once, then half a minute later, and the answer does not say whether it exists', async () => {
  const { users, clock, lines } = fixture;
  const browser = new Browser();
  const { at } = await openPage(browser);
  const statusOf = async (name: string, password: string) =>
    (await sendForm(browser, at, name, password)).status;
  await clock.advance(3_600_000);
  const me = { ...users.find(user)!, sub: '00000000-0000-4000-8000-000000000001', email: 'ann@localhost' };
  await users.put(me);
  for (const name of ['ann@localhost', 'nobody@localhost']) {
    for (let n = 0; n < 5; n += 1) assert.equal(await statusOf(name, 'guess'), 401);
    assert.equal(await statusOf(name, fixture.password), 429);
  }
  await clock.advance(30_000);
  assert.equal(await statusOf('ann@localhost', fixture.password), 303);
  assert.ok(lines.every((line) => !line.includes('guess') && !line.includes(fixture.password)));
});

test('only the owner can read the stored files, and the password is not in them', () => {
  for (const name of ['users.json', 'password.txt', 'signing-key.pem'])
    assert.equal(statSync(path.join(fixture.dir, name)).mode & 0o777, 0o600, name);
});

test('a new password of the first user takes away the file with the old one', async () => {
  const { dir, users } = await openLogin();
  const me = users.find(user)!;
  const isThere = () => existsSync(path.join(dir, 'password.txt'));
  await users.put({ ...me, groups: [] });
  assert.ok(isThere());
  await users.put({ ...me, password: await users.sealed('another one of mine') });
  assert.ok(!isThere());
  assert.equal((await users.check(user, 'another one of mine'))?.sub, me.sub);
});
