// Who may connect and what they may do: certificates of every state, things, groups, and the template's own policy.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import * as iotApi from '@aws-sdk/client-iot';
import { createManualClock } from '../../clock.ts';
import type { Iot } from '../../iot/iot.ts';
import { StartError } from '../../start-error.ts';
import { loadSample } from '../template/fixture.ts';
import { asker, device, spki } from './device-fixture.ts';
import { arn, openTestIot, serve, start } from './iot-fixture.ts';

const allowAll = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };

test('a registered ACTIVE certificate is identified by the SHA-256 of its DER', async () => {
  const { iot } = await openTestIot();
  const { der } = await device(iot);
  assert.partialDeepStrictEqual(iot.identify(der), {
    principal: createHash('sha256').update(der).digest('hex'),
  });
});

test('each other certificate is refused for a reason of its own', async () => {
  const { iot } = await openTestIot();
  const { iot: foreign } = await openTestIot();
  const { der, client, principal } = await device(iot);
  const refusal = (bytes: Buffer, now?: number) => {
    const result = iot.identify(bytes, now);
    return 'refused' in result ? result.refused : 'identified';
  };
  const issue = async (from: Iot) =>
    new X509Certificate(await from.ca.issue({ publicKey: spki(), subject: [{ CN: ['x'] }] })).raw;
  assert.match(refusal(await issue(iot)), /^certificate [0-9a-f]{12}\.\.\. is not registered/);
  assert.match(refusal(await issue(foreign)), /is of another CA and not registered$/);
  assert.match(refusal(Buffer.from('rubbish')), /cannot be read/);
  const set = (newStatus: iotApi.CertificateStatus) =>
    client.send(new iotApi.UpdateCertificateCommand({ certificateId: principal, newStatus }));
  await set('INACTIVE');
  assert.match(refusal(der), /is INACTIVE$/);
  await set('REVOKED');
  assert.match(refusal(der), /is REVOKED$/);
  await set('ACTIVE');
  assert.equal(refusal(der), 'identified');
  assert.match(refusal(der, Date.parse('2050-01-01T00:00:00Z')), /expired at 2049-12-31T23:59:59.000Z$/);
  assert.match(refusal(der, start - 86_400_000), /not valid before/);
});

test("a template's policy lets a device do what it says, and the reason names the statement", async () => {
  const { iot } = await openTestIot();
  await iot.seed(loadSample());
  const { principal } = await device(iot, { thing: 's1', policy: 'SampleDevice' });
  const ask = asker(iot, principal, 's1');
  assert.deepEqual(ask('iot:Publish', 'topic/telemetry/seattle/s1'), {
    allowed: true,
    reason: 'allowed by SampleDevice statement 2 (Sid PublishOwnTelemetry)',
    policyName: 'SampleDevice',
    statement: 2,
  });
  const cases: readonly (readonly [action: string, resource: string, allowed: boolean])[] = [
    ['iot:Connect', 'client/s1', true],
    ['iot:Connect', 'client/s2', false],
    ['iot:Publish', 'topic/telemetry/seattle/s2', false],
    ['iot:Publish', 'topic/telemetry/a/b/s1', false],
    ['iot:RetainPublish', 'topic/telemetry/seattle/s1', false],
    ['iot:Subscribe', 'topicfilter/commands/s1/#', true],
    ['iot:Subscribe', 'topicfilter/commands/+/reboot', false],
    ['iot:Subscribe', 'topicfilter/#', false],
    ['iot:Receive', 'topic/commands/s1/reboot', true],
    ['iot:Receive', 'topic/commands/s10/reboot', false],
  ];
  for (const [action, resource, allowed] of cases)
    assert.equal(ask(action, resource).allowed, allowed, `${action} ${resource}`);
  const other = asker(iot, principal, 's2')('iot:Connect', 'client/s2');
  assert.equal(other.allowed, false);
  assert.match(
    other.reason,
    /^no policy of certificate [0-9a-f]{12}\.\.\., which is attached to no thing named "s2", allows iot:Connect on client\/s2 \(nearest: SampleDevice statement 1 \(Sid ConnectUnderOwnName\): \$\{iot:Connection.Thing.ThingName\} has no value\)$/,
  );
});

test('a certificate without a policy may do nothing, and the reason says so', async () => {
  const { iot } = await openTestIot();
  const { principal } = await device(iot, { thing: 's1' });
  const decision = asker(iot, principal, 's1')('iot:Connect', 'client/s1');
  assert.equal(decision.allowed, false);
  assert.match(decision.reason, /^certificate [0-9a-f]{12}\.\.\. has no policy attached$/);
});

