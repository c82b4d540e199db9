// Certificates that devices got but are not provisioned with yet, and the tokens that prove their ownership.

import { createHash, randomBytes } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { newCertificate } from '../iot/certificate-operations.ts';
import { change, type Certificate, type Ownership, type Registry } from '../iot/registry.ts';

/** https://docs.aws.amazon.com/iot/latest/developerguide/fleet-provision-api.html */
const TOKEN_MS = 3_600_000;
/** Certificates that may wait at once: a stolen claim must not fill the disk. */
const MAXIMUM_WAITING = 1_000;

/** Only the digest of a token is kept, so that a copy of the registry provisions nothing. */
const digest = (token: string) => createHash('sha256').update(token).digest('hex');

export interface NewOwnership {
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly certificateOwnershipToken: string;
}

/**
 * Registers a certificate that waits to be provisioned, and returns its token.
 *
 * @param claimant certificate ID of the claim.
 * @throws AwsError Throttling when too many wait.
 */
export async function awaitProvisioning(
  registry: Registry,
  claimant: string,
  makeCertificate: () => Promise<string>,
): Promise<NewOwnership> {
  const waiting = [...registry.ownerships.values()].filter(({ done }) => !done).length;
  if (waiting >= MAXIMUM_WAITING)
    throw new AwsError('Throttling', `${MAXIMUM_WAITING} certificates wait to be provisioned already`, 429);
  const pem = await makeCertificate();
  const certificate = newCertificate(registry, pem, 'PENDING_ACTIVATION');
  const token = randomBytes(48).toString('base64url');
  const ownership: Ownership = {
    certificateId: certificate.id,
    claimant,
    expiresAt: registry.clock.now() + TOKEN_MS,
  };
  await registry.commit([
    change('certificate', certificate.id, certificate),
    change('ownership', digest(token), ownership),
  ]);
  return { certificateId: certificate.id, certificatePem: certificate.pem, certificateOwnershipToken: token };
}

/**
 * The certificate of a token. A token is valid only for the claim that got it.
 *
 * @throws AwsError InvalidCertificateOwnershipToken.
 */
export function ownershipOf(
  registry: Registry,
  token: string,
  claimant: string,
): { key: string; ownership: Ownership; certificate: Certificate } {
  const refuse = (problem: string) => new AwsError('InvalidCertificateOwnershipToken', problem, 400);
  if (token === '') throw refuse('Certificate ownership token cannot be empty.');
  const key = digest(token);
  const ownership = registry.ownerships.get(key);
  const certificate = ownership && registry.certificates.get(ownership.certificateId);
  if (!ownership || !certificate || ownership.claimant !== claimant)
    throw refuse('Certificate ownership token is not valid.');
  if (registry.clock.now() >= ownership.expiresAt) throw refuse('Certificate ownership token has expired.');
  return { key, ownership, certificate };
}

/** Removes expired tokens with their certificates, which nobody provisioned, and expired temporary claims. */
async function removeExpired(registry: Registry): Promise<void> {
  const now = registry.clock.now();
  const tokens = [...registry.ownerships].filter(([, { expiresAt }]) => now >= expiresAt);
  const unused = tokens
    .map(([, { certificateId }]) => registry.certificates.get(certificateId))
    .filter((certificate) => certificate?.status === 'PENDING_ACTIVATION');
  const claims = [...registry.certificates.values()].filter(
    ({ claimOf, notAfter }) => claimOf !== undefined && now > notAfter,
  );
  const changes = [
    ...tokens.map(([key]) => change('ownership', key, undefined)),
    ...[...unused, ...claims].map((certificate) => change('certificate', certificate!.id, undefined)),
  ];
  if (changes.length > 0) await registry.commit(changes);
}

const SWEEP_MS = 60_000;

/** Removes what has expired, now and every minute. @returns a function that ends that. */
export function sweepExpired(
  registry: Registry,
  clock: Clock,
  onError: (error: unknown) => void,
): () => void {
  let cancel = () => {};
  const sweep = () => {
    removeExpired(registry).catch(onError);
    cancel = clock.after(SWEEP_MS, sweep);
  };
  sweep();
  return () => cancel();
}
