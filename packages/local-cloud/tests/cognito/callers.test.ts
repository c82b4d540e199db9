// Calls of the AWS port that are signed with temporary credentials: which are allowed, and what stops the others.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { SignatureV4 } from '@smithy/signature-v4';
import { openFixture, start, type Fixture, type Issued } from './cognito-fixture.ts';
import { Sha256 } from './hash.ts';

interface Call {
  readonly path: string;
  readonly body: string;
  readonly service: string;
  readonly at: number;
  /** What is sent instead of `body`, which is signed. */
  readonly sent: string;
}

const attach = '/2015-03-31/functions/tidegate-AttachPolicyFunction/invocations';

type Keys = Pick<Issued, 'accessKeyId' | 'secretAccessKey'> & { sessionToken?: string };

/** Signs as the SDK does; `change` then changes the request. */
async function invoke(
  { url }: Fixture,
  credentials: Keys,
  draft: Partial<Call> = {},
  change: (headers: Record<string, string>) => Record<string, string> = (headers) => headers,
): Promise<{ status: number; body: { message?: string; __type?: string } }> {
  const { path = attach, body = '{"a":1}', service = 'lambda', at = start, sent = body } = draft;
  const { hostname, host, port } = new URL(url);
  const signer = new SignatureV4({
    service,
    region: 'us-east-1',
    credentials,
    sha256: Sha256,
    applyChecksum: false, // as the AWS CLI signs: the hash of the body is in the signature alone
  });
  const signed = await signer.sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname,
      port: Number(port),
      path,
      query: {},
      headers: { host, 'content-type': 'application/json' },
      body,
    },
    { signingDate: new Date(at) },
  );
  const { host: _host, ...headers } = change(signed.headers);
  const response = await fetch(url + path, { method: 'POST', headers, body: sent });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text) as { message?: string } };
}

test('a user may invoke the function that attaches the policy, and the function gets the identity of the user', async () => {
  const fixture = await openFixture();
  const alice = await fixture.login('alice');
  assert.deepEqual(await invoke(fixture, alice), { status: 200, body: { a: 1 } });
  assert.deepEqual(fixture.callers, [
    { cognitoIdentityId: alice.identityId, cognitoIdentityPoolId: fixture.poolId },
  ]);
});

test('a function is found by its ARN, whose colons are encoded, too', async () => {
  const fixture = await openFixture();
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:tidegate-AttachPolicyFunction';
  const path = `/2015-03-31/functions/${encodeURIComponent(arn)}/invocations`;
  assert.equal((await invoke(fixture, await fixture.login('alice'), { path })).status, 200);
});

test('keys that were not given out here are the account’s own, and are not checked', async () => {
  const fixture = await openFixture();
  for (const accessKeyId of ['local', 'AKIAIOSFODNN7EXAMPLE', 'ASIAIOSFODNN7EXAMPLE']) {
    const keys = { accessKeyId, secretAccessKey: 'secret', sessionToken: 'token' };
    assert.equal((await invoke(fixture, keys)).status, 200);
  }
  assert.deepEqual(fixture.callers, [undefined, undefined, undefined]);
});

const changed = (keys: Issued, more: Partial<Issued>): Issued => ({ ...keys, ...more });
const otherFunction = '/2015-03-31/functions/tidegate-IngestFunction/invocations';

const refusals: readonly {
  readonly title: string;
  readonly run: (fixture: Fixture, alice: Issued) => ReturnType<typeof invoke>;
  readonly code: string;
  readonly message: RegExp;
}[] = [
  {
    title: 'another secret key',
    run: (f, alice) => invoke(f, changed(alice, { secretAccessKey: 'x'.repeat(40) })),
    code: 'InvalidSignatureException',
    message: /signature we calculated does not match/,
  },
  {
    title: 'a session token that somebody changed',
    run: (f, alice) => invoke(f, changed(alice, { sessionToken: `x${alice.sessionToken}` })),
    code: 'UnrecognizedClientException',
    message: /not one of this installation/,
  },
  {
    title: 'the session token of another',
    run: async (f, alice) => invoke(f, changed(alice, { sessionToken: (await f.login('bob')).sessionToken })),
    code: 'UnrecognizedClientException',
    message: /does not belong to access key ASIALOCAL/,
  },
  {
    title: 'no session token',
    run: (f, { accessKeyId, secretAccessKey }) => invoke(f, { accessKeyId, secretAccessKey }),
    code: 'UnrecognizedClientException',
    message: /needs its session token/,
  },
  {
    title: 'credentials that have ended',
    run: async (f, alice) => {
      await f.clock.advance(3_600_000);
      return invoke(f, alice, { at: f.clock.now() });
    },
    code: 'ExpiredTokenException',
    message: /token included in the request is expired/,
  },
  {
    title: 'a request that is six minutes old',
    run: (f, alice) => invoke(f, alice, { at: start - 360_000 }),
    code: 'InvalidSignatureException',
    message: /within five minutes/,
  },
  {
    title: 'a body that is not the one that was signed',
    run: (f, alice) => invoke(f, alice, { sent: '{"a":2}' }),
    code: 'InvalidSignatureException',
    message: /signature we calculated does not match/,
  },
  {
    title: 'a signature for another service',
    run: (f, alice) =>
      invoke(f, alice, { service: 'sns' }, ({ authorization, ...headers }) => ({
        ...headers,
        authorization: authorization!.replace('/sns/', '/lambda/'),
      })),
    code: 'InvalidSignatureException',
    message: /signature we calculated does not match/,
  },
  {
    title: 'a host that is not signed',
    run: (f, alice) =>
      invoke(f, alice, {}, ({ authorization, ...headers }) => ({
        ...headers,
        authorization: authorization!.replace(';host;', ';'),
      })),
    code: 'InvalidSignatureException',
    message: /header host must be signed/,
  },
  {
    title: 'an Authorization header in another form',
    run: (f, alice) =>
      invoke(f, alice, {}, (headers) => ({
        ...headers,
        authorization: `AWS4-HMAC-SHA256 Credential=${alice.accessKeyId}/20261120/us-east-1/lambda/aws4_request`,
      })),
    code: 'IncompleteSignatureException',
    message: /signed with AWS4-HMAC-SHA256/,
  },
  {
    title: 'a user who invokes another function',
    run: (f, alice) => invoke(f, alice, { path: otherFunction }),
    code: 'AccessDeniedException',
    message:
      /lambda:InvokeFunction on .*:function:tidegate-IngestFunction: no policy of role DashboardUserRole/,
  },
  {
    title: 'a guest who invokes the function',
    run: async (f) => invoke(f, await f.guest()),
    code: 'AccessDeniedException',
    message: /no policy of role DashboardGuestRole allows lambda:InvokeFunction/,
  },
  {
    title: 'a call of another service',
    run: (f, alice) => invoke(f, alice, { service: 'sns', path: '/' }),
    code: 'AccessDeniedException',
    message: /this call of sns: browsers make no such call here/,
  },
];

for (const { title, run, code, message } of refusals) {
  test(`refuses ${title}`, async () => {
    const fixture = await openFixture();
    const { status, body } = await run(fixture, await fixture.login('alice'));
    assert.deepEqual([status, body.__type], [403, code], body.message);
    assert.match(body.message ?? '', message);
    assert.deepEqual(fixture.callers, []);
  });
}
