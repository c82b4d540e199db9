// The attach-policy function: a logged-in user gets the live-data policies that the groups allow, and no others.

import { beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  AdminListGroupsForUserCommand,
  CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  DetachPolicyCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-iot';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import type { HttpEvent } from '../../http-api/lambda-http.ts';
import { contextOf, sampleEvent, startLambda } from './lambda.ts';

const event = sampleEvent('attach-policy') as HttpEvent;
const { iam } = event.requestContext.authorizer!;
const { identityId: identity, identityPoolId: pool } = iam!.cognitoIdentity!;
const iot = mockClient(IoTClient);
const cognito = mockClient(CognitoIdentityProviderClient);
let now = 0;
let handler: (event: HttpEvent, context: Context) => Promise<{ statusCode?: number; body?: string }>;

beforeAll(async () => {
  startLambda({
    DASHBOARD_POLICY: 'TidegateDashboard',
    IOT_ARN: 'arn:aws:iot:us-east-1:000000000000',
    IDENTITY_POOL_ID: pool!,
    USER_POOL_ID: 'us-east-1_AbCdEfGhI',
  });
  ({ handler } = await import('../../functions/attach-policy.ts'));
});

beforeEach(() => {
  iot.reset();
  cognito.reset();
  iot.on(AttachPolicyCommand).resolves({});
  iot.on(ListAttachedPoliciesCommand).resolves({ policies: [] });
});

const inGroups = (...names: string[]) =>
  cognito.on(AdminListGroupsForUserCommand).resolves({ Groups: names.map((GroupName) => ({ GroupName })) });

/** A new user each time, because groups are remembered for a minute. */
async function ask(change: (cognitoIdentity: Record<string, unknown>) => object | null = (given) => given) {
  now += 1;
  const asked = structuredClone(event) as HttpEvent & {
    requestContext: { authorizer: { iam: { cognitoIdentity: object | null } } };
  };
  const given = asked.requestContext.authorizer.iam.cognitoIdentity as Record<string, unknown>;
  given['amr'] = (given['amr'] as string[]).map((each) =>
    each.replace(/(CognitoSignIn:).*/, `$1user-${now}`),
  );
  asked.requestContext.authorizer.iam.cognitoIdentity = change(given);
  const { statusCode, body = '' } = await handler(asked, contextOf('attach-policy'));
  return { status: statusCode, body: JSON.parse(body) as Record<string, unknown> };
}

const attached = () => iot.commandCalls(AttachPolicyCommand).map(({ args }) => args[0].input);
const detached = () => iot.commandCalls(DetachPolicyCommand).map(({ args }) => args[0].input.policyName);

test("a user of all sites gets the stack's policy", async () => {
  inGroups('viewer');
  assert.deepEqual(await ask(), {
    status: 200,
    body: { identityId: identity, policies: ['TidegateDashboard'] },
  });
  assert.deepEqual(attached(), [{ policyName: 'TidegateDashboard', target: identity }]);
  const [asked] = cognito.commandCalls(AdminListGroupsForUserCommand);
  assert.deepEqual(asked!.args[0].input, {
    ...{ UserPoolId: 'us-east-1_AbCdEfGhI', Username: `user-${now}`, NextToken: undefined },
  });
});

test('a user of some sites gets a policy for each, created if missing, and loses our other policies', async () => {
  inGroups('admin', 'site-seattle', 'site-oslo');
  const policies = ['TidegateDashboard', 'TidegateDashboard-site-rome', 'Another'];
  iot.on(ListAttachedPoliciesCommand).resolves({ policies: policies.map((policyName) => ({ policyName })) });
  iot
    .on(CreatePolicyCommand, { policyName: 'TidegateDashboard-site-oslo' })
    .rejects(new ResourceAlreadyExistsException({ message: 'there', $metadata: {} }));
  const { body } = await ask();
  assert.deepEqual(body, {
    identityId: identity,
    sites: ['seattle', 'oslo'],
    policies: ['TidegateDashboard-site-seattle', 'TidegateDashboard-site-oslo'],
  });
  assert.deepEqual(detached(), ['TidegateDashboard', 'TidegateDashboard-site-rome']);
  assert.deepEqual(
    attached().map(({ policyName }) => policyName),
    ['TidegateDashboard-site-seattle', 'TidegateDashboard-site-oslo'],
  );
  const [made] = iot.commandCalls(CreatePolicyCommand);
  const { Statement } = JSON.parse(made!.args[0].input.policyDocument!) as {
    Statement: { Action: string; Resource: string }[];
  };
  const arn = 'arn:aws:iot:us-east-1:000000000000';
  assert.deepEqual(
    Statement.map(({ Action, Resource }) => [Action, Resource]),
    [
      ['iot:Connect', `${arn}:client/dashboard-\${cognito-identity.amazonaws.com:sub}*`],
      ['iot:Subscribe', `${arn}:topicfilter/telemetry/seattle/*`],
      ['iot:Receive', `${arn}:topic/telemetry/seattle/*`],
    ],
  );
});

test('an attached policy is left unchanged', async () => {
  inGroups('operator');
  iot.on(ListAttachedPoliciesCommand).resolves({ policies: [{ policyName: 'TidegateDashboard' }] });
  assert.equal((await ask()).status, 200);
  assert.deepEqual([attached(), detached()], [[], []]);
});

const refusals: readonly (readonly [
  string,
  string[],
  (given: Record<string, unknown>) => object | null,
  number,
  RegExp,
])[] = [
  [
    'a user in none of the groups',
    ['site-oslo'],
    (given) => given,
    403,
    /not in any of the groups viewer, operator or admin/,
  ],
  [
    'an identity of another pool',
    ['admin'],
    (given) => ({ ...given, identityPoolId: 'us-east-1:other' }),
    403,
    /another identity pool/,
  ],
  [
    'a user of another user pool',
    ['admin'],
    (given) => ({
      ...given,
      amr: ['authenticated', 'cognito-idp.us-east-1.amazonaws.com/us-east-1_Other:CognitoSignIn:ann'],
    }),
    403,
    /not in any of the groups/,
  ],
  [
    'a guest',
    ['admin'],
    (given) => ({ ...given, amr: ['unauthenticated'] }),
    403,
    /Guests cannot use POST \/live-access: log in/,
  ],
  ['the account itself', ['admin'], () => null, 403, /keys of the AWS account do not need it/],
  [
    'a user of a site that no policy can name',
    ['viewer', 'site-a:b'],
    (given) => given,
    409,
    /^Live data is not available for site a:b:/,
  ],
  [
    'a user of too many sites',
    ['viewer', ...Array.from({ length: 10 }, (_, n) => `site-${n}`)],
    (given) => given,
    409,
    /limited to 9 sites, and you see 10/,
  ],
];
for (const [who, groups, change, status, detail] of refusals) {
  test(`${who} gets no policy and the reason`, async () => {
    inGroups(...groups);
    const answer = await ask(change);
    assert.equal(answer.status, status);
    assert.match(String(answer.body['detail']), detail);
    assert.deepEqual(attached(), []);
  });
}

test('if AWS IoT or Cognito fails, no policy is attached', async () => {
  inGroups('viewer');
  const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
  iot.on(AttachPolicyCommand).rejects(throttled);
  assert.equal((await ask()).status, 500);
  cognito.on(AdminListGroupsForUserCommand).rejects(throttled);
  iot.on(AttachPolicyCommand).resolves({});
  iot.resetHistory();
  assert.equal((await ask()).status, 500);
  assert.deepEqual(attached(), []);
});
