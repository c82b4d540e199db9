// The Cognito calls as a browser and a back end make them: identities, logins, credentials, and every refusal.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { openFixture, ownPage, provider, start, type Fixture } from './cognito-fixture.ts';

const own = 'cognito-identity.amazonaws.com';

async function tokenFor(fixture: Fixture, user: string, more: object = {}): Promise<[string, string]> {
  const { body } = await fixture.callSigned('GetOpenIdTokenForDeveloperIdentity', {
    IdentityPoolId: fixture.poolId,
    Logins: { [provider]: user },
    ...more,
  });
  return [String(body['IdentityId']), String(body['Token'])];
}

test('a guest gets an identity of the pool, and credentials that end after an hour', async () => {
  const { guest, poolId } = await openFixture();
  const [one, other] = [await guest(), await guest()];
  assert.notEqual(one.identityId, other.identityId);
  for (const { identityId, accessKeyId, secretAccessKey, expiration } of [one, other]) {
    assert.match(
      identityId,
      /^us-east-1:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    assert.match(accessKeyId, /^ASIALOCAL[A-Z2-7]{11}$/);
    assert.equal(secretAccessKey.length, 40);
    assert.equal(expiration, start / 1000 + 3600);
    assert.notEqual(identityId, poolId);
  }
});

test('a user has the same identity at every login, and another than other users', async () => {
  const { login } = await openFixture();
  const [first, again, other] = [await login('alice'), await login('alice'), await login('bob')];
  assert.equal(again.identityId, first.identityId);
  assert.notEqual(other.identityId, first.identityId);
  assert.notEqual(again.accessKeyId, first.accessKeyId);
});

test('GetId returns the identity of a login', async () => {
  const fixture = await openFixture();
  const [identityId, token] = await tokenFor(fixture, 'alice');
  const { body } = await fixture.call('GetId', { IdentityPoolId: fixture.poolId, Logins: { [own]: token } });
  assert.equal(body['IdentityId'], identityId);
});

test('identities and credentials outlive a restart, and end with the secret of the installation', async () => {
  const dir = temporaryFolder();
  const first = await openFixture({ dir });
  const { identityId, accessKeyId, sessionToken } = await first.guest();
  await first.iot.close();
  const second = await openFixture({ dir });
  assert.equal((await second.call('GetCredentialsForIdentity', { IdentityId: identityId })).status, 200);
  const session = second.cognito.credentials.open(accessKeyId, sessionToken);
  assert.equal('refused' in session ? session.refused : session.identityId, identityId);
  await second.iot.close();
  rmSync(path.join(dir, 'cognito'), { recursive: true });
  const third = await openFixture({ dir });
  assert.equal((await third.call('GetCredentialsForIdentity', { IdentityId: identityId })).status, 400);
  assert.deepEqual(third.cognito.credentials.open(accessKeyId, sessionToken), {
    refused: 'the session token is not one of this installation',
  });
});

test('a damaged secret stops the start by name', async () => {
  const dir = temporaryFolder();
  mkdirSync(path.join(dir, 'cognito'));
  writeFileSync(path.join(dir, 'cognito/secret'), 'no key');
  await assert.rejects(openFixture({ dir }), {
    name: 'StartError',
    message: /cognito\/secret is damaged/,
  });
});

interface Refusal {
  readonly title: string;
  readonly call: (fixture: Fixture) => Promise<readonly [operation: string, input: unknown]>;
  readonly code: string;
  readonly message: RegExp;
}

const unknownId = 'us-east-1:00000000-0000-4000-8000-000000000000';

const refusals: readonly Refusal[] = [
  {
    title: 'a pool that the template does not have',
    call: async () => ['GetId', { IdentityPoolId: unknownId }],
    code: 'ResourceNotFoundException',
    message: /^IdentityPool 'us-east-1:0.*' not found\.$/,
  },
  {
    title: 'an identity that the pool did not make',
    call: async () => ['GetCredentialsForIdentity', { IdentityId: unknownId }],
    code: 'ResourceNotFoundException',
    message: /^Identity 'us-east-1:0.*' not found\.$/,
  },
  {
    title: 'an identity ID in another form',
    call: async () => ['GetCredentialsForIdentity', { IdentityId: '../../etc' }],
    code: 'InvalidParameterException',
    message: /'IdentityId' failed to satisfy constraint/,
  },
  {
    title: 'a call without its ID',
    call: async () => ['GetId', {}],
    code: 'InvalidParameterException',
    message: /Value null at 'IdentityPoolId'/,
  },
  {
    title: 'credentials of a user without a login',
    call: async (f) => ['GetCredentialsForIdentity', { IdentityId: (await f.login('alice')).identityId }],
    code: 'NotAuthorizedException',
    message: /^Access to Identity '.*' is forbidden\.$/,
  },
  {
    title: 'credentials of a user with the login of another',
    call: async (f) => {
      const [[alice], [, token]] = [await tokenFor(f, 'alice'), await tokenFor(f, 'bob')];
      return ['GetCredentialsForIdentity', { IdentityId: alice, Logins: { [own]: token } }];
    },
    code: 'NotAuthorizedException',
    message: /^Access to Identity '.*' is forbidden\.$/,
  },
  {
    title: 'credentials of a guest with a login',
    call: async (f) => {
      const [[, token], { identityId }] = [await tokenFor(f, 'alice'), await f.guest()];
      return ['GetCredentialsForIdentity', { IdentityId: identityId, Logins: { [own]: token } }];
    },
    code: 'NotAuthorizedException',
    message: /^Access to Identity '.*' is forbidden\.$/,
  },
  {
    title: 'a login whose time is over',
    call: async (f) => {
      const [alice, token] = await tokenFor(f, 'alice', { TokenDuration: 60 });
      await f.clock.advance(60_000);
      return ['GetCredentialsForIdentity', { IdentityId: alice, Logins: { [own]: token } }];
    },
    code: 'NotAuthorizedException',
    message: /^Invalid login token\. Token expired at 2026-11-20T12:01:00\.000Z$/,
  },
  {
    title: 'a login token that somebody changed',
    call: async (f) => {
      const [[alice], [, token]] = [await tokenFor(f, 'alice'), await tokenFor(f, 'bob')];
      const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as object;
      const changed = Buffer.from(JSON.stringify({ ...claims, sub: alice })).toString('base64url');
      const forged = token.split('.').with(1, changed).join('.');
      return ['GetCredentialsForIdentity', { IdentityId: alice, Logins: { [own]: forged } }];
    },
    code: 'NotAuthorizedException',
    message: /^Invalid login token\. Not a token of this identity pool\.$/,
  },
  {
    title: 'a login token without a signature',
    call: async (f) => {
      const [alice] = await tokenFor(f, 'alice');
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const forged = `${part({ alg: 'none' })}.${part({ sub: alice, aud: f.poolId, exp: 9e9 })}.`;
      return ['GetCredentialsForIdentity', { IdentityId: alice, Logins: { [own]: forged } }];
    },
    code: 'NotAuthorizedException',
    message: /^Invalid login token/,
  },
  {
    title: 'a login of a provider that the pool does not have',
    call: async (f) => ['GetId', { IdentityPoolId: f.poolId, Logins: { 'graph.facebook.com': 'x' } }],
    code: 'NotAuthorizedException',
    message: /^Token is not from a supported provider of this identity pool\.$/,
  },
  {
    title: 'the classic flow',
    call: async (f) => ['GetOpenIdToken', { IdentityId: (await f.guest()).identityId }],
    code: 'InvalidParameterException',
    message: /^Basic \(classic\) flow is not enabled/,
  },
  {
    title: 'a role of the caller’s own choice',
    call: async (f) => [
      'GetCredentialsForIdentity',
      { IdentityId: (await f.guest()).identityId, CustomRoleArn: 'arn:aws:iam::000000000000:role/other' },
    ],
    code: 'InvalidParameterException',
    message: /does not support the parameter CustomRoleArn/,
  },
  {
    title: 'an operation that is not there',
    call: async () => ['__proto__', {}],
    code: 'UnknownOperationException',
    message:
      /no Cognito operation 'AWSCognitoIdentityService\.__proto__'; it has DescribeIdentityPool, GetCreden/,
  },
  {
    title: 'text that is not JSON',
    call: async () => ['GetId', '{"IdentityPoolId":'],
    code: 'SerializationException',
    message: /not valid JSON/,
  },
  {
    title: 'an array',
    call: async () => ['GetId', '[{}]'],
    code: 'SerializationException',
    message: /not a JSON object/,
  },
  {
    title: 'Logins of another shape',
    call: async (f) => ['GetId', { IdentityPoolId: f.poolId, Logins: { [own]: { a: 1 } } }],
    code: 'InvalidParameterException',
    message: /A login token is a text/,
  },
  {
    title: 'Logins with __proto__',
    call: async (f) => ['GetId', `{"IdentityPoolId":"${f.poolId}","Logins":{"__proto__":"x"}}`],
    code: 'NotAuthorizedException',
    message: /not from a supported provider/,
  },
  {
    title: 'a request that is too large',
    call: async () => ['GetId', `{"a":"${'x'.repeat(700_000)}"}`],
    code: 'EntityTooLarge',
    message: /exceeds the maximum/,
  },
];

for (const { title, call, code, message } of refusals) {
  test(`refuses ${title}`, async () => {
    const fixture = await openFixture();
    const [operation, input] = await call(fixture);
    const { status, body, headers } = await fixture.call(operation, input);
    assert.equal(status, 400);
    assert.equal(body['__type'], code);
    assert.equal(headers.get('x-amzn-errortype'), code);
    assert.match(String(body['message']), message);
  });
}

test('without guests the pool gives nothing to a caller without a login, not even to an earlier guest', async () => {
  const dir = temporaryFolder();
  const before = await openFixture({ dir });
  const { identityId } = await before.guest();
  await before.iot.close();
  const { call, login, poolId } = await openFixture({ dir, overrides: { AllowGuests: 'false' } });
  for (const [operation, input] of [
    ['GetId', { IdentityPoolId: poolId }],
    ['GetCredentialsForIdentity', { IdentityId: identityId }],
  ] as const) {
    const { body } = await call(operation, input);
    assert.equal(body['message'], 'Unauthenticated access is not supported for this identity pool.');
  }
  assert.match((await login('alice')).accessKeyId, /^ASIALOCAL/);
});

test('only developer credentials vouch for users and look at the pool', async () => {
  const { call, callSigned, poolId } = await openFixture();
  const input = { IdentityPoolId: poolId };
  for (const operation of [
    'GetOpenIdTokenForDeveloperIdentity',
    'DescribeIdentityPool',
    'ListIdentityPools',
  ]) {
    const { status, body } = await call(operation, input);
    assert.deepEqual([status, body['__type']], [403, 'MissingAuthenticationTokenException']);
  }
  assert.deepEqual((await callSigned('DescribeIdentityPool', input)).body, {
    IdentityPoolId: poolId,
    IdentityPoolName: 'tidegate-dashboard',
    AllowUnauthenticatedIdentities: true,
    AllowClassicFlow: false,
    DeveloperProviderName: 'login.tidegate',
  });
  assert.deepEqual((await callSigned('GetIdentityPoolRoles', input)).body, {
    IdentityPoolId: poolId,
    Roles: {
      authenticated: 'arn:aws:iam::000000000000:role/tidegate-DashboardUserRole',
      unauthenticated: 'arn:aws:iam::000000000000:role/tidegate-DashboardGuestRole',
    },
  });
});

test('vouching names one user of the pool’s own provider, and links no identities', async () => {
  const { callSigned, guest, poolId } = await openFixture();
  const vouch = async (input: object) =>
    (await callSigned('GetOpenIdTokenForDeveloperIdentity', { IdentityPoolId: poolId, ...input })).body;
  assert.match(String((await vouch({ Logins: { other: 'alice' } }))['message']), /which is login\.tidegate$/);
  assert.match(String((await vouch({ Logins: {} }))['message']), /must name one user/);
  const linked = { IdentityId: (await guest()).identityId, Logins: { [provider]: 'alice' } };
  assert.match(String((await vouch(linked))['message']), /does not link logins/);
  const tooLong = { Logins: { [provider]: 'alice' }, TokenDuration: 86_401 };
  assert.match(
    String((await vouch(tooLong))['message']),
    /TokenDuration must be a whole number from 1 to 86400/,
  );
});

const preflight = (url: string, origin: string) =>
  fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-amz-target',
    },
  });

