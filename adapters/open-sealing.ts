// Opens the adapters of the function that seals the raw archive.

import type { SealArchivePorts } from '../pipeline/seal-ports.ts';
import { createArrivedObjects } from './arrived-objects.ts';
import { openKms } from './kms-client.ts';
import { createKmsSigner } from './kms-signer.ts';
import { openS3 } from './s3-client.ts';
import { createSeals } from './seal-store.ts';
import { S3_FILE_LIMITS } from './time-limits.ts';
import { text, type Variables } from './variables.ts';

interface SealEnvironment {
  readonly rawBucket: string;
  /** ID of the KMS key that signs. */
  readonly sealKey: string;
}

/** Reads the variables of the function that seals the archive. Throws an Error that names a missing variable. */
export function readSealEnvironment(variables: Variables): SealEnvironment {
  return { rawBucket: text(variables, 'RAW_BUCKET'), sealKey: text(variables, 'SEAL_KEY') };
}

export function openSealing({ rawBucket, sealKey }: SealEnvironment): SealArchivePorts {
  const bucket = { client: openS3({ limits: S3_FILE_LIMITS }), bucket: rawBucket };
  return {
    arrived: createArrivedObjects(bucket),
    seals: createSeals(bucket),
    signer: createKmsSigner({ client: openKms(), keyId: sealKey }),
    now: () => Date.now(),
  };
}
