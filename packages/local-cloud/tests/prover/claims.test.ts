// Unreadable claims are refused with the place and the expected content.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readClaims } from '../../prover/claims.ts';
import { proveClaims } from '../../prover/prove-claims.ts';
import { inAccount, iotArnOf } from '../../prover/sources.ts';

const claim = { claim: 'c', of: 'p', actions: ['iot:Publish'], on: ['#'] };
const claims = (change: object = {}, changed: object = {}) => ({
  principals: { p: { certificate: ['P'] } },
  claims: [{ ...claim, ...change }],
  ...changed,
});

const refused: readonly (readonly [title: string, given: unknown, message: RegExp])[] = [
  ['no object', [], /^f\.json: claims file: an object is expected$/],
  [
    'an unknown member',
    claims({}, { rules: [] }),
    /^f\.json: claims file: there is no rules here: expected principals, /,
  ],
  ['no claims', claims({}, { claims: [] }), /^f\.json: claims: a list of claims is expected$/],
  [
    'a principal that there is not',
    claims({ of: 'q' }),
    /^f\.json: claims\[0\]\.of: there is no principal q: expected p$/,
  ],
  [
    'an action of another kind',
    claims({ actions: ['iot:CreateThing'] }),
    /^f\.json: claims\[0\]\.actions: iot:CreateThing is not an action that can be proven: expected iot:Connect, /,
  ],
  [
    'a wildcard in a level',
    claims({ on: ['a/b+'] }),
    /^f\.json: claims\[0\]: in "b\+" a wildcard does not fill its level$/,
  ],
  ['an open brace', claims({ on: ['a/${x'] }), /^f\.json: claims\[0\]: "\$\{x" has no closing brace$/],
  [
    'a principal of both kinds',
    claims({}, { principals: { p: { certificate: [], identity: {} } } }),
    /^f\.json: principals\.p: either certificate or identity is expected$/,
  ],
  [
    'an identity without a role',
    claims({}, { principals: { p: { identity: {} } } }),
    /^f\.json: principals\.p\.identity\.role: a text is expected$/,
  ],
];

for (const [title, given, message] of refused)
  test(`refuses ${title}`, () => assert.throws(() => readClaims(given, 'f.json'), { message }));

test('refuses an unknown variable, and names the known ones', () => {
  const proofs = proveClaims(
    readClaims(claims({ on: ['t/${other.site}'] }), 'f.json'),
    () => [[]],
    'arn:aws:iot:us-east-1:000000000000',
  );
  assert.throws(() => [...proofs], {
    message:
      'claim "c": there is no variable ${other.site}: expected other.thing, other.identity, a parameter or a policy variable',
  });
});

const file = (text: string) => ({ name: 'p', text, shown: 'p.json' });
const usual = 'arn:aws:iot:us-east-1:000000000000';

test('a policy is proven in the account that its resources name', () => {
  assert.equal(
    iotArnOf([file('"arn:aws-cn:iot:cn-north-1:111122223333:topic/a"')], usual),
    'arn:aws-cn:iot:cn-north-1:111122223333',
  );
  assert.equal(
    iotArnOf([file('"arn:aws:iot:eu-west-1:*:topic/a"')], usual),
    'arn:aws:iot:eu-west-1:000000000000',
  );
  assert.equal(iotArnOf([file('"*"')], usual), usual);
  const moved = inAccount(file('"arn:aws:iot:eu-west-1:111122223333:topic/a"'), usual);
  assert.equal(moved.text, '"arn:aws:iot:us-east-1:000000000000:topic/a"');
});

test('resources of two accounts are refused, as each would prove the other', () => {
  const text = '"arn:aws:iot:us-east-1:111122223333:topic/a" "arn:aws:iot:us-east-1:444455556666:topic/a"';
  assert.throws(() => iotArnOf([file(text)], usual), {
    message:
      'the policies have resources of several accounts (111122223333, 444455556666): prove them one by one',
  });
});
