// Gives the devices of a world their certificates, once for all worlds of the process: making keys takes real time.

import 'reflect-metadata';
import { Pkcs10CertificateRequestGenerator, PemConverter } from '@peculiar/x509';
import { call } from '../packages/local-cloud/world/call.ts';
import { outside } from '../packages/local-cloud/world/runtime.ts';

export const SITE = 'seattle';
const POLICY = 'TidegateDevice';
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

async function requestFor(name: string): Promise<string> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const settings = { name: `CN=${name}`, keys, signingAlgorithm: ALGORITHM };
  return (await Pkcs10CertificateRequestGenerator.create(settings)).toString('pem');
}

export interface Member {
  readonly name: string;
  readonly certificateId: string;
  /** DER. */
  readonly certificate: Buffer;
}

/** Things with certificates and policies in a running machine, as `npm run device -- create` makes them. */
export async function enroll(names: readonly string[]): Promise<readonly Member[]> {
  const members: Member[] = [];
  for (const name of names) {
    const csr = await outside(requestFor(name));
    await call({
      ...{ service: 'iot', method: 'POST', path: `/things/${name}` },
      body: { attributePayload: { attributes: { site: SITE } } },
    });
    const made = await call({
      ...{ service: 'iot', method: 'POST', path: '/certificates?setAsActive=true' },
      body: { certificateSigningRequest: csr },
    });
    const arn = String(made['certificateArn']);
    await call({
      ...{ service: 'iot', method: 'PUT', path: `/target-policies/${POLICY}` },
      body: { target: arn },
    });
    await call({
      ...{ service: 'iot', method: 'PUT', path: `/things/${name}/principals` },
      headers: { 'x-amzn-principal': arn },
    });
    const certificate = Buffer.from(PemConverter.decode(String(made['certificatePem'])).at(0)!);
    members.push({ name, certificateId: String(made['certificateId']), certificate });
  }
  return members;
}
