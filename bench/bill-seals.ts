// The cost of the seals of the raw archive: the key, and the hourly function that reads each object once.

import { assumed } from './bill-assumptions.ts';
import { GB, HOURS, type Line, type Prices } from './bill-parts.ts';

/** A run lists the manifests and looks for the first object of a day. */
const LISTINGS = 3;

/** `objects` and `bytes`: of a month's raw archive. */
export function sealLines(
  { objects, bytes }: { readonly objects: number; readonly bytes: number },
  { lambda, s3, kms }: Prices,
): Line[] {
  const seconds = HOURS * assumed.sealRunSeconds + (bytes / GB) * assumed.sealSecondsPerGB;
  const line = (service: string, what: string, dollars: number): Line => ({
    ...{ service, what, dollars, kind: 'fixed' },
  });
  return [
    line('KMS', 'key of the seals', kms.keyMonth),
    line(
      'Lambda',
      'days that are sealed',
      (HOURS / 1e6) * lambda.requestMillion + seconds * assumed.sealMemoryGB * lambda.gbSecondArm64,
    ),
    line(
      'S3',
      'objects read for seals',
      ((HOURS * LISTINGS) / 1000) * s3.putThousand + (objects / 1000) * s3.getThousand,
    ),
  ];
}
