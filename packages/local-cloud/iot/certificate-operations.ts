// Device certificates in the AWS IoT API: issued, registered, activated, revoked, deleted.

import { AwsError } from '../aws-error.ts';
import {
  alreadyExists,
  invalid,
  type IotCloud,
  label,
  notSupported,
  type Operation,
  type ApiRequest,
  page,
  queryFlag,
  queryText,
  required,
  seconds,
  text,
} from './api-request.ts';
import { caFor } from './ca-certificates.ts';
import {
  certificateFromCsr,
  certificateWithKeys,
  isIssuedBy,
  readCertificate,
} from './device-certificate.ts';
import { change, find, type Certificate, type CertificateStatus, type Registry } from './registry.ts';

/** The port of MQTT over TLS, which clients use by default. */
const USUAL_PORT = 8883;
/** Endpoint types of AWS that the local cloud does not have. */
const OTHER_ENDPOINTS: readonly string[] = ['iot:Jobs'];

const BY_MARKER = ['marker', 'pageSize'] as const;

const arnOf = (registry: Registry, id: string) => registry.arn(`cert/${id}`);

function certificateOf(registry: Registry, id: string): Certificate {
  return find(registry.certificates, 'Certificate', id.replace(/^0x/, '').toLowerCase());
}

function statusOf(value: string | undefined): CertificateStatus {
  if (value === 'ACTIVE' || value === 'INACTIVE' || value === 'REVOKED') return value;
  throw invalid(`status ${JSON.stringify(value ?? '')} is not ACTIVE, INACTIVE or REVOKED`);
}

/**
 * A certificate in the form in which the registry keeps it.
 *
 * @throws AwsError CertificateValidationException, or ResourceAlreadyExistsException.
 */
export function newCertificate(
  registry: Registry,
  pem: string,
  status: CertificateStatus,
  mode: Certificate['mode'] = 'DEFAULT',
): Certificate {
  const now = registry.clock.now();
  const read = readCertificate(pem, now);
  if (registry.certificates.has(read.id)) {
    throw alreadyExists(`Certificate ${read.id} is already registered`, arnOf(registry, read.id), read.id);
  }
  return { ...read, status, mode, createdAt: now, modifiedAt: now, version: 1 };
}

async function register(
  { registry }: IotCloud,
  pem: string,
  status: CertificateStatus,
  mode: Certificate['mode'],
): Promise<Certificate> {
  const certificate = newCertificate(registry, pem, status, mode);
  await registry.commit([change('certificate', certificate.id, certificate)]);
  return certificate;
}

const issuedAs = (active: boolean | undefined): CertificateStatus => (active ? 'ACTIVE' : 'INACTIVE');

async function updateStatus(registry: Registry, id: string, status: CertificateStatus): Promise<void> {
  const certificate = certificateOf(registry, id);
  if (certificate.status === status) return;
  const next = { ...certificate, status, modifiedAt: registry.clock.now(), version: certificate.version + 1 };
  await registry.commit([change('certificate', certificate.id, next)]);
}

/** https://docs.aws.amazon.com/iot/latest/apireference/API_DeleteCertificate.html */
async function deleteCertificate(registry: Registry, id: string, force: boolean): Promise<void> {
  const certificate = certificateOf(registry, id);
  const arn = arnOf(registry, certificate.id);
  const refuse = (problem: string) =>
    new AwsError('DeleteConflictException', `Certificate ${certificate.id} ${problem}`, 409);
  if (certificate.status === 'ACTIVE') {
    throw new AwsError(
      'CertificateStateException',
      `Certificate ${certificate.id} is ACTIVE: deactivate it first`,
      406,
    );
  }
  const things = registry.principals.get(arn)?.things ?? [];
  if (things.length > 0) throw refuse(`is attached to thing ${things[0]![0]}: detach it first`);
  const policies = registry.targets.get(arn)?.policies ?? [];
  if (policies.length > 0 && !force) throw refuse(`has policy ${policies[0]} attached: detach it first`);
  await registry.commit([change('certificate', certificate.id, undefined), change('target', arn, undefined)]);
}

/** The answer of the calls that issue one: the text is the one that DescribeCertificate gives. */
const issued = ({ registry }: IotCloud, { id, pem }: Certificate) => ({
  certificateArn: arnOf(registry, id),
  certificateId: id,
  certificatePem: pem,
});

export function describeCertificate(registry: Registry, certificate: Certificate) {
  return {
    certificateArn: arnOf(registry, certificate.id),
    certificateId: certificate.id,
    status: certificate.status,
    certificateMode: certificate.mode,
    creationDate: seconds(certificate.createdAt),
  };
}

