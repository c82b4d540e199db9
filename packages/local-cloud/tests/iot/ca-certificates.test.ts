// Certificate authorities of users: registered with a proof, and the certificates that they signed.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import * as iotApi from '@aws-sdk/client-iot';
import { silentLog } from '../../log.ts';
import type { InboundMessage } from '../../mqtt/message.ts';
import { createJustInTime } from '../../iot/just-in-time.ts';
import { makeCa } from './device-fixture.ts';
import { arn, openTestIot, serve, start } from './iot-fixture.ts';

async function open() {
  const { iot, ...opened } = await openTestIot();
  const published: InboundMessage[] = [];
  const justInTime = createJustInTime({
    ...{ registry: iot.registry, log: silentLog, newId: () => 'trace' },
    publish: async (message) => void published.push(message),
  });
  return { iot, ...opened, published, justInTime, ...(await serve(iot)) };
}

type Client = iotApi.IoTClient;

async function registerCa(
  client: Client,
  ca: Pick<Awaited<ReturnType<typeof makeCa>>, 'pem' | 'sign'>,
  options: object = {},
) {
  const { registrationCode } = await client.send(new iotApi.GetRegistrationCodeCommand({}));
  return client.send(
    new iotApi.RegisterCACertificateCommand({
      caCertificate: ca.pem,
      verificationCertificate: await ca.sign(registrationCode!),
      ...options,
    }),
  );
}

const describeCa = async (client: Client, certificateId: string | undefined) =>
  (await client.send(new iotApi.DescribeCACertificateCommand({ certificateId }))).certificateDescription!;

const named = (name: string, message = /./) => ({ name, message });

test('the registration code stays the same until it is deleted', async () => {
  const { client } = await open();
  const code = async () => (await client.send(new iotApi.GetRegistrationCodeCommand({}))).registrationCode!;
  const first = await code();
  assert.match(first, /^[0-9a-f]{64}$/);
  assert.equal(await code(), first);
  await client.send(new iotApi.DeleteRegistrationCodeCommand({}));
  assert.notEqual(await code(), first);
});

