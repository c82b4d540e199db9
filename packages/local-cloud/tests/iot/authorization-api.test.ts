// The answers of TestAuthorization and GetEffectivePolicies about a device, compared with the broker's decisions.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  GetEffectivePoliciesCommand,
  TestAuthorizationCommand,
  type TestAuthorizationCommandInput,
} from '@aws-sdk/client-iot';
import { arn, openTestIot, serve } from './iot-fixture.ts';

const document = (...statements: object[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });
const own = arn('topic/t/${iot:Connection.Thing.ThingName}');
const policies: Record<string, string> = {
  own: document(
    { Effect: 'Allow', Action: 'iot:Connect', Resource: arn('client/${iot:Connection.Thing.ThingName}') },
    { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: own },
  ),
  quiet: document({ Effect: 'Deny', Action: 'iot:Publish', Resource: arn('topic/t/*') }),
  home: document({
    Effect: 'Allow',
    Action: 'iot:Subscribe',
    Resource: arn('topicfilter/t/#'),
    Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
  }),
};

async function open() {
  const { iot } = await openTestIot();
  const { client } = await serve(iot);
  for (const [policyName, policyDocument] of Object.entries(policies))
    await client.send(new CreatePolicyCommand({ policyName, policyDocument }));
  const made = await client.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  const principal = made.certificateArn!;
  await client.send(new CreateThingCommand({ thingName: 's1' }));
  await client.send(new AttachThingPrincipalCommand({ thingName: 's1', principal }));
  await client.send(new AttachPolicyCommand({ policyName: 'own', target: principal }));
  const group = await client.send(new CreateThingGroupCommand({ thingGroupName: 'g' }));
  await client.send(new AddThingToThingGroupCommand({ thingName: 's1', thingGroupName: 'g' }));
  await client.send(new AttachPolicyCommand({ policyName: 'home', target: group.thingGroupArn }));
  const ask = (input: Omit<TestAuthorizationCommandInput, 'principal'>) =>
    client.send(new TestAuthorizationCommand({ principal, ...input }));
  return { iot, client, principal, ask };
}

test('TestAuthorization names the policies that allow, deny and say nothing, as the broker decides', async () => {
  const { iot, principal, ask } = await open();
  const cases = [
    ['CONNECT', 'client/s1', 's1', 'ALLOWED'],
    ['CONNECT', 'client/s2', 's2', 'IMPLICIT_DENY'],
    ['PUBLISH', 'topic/t/s1', 's1', 'ALLOWED'],
    ['RECEIVE', 'topic/t/s1', 's1', 'ALLOWED'],
    ['PUBLISH', 'topic/t/s2', 's1', 'IMPLICIT_DENY'],
    ['SUBSCRIBE', 'topicfilter/t/#', 's1', 'IMPLICIT_DENY'],
  ] as const;
  for (const [actionType, resource, clientId, wanted] of cases) {
    const { authResults } = await ask({ clientId, authInfos: [{ actionType, resources: [arn(resource)] }] });
    assert.equal(authResults?.[0]?.authDecision, wanted, `${actionType} ${resource} as ${clientId}`);
    const action = `iot:${actionType[0]}${actionType.slice(1).toLowerCase()}`;
    const request = {
      principal: principal.split('/')[1]!,
      clientId,
      sourceIp: '192.0.2.1',
      action,
      resource,
    };
    assert.equal(iot.authorize(request).allowed, wanted === 'ALLOWED');
  }
});

test('policies are tried out by adding and skipping them', async () => {
  const { ask } = await open();
  const authInfos = [{ actionType: 'PUBLISH' as const, resources: [arn('topic/t/s1')] }];
  const denied = await ask({ clientId: 's1', authInfos, policyNamesToAdd: ['quiet'] });
  const named = (policyName: string) => [{ policyName, policyArn: arn(`policy/${policyName}`) }];
  assert.deepEqual(denied.authResults, [
    {
      authInfo: authInfos[0],
      allowed: { policies: named('own') },
      denied: {
        implicitDeny: { policies: named('home') },
        explicitDeny: { policies: named('quiet') },
      },
      authDecision: 'EXPLICIT_DENY',
      missingContextValues: [],
    },
  ]);
  const skipped = await ask({ clientId: 's1', authInfos, policyNamesToSkip: ['own'] });
  assert.equal(skipped.authResults?.[0]?.authDecision, 'IMPLICIT_DENY');
});

test('values that only a connection has are named where a policy needs them', async () => {
  const { ask } = await open();
  const missing = async (actionType: 'CONNECT' | 'SUBSCRIBE', resource: string) =>
    (await ask({ authInfos: [{ actionType, resources: [arn(resource)] }] })).authResults?.[0]
      ?.missingContextValues;
  assert.deepEqual(await missing('CONNECT', 'client/s1'), ['iot:Connection.Thing.ThingName']);
  const home = {
    clientId: 's1',
    authInfos: [{ actionType: 'SUBSCRIBE' as const, resources: [arn('topicfilter/t/#')] }],
  };
  assert.deepEqual((await ask(home)).authResults?.[0]?.missingContextValues, ['aws:SourceIp']);
});

test('several resources are allowed where each of them is', async () => {
  const { ask } = await open();
  const resources = [arn('topic/t/s1'), arn('topic/t/s2')];
  const both = await ask({ clientId: 's1', authInfos: [{ actionType: 'PUBLISH', resources }] });
  assert.equal(both.authResults?.[0]?.authDecision, 'IMPLICIT_DENY');
});

test('GetEffectivePolicies gives those of the certificate, and of the groups of the thing', async () => {
  const { client, principal } = await open();
  const named = async (input: { principal?: string; thingName?: string }) => {
    const { effectivePolicies } = await client.send(new GetEffectivePoliciesCommand(input));
    return effectivePolicies?.map(({ policyName, policyDocument }) => {
      assert.equal(policyDocument, policies[policyName!]);
      return policyName;
    });
  };
  assert.deepEqual(await named({ principal }), ['own']);
  assert.deepEqual(await named({ principal, thingName: 's1' }), ['own', 'home']);
  assert.deepEqual(await named({ thingName: 's1' }), ['home']);
});

test('a question that cannot be answered is refused by name', async () => {
  const { client, ask } = await open();
  const authInfos = [{ actionType: 'PUBLISH' as const, resources: [arn('topic/t/s1')] }];
  const refusals: [() => Promise<unknown>, string, RegExp][] = [
    [() => ask({ authInfos: [] }), 'InvalidRequestException', /^authInfos must be a list of 1 to 10$/],
    [
      () => ask({ authInfos: [{ actionType: 'PUBLISH', resources: [] }] }),
      'InvalidRequestException',
      /^resources must/,
    ],
    [
      () => ask({ authInfos, policyNamesToAdd: ['nope'] }),
      'ResourceNotFoundException',
      /^Policy nope does not exist$/,
    ],
    [
      () =>
        client.send(
          new TestAuthorizationCommand({
            authInfos,
            principal: 'us-east-1:0a0a0a0a-0000-4000-8000-000000000000',
          }),
        ),
      'NotImplementedException',
      /the command policy explain --identity/,
    ],
    [
      () => client.send(new TestAuthorizationCommand({ authInfos, cognitoIdentityPoolId: 'us-east-1:x' })),
      'NotImplementedException',
      /cognitoIdentityPoolId/,
    ],
    [
      () => client.send(new GetEffectivePoliciesCommand({})),
      'InvalidRequestException',
      /^principal or thingName/,
    ],
  ];
  for (const [answer, name, message] of refusals) await assert.rejects(answer(), { name, message });
});
