// Just-in-time registration: the first connection of a device registers its certificate, and an event announces it.
// https://docs.aws.amazon.com/iot/latest/developerguide/auto-register-device-cert.html

import { X509Certificate } from 'node:crypto';
import type { Log } from '../log.ts';
import { OWN_PRINCIPAL, type InboundMessage } from '../mqtt/message.ts';
import { caOf } from './ca-certificates.ts';
import { newCertificate } from './certificate-operations.ts';
import { fingerprint, shortId } from './identity.ts';
import { change, type Certificate, type Registry } from './registry.ts';

export interface JustInTimeDeps {
  readonly registry: Registry;
  readonly publish: (message: InboundMessage) => Promise<void>;
  readonly log: Log;
  /** A UUID. */
  readonly newId: () => string;
}

function parse(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** The certificate, registered now if an active CA with automatic registration signed it. */
async function register(registry: Registry, der: Buffer): Promise<Certificate | undefined> {
  const presented = parse(der);
  if (!presented) return undefined;
  const ca = caOf(registry, presented, ({ isActive, registersDevices }) => isActive && registersDevices);
  if (!ca) return undefined;
  const known = registry.certificates.get(fingerprint(presented.raw));
  if (known) return known.status === 'PENDING_ACTIVATION' ? known : undefined;
  const made = newCertificate(registry, presented.toString(), 'PENDING_ACTIVATION', ca.mode);
  const certificate = { ...made, caId: ca.id };
  await registry.commit([change('certificate', certificate.id, certificate)]);
  return certificate;
}

/**
 * Returns a function to call with the certificate (DER) of a refused client. A certificate that waits for activation is
 * announced at each connection.
 */
export function createJustInTime({ registry, publish, log, newId }: JustInTimeDeps) {
  return async (der: Buffer): Promise<void> => {
    try {
      const certificate = await register(registry, der);
      if (!certificate?.caId) return;
      const timestamp = registry.clock.now();
      const event = {
        certificateId: certificate.id,
        caCertificateId: certificate.caId,
        timestamp,
        certificateStatus: certificate.status,
        awsAccountId: registry.accountId,
        certificateRegistrationTimestamp: String(certificate.createdAt),
      };
      log.info('certificate waits for activation', { certificate: shortId(certificate.id) });
      await publish({
        topic: `$aws/events/certificates/registered/${certificate.caId}`,
        payload: Buffer.from(JSON.stringify(event)),
        ...{ qos: 1, retain: false, clientId: 'n/a', principal: OWN_PRINCIPAL, sourceIp: 'n/a' },
        ...{ receivedAt: timestamp, traceId: newId() },
      });
    } catch (error) {
      log.error('a certificate could not be registered at its first connection', { reason: String(error) });
    }
  };
}
