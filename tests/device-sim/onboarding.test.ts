// Onboarding through the AWS API: what a device gets, and the state after a failure in the middle.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import * as iotApi from '@aws-sdk/client-iot';
import { mockClient } from 'aws-sdk-client-mock';
import { OnboardingError } from '../../device-sim/onboarding-error.ts';
import { certify, createIotClient, onboard } from '../../device-sim/onboarding.ts';
import { openTestIot, serve } from '../../packages/local-cloud/tests/iot/iot-fixture.ts';
import { cleanup } from '../support/cleanup.ts';

const policyDocument = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Action: 'iot:Publish',
    Resource: 'arn:aws:iot:us-east-1:000000000000:topic/${iot:Connection.Thing.ThingName}',
  },
});

async function open() {
  const { iot } = await openTestIot();
  const { url } = await serve(iot);
  const client = createIotClient({ endpoint: url });
  cleanup(() => client.destroy());
  await client.send(new iotApi.CreatePolicyCommand({ policyName: 'TidegateDevice', policyDocument }));
  return { iot, client };
}

const spec = {
  name: 's1',
  type: 'sensor',
  group: 'Seattle',
  attributes: { city: 'Seattle' },
  policy: 'TidegateDevice',
};

test('a device gets thing, type, group, policy and an active certificate for a key made here', async () => {
  const { iot, client } = await open();
  const { certificatePem, keyPem, certificateId } = await onboard(client, spec);
  const certificate = new X509Certificate(certificatePem);
  assert.ok(certificate.checkPrivateKey(createPrivateKey(keyPem)));
  assert.partialDeepStrictEqual(iot.identify(certificate.raw), { principal: certificateId });
  const request = { principal: certificateId, clientId: 's1', sourceIp: '::1', action: 'iot:Publish' };
  assert.equal(iot.authorize({ ...request, resource: 'topic/s1' }).allowed, true);
  const thing = iot.registry.things.get('s1');
  assert.equal(thing?.typeName, 'sensor');
  assert.deepEqual(thing.groups, ['Seattle']);
  assert.deepEqual(thing.attributes, [['city', 'Seattle']]);
});

test('onboarding again adds a certificate and merges attributes, but does not change the type', async () => {
  const { iot, client } = await open();
  await onboard(client, spec);
  await onboard(client, { ...spec, attributes: { floor: '2' } });
  const thing = iot.registry.things.get('s1')!;
  assert.equal(thing.principals.length, 2);
  assert.deepEqual(
    new Map(thing.attributes),
    new Map([
      ['city', 'Seattle'],
      ['floor', '2'],
    ]),
  );
  await assert.rejects(
    onboard(client, { ...spec, type: 'camera' }),
    /exists already with the type sensor, not camera/,
  );
});

test('a policy that does not exist is named before anything is made', async () => {
  const { iot, client } = await open();
  await assert.rejects(onboard(client, { ...spec, policy: 'Missing' }), (error) => {
    return error instanceof OnboardingError && /policy Missing does not exist: deploy/.test(error.message);
  });
  assert.equal(iot.registry.things.size, 0);
});

test('a certificate is active only after policy and thing are attached, and discarded when that fails', async () => {
  const { iot, client } = await open();
  await client.send(new iotApi.CreateThingCommand({ thingName: 's1' }));
  await assert.rejects(certify(client, 's1', ['Missing']), { name: 'ResourceNotFoundException' });
  assert.equal(iot.registry.certificates.size, 1);
  const seen: string[] = [];
  await certify(client, 's1', ['TidegateDevice'], {
    keep: ({ certificateId }) => seen.push(iot.registry.certificates.get(certificateId)!.status),
  });
  assert.deepEqual(seen, ['INACTIVE']);
});

test('a hundred devices at once are onboarded', async () => {
  const { iot, client } = await open();
  const names = Array.from({ length: 100 }, (_, n) => `d${n}`);
  await Promise.all(names.map((name) => onboard(client, { ...spec, name })));
  assert.equal(iot.registry.things.size, 100);
  assert.equal(
    [...iot.registry.certificates.values()].filter(({ status }) => status === 'ACTIVE').length,
    100,
  );
});

test('on AWS, where a detachment takes effect late, the deletion is retried', async () => {
  const client = createIotClient({ endpoint: 'http://127.0.0.1:1' });
  const aws = mockClient(client);
  cleanup(() => aws.restore());
  aws
    .on(iotApi.CreateCertificateFromCsrCommand)
    .resolves({ certificateId: 'c', certificateArn: 'a', certificatePem: 'p' });
  aws.on(iotApi.AttachPolicyCommand).rejects(new Error('no such policy'));
  const conflict = Object.assign(new Error('still attached'), { name: 'DeleteConflictException' });
  aws.on(iotApi.DeleteCertificateCommand).rejectsOnce(conflict).resolves({});
  await assert.rejects(certify(client, 's1', ['P']), /no such policy/);
  assert.equal(aws.commandCalls(iotApi.DeleteCertificateCommand).length, 2);
});
