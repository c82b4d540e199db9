// Whose identity gets the dashboard's policy.
import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { dashboardCaller, type InvokerIdentity } from '../../core/dashboard-caller.ts';

const pool = 'us-east-1:11111111-1111-4111-8111-111111111111';
const identity = 'us-east-1:22222222-2222-4222-8222-222222222222';

test('the identity that invoked is served, and no other', () => {
  const invoker = { cognitoIdentityId: identity, cognitoIdentityPoolId: pool };
  assert.deepEqual(dashboardCaller(invoker, pool), { identityId: identity });
});

const refusals: readonly (readonly [invoker: InvokerIdentity | undefined, refused: string])[] = [
  [undefined, 'not invoked with the credentials of a Cognito identity'],
  [{}, 'not invoked with the credentials of a Cognito identity'],
  [
    { cognitoIdentityId: '', cognitoIdentityPoolId: '' },
    'not invoked with the credentials of a Cognito identity',
  ],
  [{ cognitoIdentityId: identity }, 'not invoked with the credentials of a Cognito identity'],
  [{ cognitoIdentityPoolId: pool }, 'not invoked with the credentials of a Cognito identity'],
  [{ cognitoIdentityId: identity, cognitoIdentityPoolId: identity }, 'an identity of another identity pool'],
  [
    { cognitoIdentityId: 'arn:aws:iot:us-east-1:000000000000:cert/ab', cognitoIdentityPoolId: pool },
    'no identity ID',
  ],
];
for (const [invoker, refused] of refusals) {
  test(`refuses ${JSON.stringify(invoker)}`, () => {
    assert.deepEqual(dashboardCaller(invoker, pool), { refused });
  });
}
