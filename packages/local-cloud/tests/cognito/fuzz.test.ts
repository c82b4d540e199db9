// Whatever a stranger sends as URL, token or identity is refused in words; nothing throws, and nothing is let in.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createCredentialsMaker } from '../../cognito/credentials.ts';
import { createIdentityIds } from '../../cognito/identity-id.ts';
import { createLoginTokens } from '../../cognito/login-token.ts';
import { createSecret } from '../../cognito/secret.ts';
import { readSigner } from '../../web/presigned.ts';
import { runsOf } from '../fuzzing.ts';

const now = Date.parse('2026-11-20T12:00:00Z');
const poolId = 'us-east-1:11111111-1111-4111-8111-111111111111';
const secret = createSecret(Buffer.alloc(32, 3));
const credentials = createCredentialsMaker(secret);
const tokens = createLoginTokens(secret);
const ids = createIdentityIds(secret);
const runs = runsOf(20_261_120, 500);

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('', '.', '..', '__proto__', '%', '%zz', '%ff', '\u0000', 'local', 'ASIALOCAL', 'host'),
);

/** A good text with some of its characters replaced, removed or doubled. */
const damaged = (good: string) =>
  fc
    .tuple(
      fc.nat(good.length - 1),
      fc.constantFrom('replace', 'remove', 'double'),
      fc.integer({ min: 33, max: 126 }),
    )
    .map(([at, how, code]) => {
      const by = { replace: String.fromCharCode(code), remove: '', double: good[at]! + good[at]! };
      return good.slice(0, at) + by[how] + good.slice(at + 1);
    })
    .filter((bad) => bad !== good);

test('no made-up URL is let in', () => {
  const names = [
    'Algorithm',
    'Credential',
    'Date',
    'Expires',
    'SignedHeaders',
    'Signature',
    'Security-Token',
  ];
  const good = [
    'AWS4-HMAC-SHA256',
    'local/20261120/us-east-1/iotdevicegateway/aws4_request',
    '20261120T120000Z',
  ];
  const value = fc.oneof(text, fc.constantFrom(...good, '900', 'host', 'host;origin', 'host;__proto__'));
  const parameter = fc.tuple(fc.oneof(fc.constantFrom(...names.map((name) => `X-Amz-${name}`)), text), value);
  const rules = { region: 'us-east-1', accountId: '000000000000', credentials };
  const check = (pairs: [string, string][], host: string) => {
    const url = `/mqtt?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`;
    assert.ok('refused' in readSigner(url, { host }, rules, now));
  };
  fc.assert(fc.property(fc.array(parameter, { maxLength: 12 }), text, check), runs);
});

test('no damaged session token opens a session', () => {
  const { accessKeyId, sessionToken } = credentials.issue(
    { poolId, identityId: ids.forGuest(poolId), role: 'arn:aws:iam::000000000000:role/guest', amr: [] },
    now,
  );
  const check = (bad: string) => assert.ok('refused' in credentials.open(accessKeyId, bad));
  fc.assert(fc.property(fc.oneof(text, damaged(sessionToken)), check), runs);
});

test('no damaged login token is a login', () => {
  const token = tokens.issue({ poolId, identityId: ids.forUser(poolId, 'p', 'alice') }, now, 900);
  const check = (bad: string) => assert.ok('refused' in tokens.read(bad, now));
  fc.assert(fc.property(fc.oneof(text, damaged(token)), check), runs);
});

test('no damaged identity ID is an identity', () => {
  const check = (bad: string) => assert.equal(ids.kindOf(poolId, bad), undefined);
  fc.assert(fc.property(fc.oneof(text, damaged(ids.forGuest(poolId))), check), runs);
  assert.equal(ids.kindOf('us-east-1:22222222-2222-4222-8222-222222222222', ids.forGuest(poolId)), undefined);
});
