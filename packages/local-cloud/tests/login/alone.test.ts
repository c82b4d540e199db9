// Login without a password: for the first user, as long as nobody else was added, by pages of this port only.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { authorizeUrl, Browser, exchange, pkce } from '../../../../tests/support/log-in.ts';
import { openLogin, type LoginFixture } from './pool-fixture.ts';

type Headers = Readonly<Record<string, string>>;

const ownPage: Headers = {
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};

/** Like `fetch`, which would replace the given `Sec-Fetch-Mode` by its own. */
async function send(address: Parameters<typeof fetch>[0], { headers }: RequestInit = {}): Promise<Response> {
  const [found] = (await once(
    get(new URL(address instanceof Request ? address.url : address), { headers: headers as Headers }),
    'response',
  )) as [IncomingMessage];
  const parts = await found.toArray();
  const pairs = Object.entries(found.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  return new Response(Buffer.concat(parts as Buffer[]), { status: found.statusCode!, headers: pairs });
}

interface Asked {
  readonly headers?: Headers;
  readonly prompt?: string;
  readonly browser?: Browser;
}

/** Asks as the page does. @returns the end of the address, or `form` or `page <status>` */
async function ask(
  { target }: LoginFixture,
  { headers = ownPage, prompt = 'none', browser = new Browser(send) }: Asked = {},
) {
  const { verifier, challenge } = pkce();
  const s256 = { code_challenge: challenge, code_challenge_method: 'S256' };
  let at = authorizeUrl(target, { state: 's', prompt: prompt || undefined, ...s256 });
  while (at.origin + at.pathname !== target.callback) {
    const response = await browser.open(at, { headers });
    const location = response.headers.get('location');
    if (location === null) {
      const isForm = response.status === 200 && /type="password"/.test(await response.text());
      return { result: isForm ? 'form' : `page ${response.status}`, verifier };
    }
    at = new URL(location, at);
  }
  const code = at.searchParams.get('code');
  return { result: at.searchParams.get('error') ?? (code ? 'code' : 'nothing'), code, verifier };
}

test('a page of this port gets a code for the first user, which its verifier alone turns into tokens', async () => {
  const fixture = await openLogin();
  const { result, code, verifier } = await ask(fixture);
  assert.equal(result, 'code');
  assert.equal((await exchange(fixture.target, code!, pkce().verifier)).status, 400);
  const again = await ask(fixture);
  const answer = await exchange(fixture.target, again.code!, again.verifier);
  const { id_token } = (await answer.json()) as { id_token: string };
  const claims = JSON.parse(Buffer.from(id_token.split('.')[1]!, 'base64url').toString()) as {
    email: string;
  };
  assert.deepEqual([claims.email, verifier.length], ['you@localhost', 43]);
});

test('a click on Log in is enough, unless the page asks for the form', async () => {
  const fixture = await openLogin();
  assert.equal((await ask(fixture, { prompt: '' })).result, 'code');
  assert.equal((await ask(fixture, { prompt: 'login' })).result, 'form');
});

const foreign: readonly (readonly [what: string, change: Readonly<Record<string, string | undefined>>])[] = [
  ['a link of another site', { 'sec-fetch-site': 'cross-site' }],
  ['a page of another port', { 'sec-fetch-site': 'same-site' }],
  ['an address that was typed', { 'sec-fetch-site': 'none' }],
  ['a frame', { 'sec-fetch-dest': 'iframe' }],
  ['a script', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
  ['a program, or an old browser', { 'sec-fetch-site': undefined, 'sec-fetch-dest': undefined }],
  ['a proxy', { 'x-forwarded-for': '192.0.2.1' }],
  ['a tunnel', { forwarded: 'for=192.0.2.1' }],
];
for (const [what, change] of foreign) {
  test(`${what} gets no login without a password`, async () => {
    const fixture = await openLogin();
    const headers = Object.fromEntries(
      Object.entries({ ...ownPage, ...change }).filter(
        (pair): pair is [string, string] => pair[1] !== undefined,
      ),
    );
    assert.equal((await ask(fixture, { headers })).result, 'login_required');
    assert.equal((await ask(fixture, { headers, prompt: '' })).result, 'form');
  });
}

const claimed: readonly (readonly [what: string, change: (fixture: LoginFixture) => Promise<void>])[] = [
  [
    'has a password of its own',
    async ({ users }) => users.put({ ...users.all()[0]!, password: await users.sealed('one of my own') }),
  ],
  [
    'has a password of its own, and the file of before was put back',
    async ({ users, dir, password }) => {
      await users.put({ ...users.all()[0]!, password: await users.sealed('one of my own') });
      writeFileSync(path.join(dir, 'password.txt'), password);
    },
  ],
  [
    'is not the only one',
    ({ users }) => users.put({ ...users.all()[0]!, sub: 'other', email: 'ann@example.com' }),
  ],
  ['is gone', ({ users }) => users.remove(users.all()[0]!)],
  ['has its password kept elsewhere', async ({ dir }) => rmSync(path.join(dir, 'password.txt'))],
];
for (const [what, change] of claimed) {
  test(`everybody fills in the form once the first user ${what}`, async () => {
    const fixture = await openLogin();
    await change(fixture);
    assert.equal((await ask(fixture)).result, 'login_required');
    assert.equal((await ask(fixture, { prompt: '' })).result, 'form');
  });
}

test('a user who is already logged in is not replaced by the first one', async () => {
  const fixture = await openLogin();
  const browser = new Browser(send);
  assert.equal((await ask(fixture, { browser })).result, 'code');
  const before = fixture.lines.filter((line) => line.startsWith('logged in')).length;
  assert.equal((await ask(fixture, { browser })).result, 'code');
  assert.equal(fixture.lines.filter((line) => line.startsWith('logged in')).length, before);
});