test('changes of policy, attachment and certificate take effect on the next request', async () => {
  const { iot } = await openTestIot();
  const { principal, client, arn: target } = await device(iot, { thing: 's1' });
  const ask = () => asker(iot, principal, 's1')('iot:Publish', 'topic/a').allowed;
  assert.equal(ask(), false);
  const policyName = 'P';
  await client.send(new iotApi.CreatePolicyCommand({ policyName, policyDocument: JSON.stringify(allowAll) }));
  await client.send(new iotApi.AttachPolicyCommand({ policyName, target }));
  assert.equal(ask(), true);
  const denyAll = JSON.stringify({ ...allowAll, Statement: { ...allowAll.Statement, Effect: 'Deny' } });
  await client.send(
    new iotApi.CreatePolicyVersionCommand({ policyName, policyDocument: denyAll, setAsDefault: true }),
  );
  assert.equal(ask(), false);
  await client.send(new iotApi.SetDefaultPolicyVersionCommand({ policyName, policyVersionId: '1' }));
  assert.equal(ask(), true);
  await client.send(new iotApi.UpdateCertificateCommand({ certificateId: principal, newStatus: 'INACTIVE' }));
  assert.equal(ask(), false);
});

test('listeners get each certificate that is deactivated, revoked or deleted', async () => {
  const { iot } = await openTestIot();
  const { principal, client } = await device(iot);
  const heard: string[] = [];
  iot.onChange((event) => {
    if (event.kind === 'certificate') heard.push(`${event.certificateId === principal} ${event.status}`);
  });
  for (const newStatus of ['INACTIVE', 'ACTIVE', 'REVOKED'] as const) {
    await client.send(new iotApi.UpdateCertificateCommand({ certificateId: principal, newStatus }));
  }
  await client.send(new iotApi.DeleteCertificateCommand({ certificateId: principal }));
  assert.deepEqual(heard, ['true INACTIVE', 'true REVOKED', 'true DELETED']);
});

test('policies of a group and of the groups above apply to its things, under the client id of the thing', async () => {
  const { iot } = await openTestIot();
  const { principal, client } = await device(iot, { thing: 's1' });
  await client.send(new iotApi.CreateThingGroupCommand({ thingGroupName: 'usa' }));
  await client.send(
    new iotApi.CreateThingGroupCommand({ thingGroupName: 'seattle', parentGroupName: 'usa' }),
  );
  await client.send(
    new iotApi.CreatePolicyCommand({ policyName: 'P', policyDocument: JSON.stringify(allowAll) }),
  );
  await client.send(new iotApi.AttachPolicyCommand({ policyName: 'P', target: arn('thinggroup/usa') }));
  const ask = (clientId: string) => asker(iot, principal, clientId)('iot:Publish', 'topic/a').allowed;
  assert.equal(ask('s1'), false);
  await client.send(new iotApi.AddThingToThingGroupCommand({ thingGroupName: 'seattle', thingName: 's1' }));
  assert.equal(ask('s1'), true);
  assert.equal(ask('s2'), false);
});

test('an exclusive attachment gives the connection its thing for any client id', async () => {
  const { iot } = await openTestIot();
  const { principal, client, der, arn: target } = await device(iot, { thing: 's1' });
  assert.deepEqual(iot.thingOf(principal, 's1'), { name: 's1', exclusive: false });
  assert.equal(iot.thingOf(principal, 'other'), undefined);
  await client.send(
    new iotApi.AttachThingPrincipalCommand({
      thingName: 's1',
      principal: target,
      thingPrincipalType: 'EXCLUSIVE_THING',
    }),
  );
  assert.deepEqual(iot.thingOf(principal, 'other'), { name: 's1', exclusive: true });
  assert.partialDeepStrictEqual(iot.identify(der), { principal, thingName: 's1' });
  const policyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: '*', Resource: arn('topic/${iot:Connection.Thing.ThingName}') },
  });
  await client.send(new iotApi.CreatePolicyCommand({ policyName: 'P', policyDocument }));
  await client.send(new iotApi.AttachPolicyCommand({ policyName: 'P', target }));
  assert.equal(asker(iot, principal, 'other')('iot:Publish', 'topic/s1').allowed, true);
});

const variables: readonly (readonly [variable: string, value: string])[] = [
  ['iot:ClientId', 's1'],
  ['aws:SourceIp', '192.0.2.9'],
  ['iot:Connection.Thing.ThingName', 's1'],
  ['iot:Connection.Thing.IsAttached', 'true'],
  ['iot:Connection.Thing.Attributes[city]', 'Seattle'],
  ['iot:Certificate.Subject.CommonName', 'd'],
  ['iot:Certificate.Subject.Organization', 'Acme'],
  ['iot:Certificate.Issuer.Organization', 'Acme'],
  ['aws:EpochTime', String(start / 1000)],
];
test('each policy variable takes its value from the connection', async () => {
  const { iot } = await openTestIot();
  const { principal, client, arn: target } = await device(iot, { thing: 's1' });
  for (const [index, [variable, value]] of variables.entries()) {
    const policyName = `P${index}`;
    const Statement = { Effect: 'Allow', Action: 'iot:Publish', Resource: arn(`topic/v/\${${variable}}`) };
    const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await client.send(new iotApi.CreatePolicyCommand({ policyName, policyDocument }));
    await client.send(new iotApi.AttachPolicyCommand({ policyName, target }));
    const decision = asker(iot, principal, 's1', '::ffff:192.0.2.9')('iot:Publish', `topic/v/${value}`);
    assert.equal(decision.policyName, policyName, `${variable}: ${decision.reason}`);
    await client.send(new iotApi.DetachPolicyCommand({ policyName, target }));
  }
});

