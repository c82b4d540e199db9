// Certificate authorities of users in the AWS IoT API: register, list, activate and delete them.

import { AwsError } from '../aws-error.ts';
import {
  alreadyExists,
  invalid,
  label,
  page,
  queryFlag,
  queryText,
  required,
  seconds,
  text,
  type ApiRequest,
  type IotCloud,
  type Operation,
} from './api-request.ts';
import {
  checkVerification,
  forgetRegistrationCode,
  readCaCertificate,
  registrationCode,
} from './ca-certificates.ts';
import { describeCertificate } from './certificate-operations.ts';
import { change, find, type CaCertificate, type Registry } from './registry.ts';

const BY_MARKER = ['marker', 'pageSize'] as const;

const arnOf = (registry: Registry, id: string) => registry.arn(`cacert/${id}`);

const idOf = (request: ApiRequest) => label(request, 'caCertificateId').replace(/^0x/, '').toLowerCase();

const caOf = (registry: Registry, request: ApiRequest) =>
  find(registry.caCertificates, 'CA certificate', idOf(request));

function summary(registry: Registry, ca: CaCertificate) {
  return {
    certificateArn: arnOf(registry, ca.id),
    certificateId: ca.id,
    status: ca.isActive ? 'ACTIVE' : 'INACTIVE',
    creationDate: seconds(ca.createdAt),
  };
}

function modeOf({ body }: ApiRequest): CaCertificate['mode'] {
  const mode = text(body, 'certificateMode') ?? 'DEFAULT';
  if (mode !== 'DEFAULT' && mode !== 'SNI_ONLY') throw invalid('certificateMode must be DEFAULT or SNI_ONLY');
  const isVerified = text(body, 'verificationCertificate') !== undefined;
  if (mode === 'SNI_ONLY' && isVerified)
    throw invalid('verificationCertificate must be absent where certificateMode is SNI_ONLY');
  if (mode === 'DEFAULT' && !isVerified)
    throw invalid('verificationCertificate is required unless certificateMode is SNI_ONLY');
  return mode;
}

async function registerCa({ registry }: IotCloud, request: ApiRequest) {
  const pem = required(request.body, 'caCertificate');
  const mode = modeOf(request);
  const now = registry.clock.now();
  const read = readCaCertificate(pem, now);
  if (mode === 'DEFAULT') checkVerification(registry, pem, required(request.body, 'verificationCertificate'));
  const certificateArn = arnOf(registry, read.id);
  if (registry.caCertificates.has(read.id))
    throw alreadyExists(`CA certificate ${read.id} is already registered`, certificateArn, read.id);
  const ca: CaCertificate = {
    ...{ ...read, mode, createdAt: now, modifiedAt: now, version: 1 },
    isActive: queryFlag(request, 'setAsActive') ?? false,
    registersDevices: queryFlag(request, 'allowAutoRegistration') ?? false,
  };
  await registry.commit([change('caCertificate', ca.id, ca)]);
  return { certificateArn, certificateId: ca.id };
}

/** A query parameter that may be one of two words. */
function isFirst(request: ApiRequest, name: string, first: string, second: string): boolean | undefined {
  const value = queryText(request, name);
  if (value !== undefined && value !== first && value !== second)
    throw invalid(`${name} must be ${first} or ${second}`);
  return value === undefined ? undefined : value === first;
}

async function updateCa({ registry }: IotCloud, request: ApiRequest) {
  const ca = caOf(registry, request);
  const next: CaCertificate = {
    ...ca,
    isActive: isFirst(request, 'newStatus', 'ACTIVE', 'INACTIVE') ?? ca.isActive,
    registersDevices:
      isFirst(request, 'newAutoRegistrationStatus', 'ENABLE', 'DISABLE') ?? ca.registersDevices,
    modifiedAt: registry.clock.now(),
    version: ca.version + 1,
  };
  await registry.commit([change('caCertificate', ca.id, next)]);
  return {};
}

async function deleteCa({ registry }: IotCloud, request: ApiRequest) {
  const { id, isActive } = caOf(registry, request);
  if (isActive)
    throw new AwsError(
      'CertificateStateException',
      `CA certificate ${id} is ACTIVE: deactivate it first`,
      406,
    );
  await registry.commit([change('caCertificate', id, undefined)]);
  return {};
}

export const caCertificateOperations: readonly Operation[] = [
  {
    name: 'GetRegistrationCode',
    method: 'GET',
    path: '/registrationcode',
    run: async ({ registry }) => ({ registrationCode: await registrationCode(registry) }),
  },
  {
    name: 'DeleteRegistrationCode',
    method: 'DELETE',
    path: '/registrationcode',
    async run({ registry }) {
      await forgetRegistrationCode(registry);
      return {};
    },
  },
  {
    name: 'RegisterCACertificate',
    method: 'POST',
    path: '/cacertificate',
    body: ['caCertificate', 'verificationCertificate', 'certificateMode'],
    query: ['setAsActive', 'allowAutoRegistration'],
    run: registerCa,
  },
  {
    name: 'DescribeCACertificate',
    method: 'GET',
    path: '/cacertificate/{caCertificateId}',
    run({ registry }, request) {
      const ca = caOf(registry, request);
      return {
        certificateDescription: {
          ...summary(registry, ca),
          certificatePem: ca.pem,
          ownedBy: registry.accountId,
          autoRegistrationStatus: ca.registersDevices ? 'ENABLE' : 'DISABLE',
          lastModifiedDate: seconds(ca.modifiedAt),
          customerVersion: ca.version,
          validity: { notBefore: seconds(ca.notBefore), notAfter: seconds(ca.notAfter) },
          certificateMode: ca.mode,
        },
      };
    },
  },
  {
    name: 'ListCACertificates',
    method: 'GET',
    path: '/cacertificates',
    query: [...BY_MARKER, 'isAscendingOrder'],
    run({ registry }, request) {
      const { items, next } = page(request, registry.caCertificates.values(), ({ id }) => id, BY_MARKER);
      return { certificates: items.map((ca) => summary(registry, ca)), nextMarker: next };
    },
  },
  {
    name: 'ListCertificatesByCA',
    method: 'GET',
    path: '/certificates-by-ca/{caCertificateId}',
    query: [...BY_MARKER, 'isAscendingOrder'],
    run({ registry }, request) {
      const ca = idOf(request);
      const signed = [...registry.certificates.values()].filter(({ caId }) => caId === ca);
      const { items, next } = page(request, signed, ({ id }) => id, BY_MARKER);
      return { certificates: items.map((each) => describeCertificate(registry, each)), nextMarker: next };
    },
  },
  {
    name: 'UpdateCACertificate',
    method: 'PUT',
    path: '/cacertificate/{caCertificateId}',
    query: ['newStatus', 'newAutoRegistrationStatus'],
    run: updateCa,
  },
  {
    name: 'DeleteCACertificate',
    method: 'DELETE',
    path: '/cacertificate/{caCertificateId}',
    run: deleteCa,
  },
];
