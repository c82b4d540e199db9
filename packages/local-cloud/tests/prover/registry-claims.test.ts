// What a registry has is proven as it is: sets of policies of certificates and groups, and policies of identities.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  CreatePolicyCommand,
  CreateThingGroupCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { readClaims } from '../../prover/claims.ts';
import { proveClaims } from '../../prover/prove-claims.ts';
import {
  claimsOn,
  identitiesBeyond,
  principalSets,
  registrySides,
  thingsBeyond,
} from '../../prover/registry-claims.ts';
import { arn, openTestIot } from '../iot/iot-fixture.ts';
import { device } from '../iot/device-fixture.ts';

const thing = '${iot:Connection.Thing.ThingName}';
const document = (...statements: (readonly [action: string, resource: string])[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map(([Action, resource]) => ({ Effect: 'Allow', Action, Resource: arn(resource) })),
  });

const claims = readClaims(
  {
    principals: { device: { certificate: ['Own'] } },
    noThing: ['claim-*'],
    claims: [
      {
        claim: 'No device connects as another',
        of: 'device',
        actions: ['iot:Connect'],
        on: ['${other.thing}'],
      },
      {
        claim: 'No device receives another',
        of: 'device',
        actions: ['iot:Receive'],
        on: ['t/${other.thing}'],
      },
    ],
  },
  'claims',
);

async function open() {
  const { iot } = await openTestIot();
  const { client } = await device(iot, { thing: 'claim-x' });
  const own = document(['iot:Connect', `client/${thing}`], ['iot:Receive', `topic/t/${thing}`]);
  await client.send(new CreatePolicyCommand({ policyName: 'Own', policyDocument: own }));
  const listen = document(['iot:Subscribe', 'topicfilter/*'], ['iot:Receive', 'topic/*']);
  await client.send(new CreatePolicyCommand({ policyName: 'Listen', policyDocument: listen }));
  const { principal } = await device(iot, { thing: 's1', policy: 'Own' });
  return { iot, client, principal };
}

const outcomes = (registry: Parameters<typeof principalSets>[0]) =>
  principalSets(registry).map((set) => [
    set.policies.join(),
    set.certificates.size,
    [
      ...proveClaims(
        claimsOn(set, claims, (name) => name),
        registrySides(registry),
        arn('').slice(0, -1),
      ),
    ].map(({ verdict }) => verdict.outcome),
  ]);

test('a policy that a group adds breaks the claim on its members alone', async () => {
  const { iot, client } = await open();
  await device(iot, { thing: 's2', policy: 'Own' });
  assert.deepEqual(outcomes(iot.registry), [['Own', 2, ['proven', 'proven']]]);
  await client.send(new CreateThingGroupCommand({ thingGroupName: 'g' }));
  await client.send(new AttachPolicyCommand({ policyName: 'Listen', target: arn('thinggroup/g') }));
  await client.send(new AddThingToThingGroupCommand({ thingGroupName: 'g', thingName: 's2' }));
  assert.deepEqual(outcomes(iot.registry), [
    ['Own', 2, ['proven', 'proven']],
    ['Listen,Own', 1, ['proven', 'broken']],
  ]);
});

test('certificates that are not active are left out, and policies without a claim get the general ones', async () => {
  const { iot, client, principal } = await open();
  await client.send(new UpdateCertificateCommand({ certificateId: principal, newStatus: 'INACTIVE' }));
  assert.deepEqual(principalSets(iot.registry), []);
  await device(iot, { thing: 's3', policy: 'Listen' });
  const [set] = principalSets(iot.registry);
  assert.match(claimsOn(set!, claims, (name) => name).claims[0]!.claim, /^No holder connects/);
});

test('names of things that the claims exclude, and policies of identities without a claim, are named', async () => {
  const { iot, client } = await open();
  assert.deepEqual(thingsBeyond(iot.registry, claims), ['claim-x']);
  const site = (name: string) => document(['iot:Receive', `topic/telemetry/${name}/*`]);
  const withSites = readClaims(
    {
      principals: { viewer: { identity: { role: 'R', policies: ['Site'] } } },
      documents: { Site: JSON.parse(site('${site}')) as unknown },
      parameters: { site: 'a-z' },
      claims: [{ claim: 'c', of: 'viewer', actions: ['iot:Publish'], on: ['#'] }],
    },
    'claims',
  );
  const target = 'us-east-1:11111111-1111-1111-1111-111111111111';
  for (const [policyName, policyDocument] of [
    ['Seattle', site('seattle')],
    ['All', site('*')],
  ] as const) {
    await client.send(new CreatePolicyCommand({ policyName, policyDocument }));
    await client.send(new AttachPolicyCommand({ policyName, target }));
  }
  assert.deepEqual([...identitiesBeyond(iot.registry, withSites, () => undefined)], [['All', 1]]);
});