test('attributes of CONNECT are condition keys', async () => {
  const { iot } = await openTestIot();
  const { principal, client, arn: target } = await device(iot, { thing: 's1' });
  const policyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' },
      {
        Effect: 'Deny',
        Action: 'iot:Connect',
        Resource: '*',
        Condition: { 'ForAnyValue:StringEquals': { 'iot:ConnectAttributes': ['PersistentConnect'] } },
      },
    ],
  });
  await client.send(new iotApi.CreatePolicyCommand({ policyName: 'P', policyDocument }));
  await client.send(new iotApi.AttachPolicyCommand({ policyName: 'P', target }));
  const request = {
    principal,
    clientId: 's1',
    sourceIp: '::1',
    action: 'iot:Connect',
    resource: 'client/s1',
  };
  assert.equal(
    iot.authorize({ ...request, connectAttributes: ['LastWill'], lastWillTopic: 'w' }).allowed,
    true,
  );
  assert.equal(iot.authorize({ ...request, connectAttributes: ['PersistentConnect'] }).allowed, false);
});

test('a stored policy that is no longer evaluated stops the start by name', async () => {
  const { iot, dir } = await openTestIot();
  const versions = [{ id: 1, document: '{"Version":"1999"}', createdAt: start }];
  const value = {
    name: 'Old',
    createdAt: start,
    modifiedAt: start,
    defaultVersion: 1,
    lastVersion: 1,
    versions,
  };
  await iot.registry.commit([{ kind: 'policy', key: 'Old', value }]);
  await iot.close();
  await assert.rejects(openTestIot({ dir }), /^StartError: policy Old of the registry: .*Version: must be/);
});

test('seeding again changes nothing; a changed template policy is the new default; a change through the API stays', async () => {
  const { iot, dir } = await openTestIot();
  await iot.seed(loadSample());
  await iot.seed(loadSample());
  assert.equal(iot.registry.policies.get('SampleDevice')?.versions.length, 1);
  const { client } = await serve(iot);
  const policyName = 'SampleDevice';
  const policyDocument = JSON.stringify(allowAll);
  await client.send(
    new iotApi.CreatePolicyVersionCommand({ policyName, policyDocument, setAsDefault: true }),
  );
  await iot.seed(loadSample());
  assert.equal(iot.registry.policies.get(policyName)?.defaultVersion, 2);
  const resource = (document: object) => ({
    logicalId: 'DevicePolicy',
    name: policyName,
    properties: { PolicyDocument: document },
    at: (...steps: readonly (string | number)[]) => `template.yaml at ${steps.join('.')}`,
  });
  const seed = (to: Iot, document: object) =>
    to.seed({ ofType: (type) => (type === 'AWS::IoT::Policy' ? [resource(document)] : []) });
  for (let n = 0; n < 8; n += 1) {
    await seed(iot, { ...allowAll, Id: String(n) });
    assert.equal(iot.registry.policies.get(policyName)?.defaultVersion, 3 + n);
  }
  assert.equal(iot.registry.policies.get(policyName)?.versions.length, 5);
  await assert.rejects(
    seed(iot, { ...allowAll, Statement: [{ ...allowAll.Statement, Action: 's3:*' }] }),
    (error) => {
      assert.ok(error instanceof StartError);
      assert.match(
        error.message,
        /^template\.yaml at PolicyDocument\.Statement\.0\.Action: DevicePolicy: .*"s3:\*" is not an action/,
      );
      return true;
    },
  );
  await iot.close();
  const { iot: again } = await openTestIot({ dir, clock: createManualClock(start) });
  assert.equal(again.registry.policies.get(policyName)?.defaultVersion, 10);
});

test('authorize decides a hundred thousand publishes in well under a second each ten thousand', async () => {
  const { iot } = await openTestIot();
  await iot.seed(loadSample());
  const { principal } = await device(iot, { thing: 's1', policy: 'SampleDevice' });
  const ask = asker(iot, principal, 's1');
  const begun = process.hrtime.bigint();
  for (let n = 0; n < 100_000; n += 1) ask('iot:Publish', 'topic/telemetry/seattle/s1');
  const nanoseconds = Number(process.hrtime.bigint() - begun) / 100_000;
  assert.ok(nanoseconds < 100_000, `${Math.round(nanoseconds)} ns each`);
});
