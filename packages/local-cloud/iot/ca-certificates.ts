// Certificate authorities of users: the checks of the registry, and which of them signed a device certificate.
// https://docs.aws.amazon.com/iot/latest/developerguide/manage-your-CA-certs.html

import { randomBytes, X509Certificate } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import { fingerprint } from './identity.ts';
import { change, type CaCertificate, type Registry, type RegistryView } from './registry.ts';

const CODE_KEY = 'code';

const refuse = (problem: string) => new AwsError('CertificateValidationException', problem, 400);

function parse(pem: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw refuse(`The ${what} is not valid PEM`);
  }
}

/** Whether `issuer` signed `certificate`, by names and by signature. */
const signedBy = (certificate: X509Certificate, issuer: X509Certificate) =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

/**
 * The registry's record of a CA.
 *
 * @throws AwsError CertificateValidationException when the text is not the certificate of a CA that is valid now.
 */
export function readCaCertificate(
  pem: string,
  now: number,
): Pick<CaCertificate, 'id' | 'pem' | 'notBefore' | 'notAfter'> {
  const certificate = parse(pem, 'CA certificate');
  if (!certificate.ca) throw refuse('The CA certificate is not of a CA: its basic constraints need CA:TRUE');
  const notAfter = Date.parse(certificate.validTo);
  if (notAfter < now) throw refuse('The CA certificate has expired');
  return {
    id: fingerprint(certificate.raw),
    pem,
    notBefore: Date.parse(certificate.validFrom),
    notAfter,
  };
}

/** The registration code of the account, made on the first request. 64 hexadecimal digits, as on AWS. */
export async function registrationCode(registry: Registry): Promise<string> {
  const found = registry.registrationCodes.get(CODE_KEY);
  if (found) return found.code;
  const code = randomBytes(32).toString('hex');
  await registry.commit([change('registrationCode', CODE_KEY, { code })]);
  return code;
}

export const forgetRegistrationCode = (registry: Registry) =>
  registry.commit([change('registrationCode', CODE_KEY, undefined)]);

/**
 * Checks that the caller has the CA's private key: it signed a certificate whose common name is the registration code.
 *
 * @throws AwsError RegistrationCodeValidationException or CertificateValidationException
 */
export function checkVerification(registry: RegistryView, ca: string, verification: string): void {
  const certificate = parse(verification, 'verification certificate');
  if (!signedBy(certificate, parse(ca, 'CA certificate')))
    throw refuse('The verification certificate is not signed by the CA certificate');
  const [, name] = /^CN=(.*)$/m.exec(certificate.subject) ?? [];
  if (name !== undefined && name === registry.registrationCodes.get(CODE_KEY)?.code) return;
  throw new AwsError(
    'RegistrationCodeValidationException',
    'The common name of the verification certificate is not the registration code of GetRegistrationCode',
    400,
  );
}

/** A registered CA that signed a certificate: a CA and its renewals have the same name and key. */
export function caOf(
  registry: RegistryView,
  certificate: X509Certificate,
  isWanted: (ca: CaCertificate) => boolean = () => true,
): CaCertificate | undefined {
  for (const ca of registry.caCertificates.values())
    if (isWanted(ca) && signedBy(certificate, new X509Certificate(ca.pem))) return ca;
  return undefined;
}

/**
 * The registered CA under which a device certificate is to be registered.
 *
 * @param caPem the CA that the caller names; found by the signature if absent.
 * @throws AwsError CertificateValidationException when no registered CA signed it, or not the named one.
 */
export function caFor(registry: RegistryView, pem: string, caPem: string | undefined): CaCertificate {
  const certificate = parse(pem, 'certificate');
  if (caPem === undefined) {
    const found = caOf(registry, certificate);
    if (found) return found;
    throw refuse('The certificate is not signed by a registered CA: RegisterCACertificate registers one');
  }
  const named = parse(caPem, 'CA certificate');
  const ca = registry.caCertificates.get(fingerprint(named.raw));
  if (!ca) throw refuse('The CA certificate is not registered: RegisterCACertificate registers it');
  if (!signedBy(certificate, named)) throw refuse('The certificate is not signed by the CA certificate');
  return ca;
}