/** https://docs.aws.amazon.com/iot/latest/apireference/API_RegisterCertificate.html */
async function registerCertificate(cloud: IotCloud, request: ApiRequest) {
  const { registry, ca } = cloud;
  const { body } = request;
  const pem = required(body, 'certificatePem');
  const given = text(body, 'status') ?? issuedAs(queryFlag(request, 'setAsActive'));
  const status = given === 'PENDING_ACTIVATION' ? given : statusOf(given);
  const caPem = text(body, 'caCertificatePem');
  // What the service itself issued may come back after its deletion; it has no CA in the registry.
  const isOwn = caPem === undefined && isIssuedBy(ca, pem);
  const signer = isOwn ? undefined : caFor(registry, pem, caPem);
  const made = newCertificate(registry, pem, status, signer?.mode);
  const certificate = signer ? { ...made, caId: signer.id } : made;
  await registry.commit([change('certificate', certificate.id, certificate)]);
  return { certificateArn: arnOf(registry, certificate.id), certificateId: certificate.id };
}

export const certificateOperations: readonly Operation[] = [
  {
    name: 'CreateKeysAndCertificate',
    method: 'POST',
    path: '/keys-and-certificate',
    query: ['setAsActive'],
    async run(cloud, request) {
      const status = issuedAs(queryFlag(request, 'setAsActive'));
      const { pem, publicKey, privateKey } = await certificateWithKeys(cloud.ca);
      const keyPair = { PublicKey: publicKey, PrivateKey: privateKey };
      return { ...issued(cloud, await register(cloud, pem, status, 'DEFAULT')), keyPair };
    },
  },
  {
    name: 'CreateCertificateFromCsr',
    method: 'POST',
    path: '/certificates',
    body: ['certificateSigningRequest'],
    query: ['setAsActive'],
    async run(cloud, request) {
      const status = issuedAs(queryFlag(request, 'setAsActive'));
      const pem = await certificateFromCsr(cloud.ca, required(request.body, 'certificateSigningRequest'));
      return issued(cloud, await register(cloud, pem, status, 'DEFAULT'));
    },
  },
  {
    name: 'RegisterCertificate',
    method: 'POST',
    path: '/certificate/register',
    body: ['certificatePem', 'caCertificatePem', 'status'],
    query: ['setAsActive'],
    run: registerCertificate,
  },
  {
    name: 'RegisterCertificateWithoutCA',
    method: 'POST',
    path: '/certificate/register-no-ca',
    body: ['certificatePem', 'status'],
    async run(cloud, request) {
      const status = statusOf(text(request.body, 'status') ?? 'INACTIVE');
      const { id } = await register(cloud, required(request.body, 'certificatePem'), status, 'SNI_ONLY');
      return { certificateArn: arnOf(cloud.registry, id), certificateId: id };
    },
  },
  {
    name: 'DescribeCertificate',
    method: 'GET',
    path: '/certificates/{certificateId}',
    run({ registry }, request) {
      const certificate = certificateOf(registry, label(request, 'certificateId'));
      return {
        certificateDescription: {
          ...describeCertificate(registry, certificate),
          caCertificateId: certificate.caId,
          certificatePem: certificate.pem,
          ownedBy: registry.accountId,
          lastModifiedDate: seconds(certificate.modifiedAt),
          customerVersion: certificate.version,
          validity: { notBefore: seconds(certificate.notBefore), notAfter: seconds(certificate.notAfter) },
        },
      };
    },
  },
  {
    name: 'ListCertificates',
    method: 'GET',
    path: '/certificates',
    query: [...BY_MARKER, 'isAscendingOrder'],
    run({ registry }, request) {
      const listed = [...registry.certificates.values()].filter(({ claimOf }) => claimOf === undefined);
      const { items, next } = page(request, listed, ({ id }) => id, BY_MARKER);
      return {
        certificates: items.map((certificate) => describeCertificate(registry, certificate)),
        nextMarker: next,
      };
    },
  },
  {
    name: 'UpdateCertificate',
    method: 'PUT',
    path: '/certificates/{certificateId}',
    query: ['newStatus'],
    run: ({ registry }, request) =>
      updateStatus(registry, label(request, 'certificateId'), statusOf(queryText(request, 'newStatus'))),
  },
  {
    name: 'DeleteCertificate',
    method: 'DELETE',
    path: '/certificates/{certificateId}',
    query: ['forceDelete'],
    run: ({ registry }, request) =>
      deleteCertificate(
        registry,
        label(request, 'certificateId'),
        queryFlag(request, 'forceDelete') ?? false,
      ),
  },
  {
    name: 'DescribeEndpoint',
    method: 'GET',
    path: '/endpoint',
    query: ['endpointType'],
    run({ endpoint }, request) {
      const type = queryText(request, 'endpointType') ?? 'iot:Data';
      const port = endpoint?.port ?? USUAL_PORT;
      // AWS returns only a name. Where the local port is not the default, it is added.
      if (type === 'iot:Data' || type === 'iot:Data-ATS')
        return { endpointAddress: port === USUAL_PORT ? 'localhost' : `localhost:${port}` };
      if (type === 'iot:CredentialProvider') return { endpointAddress: `localhost:${port}` };
      if (OTHER_ENDPOINTS.includes(type)) throw notSupported(`DescribeEndpoint of ${type}`);
      throw invalid(
        `endpointType must be one of iot:Data, iot:Data-ATS, iot:CredentialProvider, ${OTHER_ENDPOINTS.join(', ')}`,
      );
    },
  },
];
