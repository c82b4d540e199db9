// The attach-policy function: it serves the identity that signed the call, whatever the event says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, beforeEach, mock, test } from 'node:test';
import { AttachPolicyCommand, IoTClient } from '@aws-sdk/client-iot';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import type { AttachPolicyResult } from '../../functions/attach-policy.ts';

const pool = 'us-east-1:11111111-1111-4111-8111-111111111111';
const identity = 'us-east-1:22222222-2222-4222-8222-222222222222';
const iot = mockClient(IoTClient);
const written: string[] = [];

let handler: (event: unknown, context: Context) => Promise<AttachPolicyResult>;

before(async () => {
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    POWERTOOLS_DEV: 'true',
    POWERTOOLS_SERVICE_NAME: 'tidegate',
    POWERTOOLS_METRICS_NAMESPACE: 'Tidegate',
    DASHBOARD_POLICY: 'TidegateDashboard',
    IDENTITY_POOL_ID: pool,
  });
  ({ handler } = await import('../../functions/attach-policy.ts'));
  const print = (...parts: unknown[]) => void written.push(parts.join(' '));
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
    mock.method(console, method, print);
});

beforeEach(() => {
  written.length = 0;
  iot.reset();
  iot.on(AttachPolicyCommand).resolves({});
});

const contextOf = (invoker: Context['identity']) =>
  ({ functionName: 'attach-policy', awsRequestId: 'request-1', identity: invoker }) as Context;

const alice = { cognitoIdentityId: identity, cognitoIdentityPoolId: pool };
const attached = () => iot.commandCalls(AttachPolicyCommand).map(({ args }) => args[0].input);

test('attaches the one policy to the identity that invoked', async () => {
  const event: unknown = JSON.parse(
    readFileSync(new URL('../../events/attach-policy.json', import.meta.url), 'utf8'),
  );
  assert.deepEqual(await handler(event, contextOf(alice)), {
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
  await handler(event, contextOf(alice));
  assert.deepEqual(attached(), [{ policyName: 'TidegateDashboard', target: identity }]);
});

test('without a Cognito identity it attaches nothing, and says why', async () => {
  assert.deepEqual(await handler({}, contextOf(undefined)), {
    attached: false,
    reason: 'not invoked with the credentials of a Cognito identity',
  });
  assert.deepEqual(attached(), []);
  assert.match(written.join('\n'), /Policy not attached/);
});

test('an identity of another pool gets nothing', async () => {
  const stranger = { ...alice, cognitoIdentityPoolId: 'us-east-1:44444444-4444-4444-8444-444444444444' };
  assert.deepEqual(await handler({}, contextOf(stranger)), {
    attached: false,
    reason: 'an identity of another identity pool',
  });
  assert.deepEqual(attached(), []);
});

test('a failure of AWS IoT is the failure of the call', async () => {
  iot.on(AttachPolicyCommand).rejects(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));
  await assert.rejects(handler({}, contextOf(alice)), /slow down/);
});
