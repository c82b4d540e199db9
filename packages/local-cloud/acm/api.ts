// AWS Certificate Manager on the AWS port: lists and describes the certificates that the templates declare.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_Operations.html

import { AwsError } from '../aws-error.ts';
import { createJsonHandler, type Input, type JsonOperation } from '../aws/json-protocol.ts';
import type { AwsHandler } from '../aws/wire.ts';
import type { Certificate } from './certificates.ts';

export interface AcmCloud {
  /** By ARN. */
  readonly certificates: ReadonlyMap<string, Certificate>;
  /** PEM. */
  readonly caCertificate: string;
  /** ARNs of the resources that use a certificate. */
  readonly usersOf: (arn: string) => readonly string[];
}

/** ACM answers `RSA-2048` for a key that was requested as `RSA_2048`. */
const KEY_NAMES = { RSA_2048: 'RSA-2048', EC_prime256v1: 'EC-prime256v1' } as const;

const epochSeconds = (date: Date) => Math.floor(date.getTime() / 1000);

function find({ certificates }: AcmCloud, input: Input): Certificate {
  const arn = input['CertificateArn'];
  const found = typeof arn === 'string' ? certificates.get(arn) : undefined;
  if (found) return found;
  const shown = JSON.stringify(arn ?? null).slice(0, 200);
  throw new AwsError('ResourceNotFoundException', `There is no certificate ${shown}`);
}

function summaryOf(cloud: AcmCloud, { arn, domainName, keyAlgorithm, parsed, names }: Certificate) {
  return {
    ...{ CertificateArn: arn, DomainName: domainName, Status: 'ISSUED', Type: 'AMAZON_ISSUED' },
    KeyAlgorithm: KEY_NAMES[keyAlgorithm],
    NotBefore: epochSeconds(parsed.validFromDate),
    NotAfter: epochSeconds(parsed.validToDate),
    CreatedAt: epochSeconds(parsed.validFromDate),
    IssuedAt: epochSeconds(parsed.validFromDate),
    RenewalEligibility: 'ELIGIBLE',
    names,
    users: cloud.usersOf(arn),
  };
}

const OPERATIONS: Readonly<Record<string, JsonOperation<AcmCloud>>> = {
  ListCertificates: {
    accepts: ['CertificateStatuses'],
    run(cloud, input) {
      const statuses = input['CertificateStatuses'];
      const isAsked = !Array.isArray(statuses) || statuses.length === 0 || statuses.includes('ISSUED');
      const listed = isAsked ? [...cloud.certificates.values()] : [];
      return {
        CertificateSummaryList: listed.map((certificate) => {
          const { names, users, ...summary } = summaryOf(cloud, certificate);
          return { ...summary, SubjectAlternativeNameSummaries: names, InUse: users.length > 0 };
        }),
      };
    },
  },
  DescribeCertificate: {
    accepts: ['CertificateArn'],
    run(cloud, input) {
      const certificate = find(cloud, input);
      const { names, users, ...summary } = summaryOf(cloud, certificate);
      const { parsed } = certificate;
      return {
        Certificate: {
          ...summary,
          SubjectAlternativeNames: names,
          DomainValidationOptions: names.map((name) => ({
            ...{ DomainName: name, ValidationDomain: name, ValidationMethod: 'DNS' },
            ValidationStatus: 'SUCCESS',
          })),
          Serial: parsed.serialNumber.toLowerCase().replaceAll(/(..)(?=.)/g, '$1:'),
          Subject: parsed.subject.replaceAll('\n', ', '),
          Issuer: parsed.issuer.replaceAll('\n', ', '),
          SignatureAlgorithm: 'SHA256WITHECDSA',
          InUseBy: users,
        },
      };
    },
  },
  GetCertificate: {
    accepts: ['CertificateArn'],
    run: (cloud, input) => ({
      Certificate: find(cloud, input).cert,
      CertificateChain: cloud.caCertificate,
    }),
  },
};

const SERVICE = {
  name: 'ACM',
  targetPrefix: 'CertificateManager.',
  operations: OPERATIONS,
  longestBody: 65_536,
  invalid: 'ValidationException',
};

export const createAcmHandler = (cloud: AcmCloud): AwsHandler => createJsonHandler(SERVICE, cloud);
