// Presigned URLs of /mqtt: how the SDKs sign them, and every way in which one is refused, with its reason.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { createCredentialsMaker } from '../../cognito/credentials.ts';
import { createSecret } from '../../cognito/secret.ts';
import { readSigner } from '../../web/presigned.ts';
import { presign, type Keys, type Signing } from './presign.ts';

const start = Date.parse('2026-11-20T12:00:00Z');
const address = 'ws://127.0.0.1:8080';
const identityId = 'us-east-1:00000000-0000-4000-8000-000000000001';
const credentials = createCredentialsMaker(createSecret(Buffer.alloc(32, 1)));
const rules = { region: 'us-east-1', accountId: '000000000000', credentials };
const role = 'arn:aws:iam::000000000000:role/guest';
const grantee = { poolId: 'us-east-1:pool', identityId, role, amr: [] };
const issued = credentials.issue(grantee, start);
const foreign = createCredentialsMaker(createSecret(Buffer.alloc(32, 2)));
const own = { accessKeyId: 'local', secretAccessKey: 'local' };

/** As the web port asks about a request for `url`. */
function ask(url: string, now = start, host = '127.0.0.1:8080') {
  return readSigner(url.slice(address.length), { host }, rules, now);
}

const sign = (keys: Keys, signing: Signing = {}) => presign(address, keys, { at: start, ...signing });

test('temporary credentials act as their identity, the developer’s own keys as the account', async () => {
  assert.deepEqual(ask(await sign(issued)), { principal: identityId, role });
  assert.deepEqual(ask(await sign(own)), { principal: '000000000000' });
});

test('the name of the endpoint may be signed without the port, as the AWS IoT SDKs do', async () => {
  assert.deepEqual(ask(await sign(issued, { host: '127.0.0.1' })), { principal: identityId, role });
});

/** The recipe of the AWS IoT documentation, which knows no X-Amz-Expires. */
function signByHand({ accessKeyId, secretAccessKey, sessionToken }: Keys, token: string): string {
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const hash = (data: string) => createHash('sha256').update(data).digest('hex');
  const scope = '20261120/us-east-1/iotdevicegateway/aws4_request';
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(`${accessKeyId}/${scope}`)}`,
    'X-Amz-Date=20261120T120000Z',
    'X-Amz-SignedHeaders=host',
  ].join('&');
  const request = `GET\n/mqtt\n${query}\nhost:127.0.0.1:8080\n\nhost\n${hash('')}`;
  const text = `AWS4-HMAC-SHA256\n20261120T120000Z\n${scope}\n${hash(request)}`;
  const key = ['20261120', 'us-east-1', 'iotdevicegateway', 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${secretAccessKey}`,
  );
  const signature = hmac(key, text).toString('hex');
  return `${address}/mqtt?${query}&X-Amz-Signature=${signature}&${token}=${encodeURIComponent(sessionToken ?? '')}`;
}

test('a URL without X-Amz-Expires is valid for five minutes', () => {
  const url = signByHand(issued, 'X-Amz-Security-Token');
  assert.deepEqual(ask(url, start + 300_000), { principal: identityId, role });
  assert.deepEqual(ask(url, start + 300_001), {
    refused: 'the URL of 20261120T120000Z expired after 300 seconds',
  });
});

test('a URL is valid until its time is over, and credentials until theirs is', async () => {
  const url = await sign(issued, { expiresIn: 60 });
  assert.deepEqual(ask(url, start + 60_000), { principal: identityId, role });
  assert.deepEqual(ask(url, start + 60_001), {
    refused: 'the URL of 20261120T120000Z expired after 60 seconds',
  });
  const long = await sign(issued, { expiresIn: 86_400 });
  assert.deepEqual(ask(long, start + 3_599_999), { principal: identityId, role });
  assert.deepEqual(ask(long, start + 3_600_000), {
    refused: 'the credentials expired at 2026-11-20T13:00:00.000Z',
  });
  assert.deepEqual(ask(await sign(own, { expiresIn: 604_800 }), start + 604_800_000), {
    principal: '000000000000',
  });
});

const without = (url: string, name: string) => url.replace(new RegExp(`&?${name}=[^&]*`), '');
const replace = (url: string, name: string, value: string) =>
  url.replace(new RegExp(`(${name}=)[^&]*`), `$1${value}`);

const names = ['Algorithm', 'Credential', 'Date', 'SignedHeaders', 'Signature'].map(
  (name) => `X-Amz-${name}`,
);
for (const name of names) {
  test(`refuses a URL without ${name}`, async () => {
    assert.deepEqual(ask(without(await sign(issued), name)), {
      refused: `the URL is not signed: ${name} is missing`,
    });
  });
}