test('a CA is registered, shown, activated and deleted', async () => {
  const { client } = await open();
  const ca = await makeCa('Factory', start);
  const { certificateId, certificateArn } = await registerCa(client, ca, { allowAutoRegistration: true });
  assert.equal(certificateArn, arn(`cacert/${certificateId}`));
  const described = await describeCa(client, certificateId);
  assert.deepEqual(
    [described.certificatePem, described.status, described.autoRegistrationStatus, described.certificateMode],
    [ca.pem, 'INACTIVE', 'ENABLE', 'DEFAULT'],
  );
  await client.send(
    new iotApi.UpdateCACertificateCommand({
      ...{ certificateId, newStatus: 'ACTIVE', newAutoRegistrationStatus: 'DISABLE' },
    }),
  );
  const { certificates } = await client.send(new iotApi.ListCACertificatesCommand({}));
  assert.deepEqual(
    certificates?.map((each) => [each.certificateId, each.status]),
    [[certificateId, 'ACTIVE']],
  );
  const remove = () => client.send(new iotApi.DeleteCACertificateCommand({ certificateId }));
  await assert.rejects(remove(), (error: iotApi.IoTServiceException) => {
    assert.deepEqual([error.name, error.$metadata.httpStatusCode], ['CertificateStateException', 406]);
    return true;
  });
  await assert.rejects(registerCa(client, ca), {
    ...{ name: 'ResourceAlreadyExistsException', resourceId: certificateId, resourceArn: certificateArn },
  });
  await client.send(new iotApi.UpdateCACertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
  await remove();
  await assert.rejects(describeCa(client, certificateId), named('ResourceNotFoundException'));
});

test('a CA is registered only with a proof of its private key, or for SNI only', async () => {
  const { client } = await open();
  const [ca, other] = [await makeCa('Factory', start), await makeCa('Other', start)];
  const register = (input: object) =>
    client.send(new iotApi.RegisterCACertificateCommand({ caCertificate: ca.pem, ...input }));
  await client.send(new iotApi.GetRegistrationCodeCommand({}));
  const refusals: [object, { name: string; message: RegExp }][] = [
    [{}, named('InvalidRequestException', /verificationCertificate is required/)],
    [{ certificateMode: 'BOGUS' }, named('InvalidRequestException', /certificateMode/)],
    [
      { certificateMode: 'SNI_ONLY', verificationCertificate: await ca.sign('x') },
      named('InvalidRequestException', /must be absent/),
    ],
    [
      { verificationCertificate: await ca.sign('not the code') },
      named('RegistrationCodeValidationException'),
    ],
    [
      { verificationCertificate: await other.sign('x') },
      named('CertificateValidationException', /not signed by the CA/),
    ],
    [
      { caCertificate: await ca.sign('device'), certificateMode: 'SNI_ONLY' },
      named('CertificateValidationException', /CA:TRUE/),
    ],
    [
      { registrationConfig: { templateName: 'T' }, certificateMode: 'SNI_ONLY' },
      named('NotImplementedException', /registrationConfig/),
    ],
  ];
  for (const [input, refusal] of refusals) await assert.rejects(register(input), refusal);
  const { certificateId } = await register({ certificateMode: 'SNI_ONLY' });
  assert.equal((await describeCa(client, certificateId)).certificateMode, 'SNI_ONLY');
});

test('a device certificate is registered under the CA that signed it, and under no other', async () => {
  const { client } = await open();
  const [ca, other] = [await makeCa('Factory', start), await makeCa('Other', start)];
  const device = await ca.sign('device-1');
  const register = (input: object = {}) =>
    client.send(new iotApi.RegisterCertificateCommand({ certificatePem: device, ...input }));
  const refused = named('CertificateValidationException');
  await assert.rejects(register(), refused);
  await assert.rejects(register({ caCertificatePem: ca.pem }), refused);
  const { certificateId: caCertificateId } = await registerCa(client, ca);
  await registerCa(client, other);
  await assert.rejects(register({ caCertificatePem: other.pem }), refused);
  const { certificateId } = await register({ caCertificatePem: ca.pem, status: 'ACTIVE' });
  const { certificateDescription } = await client.send(
    new iotApi.DescribeCertificateCommand({ certificateId }),
  );
  assert.equal(certificateDescription?.caCertificateId, caCertificateId);
  assert.equal(certificateDescription?.status, 'ACTIVE');
  const { certificates } = await client.send(new iotApi.ListCertificatesByCACommand({ caCertificateId }));
  assert.deepEqual(
    certificates?.map((each) => each.certificateId),
    [certificateId],
  );
});

test('a certificate that AWS IoT issued is registered again after its deletion, with the same text', async () => {
  const { client } = await open();
  const made = await client.send(new iotApi.CreateKeysAndCertificateCommand({}));
  const { certificateId, certificatePem } = made;
  await client.send(new iotApi.DeleteCertificateCommand({ certificateId }));
  await client.send(new iotApi.RegisterCertificateCommand({ certificatePem, setAsActive: true }));
  const { certificateDescription } = await client.send(
    new iotApi.DescribeCertificateCommand({ certificateId }),
  );
  assert.equal(certificateDescription?.status, 'ACTIVE');
  assert.equal(certificateDescription?.certificatePem, certificatePem);
});

test('the first connection under an active CA with automatic registration is announced', async () => {
  const { client, iot, justInTime, published, clock } = await open();
  const ca = await makeCa('Factory', start);
  const der = new X509Certificate(await ca.sign('device-1')).raw;
  const { certificateId: caCertificateId } = await registerCa(client, ca, { allowAutoRegistration: true });
  await justInTime(der);
  assert.equal(published.length, 0); // the CA is not active
  await client.send(
    new iotApi.UpdateCACertificateCommand({ certificateId: caCertificateId, newStatus: 'ACTIVE' }),
  );
  await justInTime(der);
  await clock.advance(1000);
  await justInTime(der);
  const events = published.map(({ topic, payload }) => ({ topic, ...JSON.parse(payload.toString()) }));
  const [registered] = [...iot.registry.certificates.values()];
  const event = {
    topic: `$aws/events/certificates/registered/${caCertificateId}`,
    certificateId: registered!.id,
    caCertificateId,
    certificateStatus: 'PENDING_ACTIVATION',
    awsAccountId: '000000000000',
    certificateRegistrationTimestamp: String(start),
  };
  assert.deepEqual(events, [
    { ...event, timestamp: start },
    { ...event, timestamp: start + 1000 },
  ]);
  assert.deepEqual(iot.identify(der), {
    refused: `certificate ${registered!.id.slice(0, 12)}... is PENDING_ACTIVATION`,
  });
  await client.send(
    new iotApi.UpdateCertificateCommand({ certificateId: registered!.id, newStatus: 'ACTIVE' }),
  );
  assert.ok('principal' in iot.identify(der));
});

test('a device registers at its first connection under a renewed CA, beside its inactive predecessor', async () => {
  const { client, justInTime, published } = await open();
  const ca = await makeCa('Factory', start);
  await registerCa(client, ca, { allowAutoRegistration: true });
  const { certificateId } = await registerCa(client, await ca.renew(), {
    ...{ allowAutoRegistration: true, setAsActive: true },
  });
  await justInTime(new X509Certificate(await ca.sign('device-1')).raw);
  assert.deepEqual(
    published.map(({ topic }) => topic),
    [`$aws/events/certificates/registered/${certificateId}`],
  );
});

test('a certificate of an unknown CA is not registered at its first connection', async () => {
  const { iot, justInTime, published } = await open();
  const ca = await makeCa('Stranger', start);
  await justInTime(new X509Certificate(await ca.sign('device-1')).raw);
  await justInTime(Buffer.from('no certificate'));
  assert.equal(published.length + iot.registry.certificates.size, 0);
});