test('the page of the web port may call and read, and no other page', async () => {
  const { url, call, poolId } = await openFixture();
  const asked = await preflight(url, ownPage);
  assert.equal(asked.status, 204);
  assert.equal(asked.headers.get('access-control-allow-origin'), ownPage);
  assert.match(asked.headers.get('access-control-allow-headers') ?? '', /x-amz-target/);
  const ofOwnPage = { origin: ownPage, 'sec-fetch-site': 'cross-site' };
  const answered = await call('GetId', { IdentityPoolId: poolId }, ofOwnPage);
  assert.equal(answered.status, 200);
  assert.equal(answered.headers.get('access-control-allow-origin'), ownPage);
  for (const origin of ['http://localhost:3000', 'https://localhost:8080', 'http://example.com', 'null']) {
    const refused = await preflight(url, origin);
    assert.notEqual(refused.status, 204, origin);
    assert.equal(refused.headers.get('access-control-allow-origin'), null, origin);
    await refused.arrayBuffer();
  }
});

test('pages read answers of no other service than the two that they need', async () => {
  const { url } = await openFixture();
  const of = async (service: string) => {
    const authorization = `AWS4-HMAC-SHA256 Credential=local/20261120/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=00`;
    const response = await fetch(url, { method: 'POST', headers: { origin: ownPage, authorization } });
    await response.arrayBuffer();
    return response.headers.get('access-control-allow-origin');
  };
  assert.equal(await of('lambda'), ownPage);
  assert.equal(await of('sns'), null);
});