const refusals: readonly (readonly [title: string, url: () => Promise<string> | string, reason: RegExp])[] = [
  ['a URL without a query', () => `${address}/mqtt`, /^the URL is not signed: X-Amz-Algorithm is missing$/],
  [
    'another signature',
    async () => replace(await sign(issued), 'X-Amz-Signature', '0'.repeat(64)),
    /^the signature does not match$/,
  ],
  [
    'a signature of another length',
    async () => replace(await sign(issued), 'X-Amz-Signature', 'é'),
    /^the signature does not match$/,
  ],
  [
    'another secret key',
    () => sign({ ...issued, secretAccessKey: 'x'.repeat(40) }),
    /^the signature does not match$/,
  ],
  [
    'another secret key of the developer',
    () => sign({ ...own, secretAccessKey: 'x' }),
    /^the signature does not/,
  ],
  [
    'a token that is part of the signature',
    () => sign(issued, { tokenInside: true }),
    /^X-Amz-Security-Token is part of the signature: sign without it, then append it/,
  ],
  [
    'temporary credentials without their token',
    () => sign({ accessKeyId: issued.accessKeyId, secretAccessKey: issued.secretAccessKey }),
    /^access key ASIALOCAL\w{11} needs its session token$/,
  ],
  [
    'a token under another name',
    () => signByHand(issued, 'X-Amz-Token'),
    /^access key ASIALOCAL\w{11} needs its session token$/,
  ],
  [
    'the token of another access key',
    () => sign({ ...issued, sessionToken: credentials.issue(grantee, start).sessionToken }),
    /^the session token does not belong to access key ASIALOCAL/,
  ],
  [
    'a token that somebody changed',
    () => sign({ ...issued, sessionToken: issued.sessionToken.replace(/^.../, 'WyI') + 'x' }),
    /^the session token is not one of this installation$/,
  ],
  [
    'credentials of another installation',
    () => sign(foreign.issue(grantee, start)),
    /^the session token is not one of this installation$/,
  ],
  [
    'a key of AWS',
    () =>
      sign({
        accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      }),
    /^access key AKIAIOSFODNN7EXAMPLE is not of this installation$/,
  ],
  [
    'the developer’s keys with a token',
    () => sign({ ...own, sessionToken: 'x' }),
    /^access key local has no/,
  ],
  [
    'another region',
    () => sign(issued, { region: 'eu-west-1' }),
    /^signed for region eu-west-1 instead of us-east-1$/,
  ],
  [
    'another service',
    () => sign(issued, { service: 'iotdata' }),
    /^signed for service iotdata instead of iotdevicegateway$/,
  ],
  ['another host', () => sign(issued, { host: 'example.com' }), /^the signature does not match$/],
  [
    'another path',
    () => sign(issued, { path: '/other' }).then((url) => url.replace('/other', '/mqtt')),
    /^the sig/,
  ],
  [
    'a scope of another day',
    async () => replace(await sign(issued), 'X-Amz-Date', '20261119T120000Z'),
    /^signed for another day than X-Amz-Date$/,
  ],
  [
    'a scope without its end',
    async () => (await sign(issued)).replace('aws4_request', 'aws3_request'),
    /^X-Amz-Credential is not key\/date/,
  ],
  [
    'another algorithm',
    async () => replace(await sign(issued), 'X-Amz-Algorithm', 'AWS4-ECDSA-P256-SHA256'),
    /^signed with AWS4-ECDSA-P256-SHA256 instead of AWS4-HMAC-SHA256$/,
  ],
  [
    'a signed header that is not sent',
    async () => replace(await sign(issued), 'X-Amz-SignedHeaders', 'host%3Borigin'),
    /^the signed header origin is missing$/,
  ],
  [
    'a host that is not signed',
    async () => replace(await sign(issued), 'X-Amz-SignedHeaders', 'origin'),
    /^signed headers are origin, without host$/,
  ],
  [
    'a URL of the future',
    () => sign(issued, { at: start + 301_000 }),
    /^signed in the future, at 20261120T120501Z$/,
  ],
  [
    'a parameter that is there twice',
    async () => `${await sign(issued)}&X-Amz-Date=20261120T120000Z`,
    /^a parameter of the URL appears twice$/,
  ],
  [
    'a parameter that is not signed',
    async () => `${await sign(issued)}&a=b`,
    /^the signature does not match$/,
  ],
  [
    'a longer life than was signed',
    async () => replace(await sign(issued), 'X-Amz-Expires', '604800'),
    /^the signature does not match$/,
  ],
  [
    'a URL that is too long',
    async () => `${await sign(issued)}&a=${'b'.repeat(9_000)}`,
    /longer than 8192 char/,
  ],
];

for (const [title, url, reason] of refusals) {
  test(`refuses ${title}`, async () => {
    const answer = ask(await url());
    assert.ok('refused' in answer);
    assert.match(answer.refused, reason);
  });
}

for (const seconds of ['0', '604801', '-1', '1e3', '', 'x']) {
  test(`refuses X-Amz-Expires=${seconds}`, () => {
    const day = '20261120/us-east-1/iotdevicegateway/aws4_request';
    const query = { Algorithm: 'AWS4-HMAC-SHA256', Credential: `local/${day}`, Date: '20261120T120000Z' };
    const signed = { ...query, Expires: seconds, SignedHeaders: 'host' };
    const canonical = Object.entries(signed)
      .map(([name, value]) => `X-Amz-${name}=${encodeURIComponent(value)}`)
      .join('&');
    const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
    const hash = (data: string) => createHash('sha256').update(data).digest('hex');
    const request = `GET\n/mqtt\n${canonical}\nhost:127.0.0.1:8080\n\nhost\n${hash('')}`;
    const key = day.split('/').reduce<string | Buffer>(hmac, 'AWS4local');
    const text = `AWS4-HMAC-SHA256\n20261120T120000Z\n${day}\n${hash(request)}`;
    const signature = hmac(key, text).toString('hex');
    assert.deepEqual(ask(`${address}/mqtt?${canonical}&X-Amz-Signature=${signature}`), {
      refused: 'X-Amz-Expires is not 1 to 604800 seconds',
    });
  });
}
