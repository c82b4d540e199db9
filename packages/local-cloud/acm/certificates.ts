// Issues the AWS Certificate Manager certificates of the templates with the local CA, and renews them at a start.

import { X509Certificate } from 'node:crypto';
import path from 'node:path';
import { makeDirectory } from '../files/durable-files.ts';
import type { LocalCa } from '../iot/ca.ts';
import type { CertificateSpec } from './certificate-spec.ts';

export interface Certificate extends CertificateSpec {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  readonly parsed: X509Certificate;
}

/** By ARN. Keys and certificates are in `dir`, under their IDs; those that no template declares any more stay there. */
export async function openCertificates(
  dir: string,
  ca: Pick<LocalCa, 'issueServer'>,
  specs: readonly CertificateSpec[],
): Promise<ReadonlyMap<string, Certificate>> {
  const certificates = new Map<string, Certificate>();
  if (specs.length > 0) await makeDirectory(dir);
  for (const spec of specs) {
    const { arn, names, keyAlgorithm } = spec;
    const id = path.basename(arn);
    const { key, cert } = await ca.issueServer({ dir, file: id, names, keyAlgorithm });
    certificates.set(arn, { ...spec, key, cert, parsed: new X509Certificate(cert) });
  }
  return certificates;
}
