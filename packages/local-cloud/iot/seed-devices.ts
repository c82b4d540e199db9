// Creates the single devices that the template declares: things, certificates and their attachments.

import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { LocalCa } from './ca.ts';
import { newCertificate } from './certificate-operations.ts';
import { certificateFromCsr } from './device-certificate.ts';
import { attachPolicy } from './policy-attachment-operations.ts';
import { checkPrincipal } from './principal.ts';
import { change, find, type AttachmentType, type Registry, type Thing } from './registry.ts';
import type { SeedResource } from './seed.ts';
import { checkThing } from './thing-operations.ts';
import { attachThing } from './thing-principal-operations.ts';

type Properties = Readonly<Record<string, unknown>>;

const textOf = ({ properties }: SeedResource, name: string) => properties[name] as string | undefined;

/** Attributes that the API added stay; those of the template get its values. */
export async function seedThing(registry: Registry, { name, properties }: SeedResource): Promise<void> {
  const payload = (properties['AttributePayload'] ?? {}) as Properties;
  const given = Object.entries((payload['Attributes'] ?? {}) as Properties);
  const before = registry.things.get(name);
  const attributes = [
    ...new Map([
      ...(before?.attributes ?? []),
      ...given.map(([key, value]) => [key, String(value)] as const),
    ]),
  ];
  checkThing(registry, before?.typeName, attributes, !before);
  const next: Thing = before
    ? { ...before, attributes }
    : { name, id: randomUUID(), attributes, version: 1, groups: [], principals: [] };
  await registry.commit([change('thing', name, next)]);
}

/**
 * Signed once, at the first start; its PEM is what DescribeCertificate gives. The ID follows from the template, as the
 * template is resolved before the certificate is there.
 */
export async function seedCertificate(
  registry: Registry,
  ca: LocalCa,
  resource: SeedResource,
): Promise<void> {
  const { name: id } = resource;
  const status = textOf(resource, 'Status') as 'ACTIVE' | 'INACTIVE' | 'REVOKED';
  const before = registry.certificates.get(id);
  if (before) {
    if (before.seeded === status) return;
    const now = registry.clock.now();
    const next = { ...before, status, seeded: status, modifiedAt: now, version: before.version + 1 };
    return registry.commit([change('certificate', id, next)]);
  }
  const csr = textOf(resource, 'CertificateSigningRequest');
  const pem = textOf(resource, 'CertificatePem');
  if ((csr === undefined) === (pem === undefined))
    throw new AwsError(
      'InvalidRequestException',
      'give CertificateSigningRequest or CertificatePem, and not both',
      400,
    );
  const mode = textOf(resource, 'CertificateMode') === 'SNI_ONLY' ? 'SNI_ONLY' : 'DEFAULT';
  const signed = pem ?? (await certificateFromCsr(ca, csr!));
  const { id: fingerprint, ...rest } = newCertificate(registry, signed, status, mode);
  await registry.commit([change('certificate', id, { ...rest, id, fingerprint, seeded: status })]);
}

/** CloudFormation gives the ARN of a certificate. */
export async function seedPolicyAttachment(registry: Registry, resource: SeedResource): Promise<void> {
  await attachPolicy(registry, textOf(resource, 'PolicyName')!, textOf(resource, 'Principal')!);
}

export async function seedThingAttachment(registry: Registry, resource: SeedResource): Promise<void> {
  const thing = find(registry.things, 'Thing', textOf(resource, 'ThingName')!);
  const principal = checkPrincipal(registry, textOf(resource, 'Principal')!);
  const type = (textOf(resource, 'ThingPrincipalType') ?? 'NON_EXCLUSIVE_THING') as AttachmentType;
  if (thing.principals.some(([arn, kind]) => arn === principal && kind === type)) return;
  await attachThing(registry, thing, principal, type);
}
