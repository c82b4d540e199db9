// Devices for tests: a key that is made here, and a certificate that the registry knows.

import 'reflect-metadata';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import * as iotApi from '@aws-sdk/client-iot';
import {
  BasicConstraintsExtension,
  PemConverter,
  Pkcs10CertificateRequestGenerator,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Iot } from '../../iot/iot.ts';
import { serve } from './iot-fixture.ts';

/** A new P-256 key (PKCS #8) and a certificate signing request for it (PKCS #10), both PEM. */
export async function makeKeyAndRequest(commonName: string): Promise<{ keyPem: string; csr: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const name = [{ CN: [commonName] }];
  const request = await Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm });
  const exported = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { keyPem: PemConverter.encode(exported, 'PRIVATE KEY'), csr: request.toString('pem') };
}

const DAY = 86_400_000;

/** A certificate authority of a user, which signs certificates for new keys. */
export async function makeCa(commonName: string, now: number) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const dates = { notBefore: new Date(now - DAY), notAfter: new Date(now + 365 * DAY) };
  const certify = () =>
    X509CertificateGenerator.createSelfSigned({
      ...{ ...dates, keys, signingAlgorithm: algorithm, name: [{ CN: [commonName] }] },
      extensions: [new BasicConstraintsExtension(true, 0, true)],
    });
  const ca = await certify();
  const sign = async (subject: string) => {
    const own = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const signed = await X509CertificateGenerator.create({
      ...{ ...dates, signingAlgorithm: algorithm, signingKey: keys.privateKey, publicKey: own.publicKey },
      ...{ issuer: ca.subjectName, subject: [{ CN: [subject] }] },
    });
    return signed.toString('pem');
  };
  /** A new certificate for the same name and key. */
  const renew = async () => ({ pem: (await certify()).toString('pem'), sign });
  return { pem: ca.toString('pem'), sign, renew };
}

/** A thing with an active certificate that has the policy. */
export async function makeDevice(
  client: iotApi.IoTClient,
  { thing, policy }: { thing: string; policy: string },
): Promise<{ certificateId: string; certificatePem: string; keyPem: string }> {
  const { csr, keyPem } = await makeKeyAndRequest(thing);
  const { certificateArn, certificateId, certificatePem } = await client.send(
    new iotApi.CreateCertificateFromCsrCommand({ certificateSigningRequest: csr, setAsActive: true }),
  );
  await client.send(new iotApi.CreateThingCommand({ thingName: thing }));
  await client.send(new iotApi.AttachThingPrincipalCommand({ thingName: thing, principal: certificateArn }));
  await client.send(new iotApi.AttachPolicyCommand({ policyName: policy, target: certificateArn }));
  return { certificateId: certificateId!, certificatePem: certificatePem!, keyPem };
}

export const spki = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' });

/** A registered certificate, attached to `thing` where one is named. */
export async function device(iot: Iot, options: { thing?: string; policy?: string; pem?: string } = {}) {
  const { client } = await serve(iot);
  const {
    thing,
    policy,
    pem = await iot.ca.issue({ publicKey: spki(), subject: [{ CN: ['d'] }, { O: ['Acme'] }] }),
  } = options;
  const made = await client.send(
    new iotApi.RegisterCertificateWithoutCACommand({ certificatePem: pem, status: 'ACTIVE' }),
  );
  const principal = made.certificateId!;
  if (thing) {
    await client.send(
      new iotApi.CreateThingCommand({
        thingName: thing,
        attributePayload: { attributes: { city: 'Seattle' } },
      }),
    );
    await client.send(
      new iotApi.AttachThingPrincipalCommand({ thingName: thing, principal: made.certificateArn }),
    );
  }
  if (policy)
    await client.send(new iotApi.AttachPolicyCommand({ policyName: policy, target: made.certificateArn }));
  return { client, principal, der: new X509Certificate(pem).raw, arn: made.certificateArn! };
}

export function asker(iot: Iot, principal: string, clientId: string, sourceIp = '127.0.0.1') {
  return (action: string, resource: string) =>
    iot.authorize({ principal, clientId, sourceIp, action, resource });
}
