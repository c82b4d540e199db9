// Reads the certificates of AWS Certificate Manager that the templates declare: their names and kinds of key.

import { StartError } from '../start-error.ts';
import type { KeyAlgorithm } from '../iot/key-pair.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';

export interface CertificateSpec {
  readonly arn: string;
  readonly logicalId: string;
  readonly domainName: string;
  /** The domain name and the alternative names, in lower case. */
  readonly names: readonly string[];
  readonly keyAlgorithm: KeyAlgorithm;
}

/** https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html */
const NAME_FORM = /^(?=.{1,253}$)(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i;

function nameAt({ at, logicalId }: ResolvedResource, path: readonly (string | number)[], value: unknown) {
  const name = String(value).toLowerCase();
  if (NAME_FORM.test(name)) return name;
  throw new StartError(
    `${at(...path)}: ${logicalId}: ${String(value)} is not a domain name such as iot.example.com or *.example.com`,
  );
}

/** Every AWS::CertificateManager::Certificate of the template. @throws StartError naming the line of an invalid name. */
export function certificatesOf(template: Pick<ResolvedTemplate, 'ofType'>): CertificateSpec[] {
  return template.ofType('AWS::CertificateManager::Certificate').map((resource) => {
    const { arn, logicalId, properties } = resource;
    const domainName = nameAt(resource, ['DomainName'], properties['DomainName']);
    const others = ((properties['SubjectAlternativeNames'] ?? []) as readonly unknown[]).map((value, index) =>
      nameAt(resource, ['SubjectAlternativeNames', index], value),
    );
    return {
      ...{ arn, logicalId, domainName, names: [...new Set([domainName, ...others])] },
      keyAlgorithm: (properties['KeyAlgorithm'] ?? 'RSA_2048') as KeyAlgorithm,
    };
  });
}

/** Whether a certificate is for `name`: an asterisk matches one label (RFC 6125, 6.4.3). */
export const covers = ({ names }: Pick<CertificateSpec, 'names'>, name: string): boolean =>
  names.some((each) => each === name || (each.startsWith('*.') && name.replace(/^[^.]+/, '*') === each));
