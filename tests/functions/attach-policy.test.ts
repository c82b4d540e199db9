// The attach-policy function: it serves the identity that signed the call, whatever the event says.
import { beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { AttachPolicyCommand, IoTClient } from '@aws-sdk/client-iot';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import type { AttachPolicyResult } from '../../functions/attach-policy.ts';
import { contextOf, sampleEvent, startLambda } from './lambda.ts';

const pool = 'us-east-1:11111111-1111-4111-8111-111111111111';
const identity = 'us-east-1:22222222-2222-4222-8222-222222222222';
const iot = mockClient(IoTClient);
let written: string[];

let handler: (event: unknown, context: Context) => Promise<AttachPolicyResult>;

beforeAll(async () => {
  ({ written } = startLambda({
    DASHBOARD_POLICY: 'TidegateDashboard',
    IDENTITY_POOL_ID: pool,
  }));
  ({ handler } = await import('../../functions/attach-policy.ts'));
});

beforeEach(() => {
  written.length = 0;
  iot.reset();
  iot.on(AttachPolicyCommand).resolves({});
});

const invokedBy = (identity: Context['identity']): Context => contextOf('attach-policy', { identity });

const alice = { cognitoIdentityId: identity, cognitoIdentityPoolId: pool };
const attached = () => iot.commandCalls(AttachPolicyCommand).map(({ args }) => args[0].input);

test('attaches the one policy to the identity that invoked', async () => {
  const event: unknown = sampleEvent('attach-policy');
  assert.deepEqual(await handler(event, invokedBy(alice)), {
    attached: true,
    identityId: identity,
    policyName: 'TidegateDashboard',
  });
  assert.deepEqual(attached(), [{ policyName: 'TidegateDashboard', target: identity }]);
});

test('an event that names another identity or policy changes nothing', async () => {
  const event = {
    target: 'us-east-1:33333333-3333-4333-8333-333333333333',
    identityId: 'us-east-1:33333333-3333-4333-8333-333333333333',
    policyName: 'TidegateDevice',
    identity: { cognitoIdentityId: 'us-east-1:33333333-3333-4333-8333-333333333333' },
  };
  await handler(event, invokedBy(alice));
  assert.deepEqual(attached(), [{ policyName: 'TidegateDashboard', target: identity }]);
});

test('without a Cognito identity it attaches nothing, and says why', async () => {
  assert.deepEqual(await handler({}, invokedBy(undefined)), {
    attached: false,
    reason: 'not invoked with the credentials of a Cognito identity',
  });
  assert.deepEqual(attached(), []);
  assert.match(written.join('\n'), /Policy not attached/);
});

test('an identity of another pool gets nothing', async () => {
  const stranger = { ...alice, cognitoIdentityPoolId: 'us-east-1:44444444-4444-4444-8444-444444444444' };
  assert.deepEqual(await handler({}, invokedBy(stranger)), {
    attached: false,
    reason: 'an identity of another identity pool',
  });
  assert.deepEqual(attached(), []);
});

test('a failure of AWS IoT is the failure of the call', async () => {
  iot.on(AttachPolicyCommand).rejects(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));
  await assert.rejects(handler({}, invokedBy(alice)), /slow down/);
});
