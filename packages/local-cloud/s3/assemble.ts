// Assembles the parts of a multipart upload into one object: chooses them, and computes its ETag and checksum.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createDigest, type ChecksumAlgorithm } from '../aws/checksum.ts';
import type { Checksum } from '../aws/body.ts';
import { AwsError } from '../aws-error.ts';
import type { Version } from './record.ts';
import type { ChosenPart, Part, Upload } from './uploads.ts';

const MIN_PART_SIZE = 5 * 1024 * 1024;

function invalidPart({ number, etag }: ChosenPart, { uploadId }: Upload): AwsError {
  return new AwsError(
    'InvalidPart',
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    400,
    { ETag: etag, PartNumber: String(number), UploadId: uploadId },
  );
}

/** @throws AwsError InvalidRequest where the upload composes its checksum from those of the parts */
function requirePartChecksum({ checksum }: Upload, { number, checksums }: ChosenPart): void {
  if (checksum?.type !== 'COMPOSITE' || checksums[checksum.algorithm] !== undefined) return;
  throw new AwsError(
    'InvalidRequest',
    `The upload was created using a ${checksum.algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
  );
}

function isPart(part: Part, { etag, checksums }: ChosenPart): boolean {
  const given = part.checksum && checksums[part.checksum.algorithm];
  return part.etag === etag && (given === undefined || given === part.checksum?.value);
}

/** @throws AwsError InvalidRequest, InvalidPart, InvalidPartOrder, EntityTooSmall */
export function choose(upload: Upload, known: readonly Part[], chosen: readonly ChosenPart[]): Part[] {
  if (!chosen.length) throw new AwsError('InvalidRequest', 'You must specify at least one part');
  const parts = chosen.map((wanted, index) => {
    if (index > 0 && wanted.number <= chosen[index - 1]!.number)
      throw new AwsError(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
        400,
        { UploadId: upload.uploadId },
      );
    const part = known.find((each) => each.number === wanted.number);
    if (!part || !isPart(part, wanted)) throw invalidPart(wanted, upload);
    requirePartChecksum(upload, wanted);
    return part;
  });
  const small = parts.slice(0, -1).find((part) => part.size < MIN_PART_SIZE);
  if (small)
    throw new AwsError(
      'EntityTooSmall',
      'Your proposed upload is smaller than the minimum allowed size',
      400,
      {
        ...{ ETag: small.etag, MinSizeAllowed: String(MIN_PART_SIZE) },
        ...{ PartNumber: String(small.number), ProposedSize: String(small.size) },
      },
    );
  return parts;
}

export function etagOf(parts: readonly Part[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(Buffer.from(part.etag, 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}

/** The checksum over the checksums of the parts, as S3 composes it; `undefined` when a part came without. */
function compose(algorithm: ChecksumAlgorithm, parts: readonly Part[]): string | undefined {
  const digest = createDigest(algorithm);
  for (const { checksum } of parts) {
    if (checksum?.algorithm !== algorithm) return undefined;
    digest.update(Buffer.from(checksum.value, 'base64'));
  }
  return `${digest.bytes().toString('base64')}-${parts.length}`;
}

/** The checksum of an object whose client requested none. */
const STANDARD = { algorithm: 'crc64nvme', type: 'FULL_OBJECT' } as const;

/** Reads the parts one after the other, and adds up their checksum on the way. */
export function join(files: readonly string[], { checksum = STANDARD }: Upload, parts: readonly Part[]) {
  const digest = checksum.type === 'FULL_OBJECT' ? createDigest(checksum.algorithm) : undefined;
  async function* read(): AsyncGenerator<Buffer> {
    for (const file of files) {
      for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
        digest?.update(chunk);
        yield chunk;
      }
    }
  }
  const finish = (): Version['checksum'] => {
    const value = digest ? digest.bytes().toString('base64') : compose(checksum.algorithm, parts);
    return value === undefined ? undefined : { ...checksum, value };
  };
  return { read, finish };
}

export function verify(actual: Version['checksum'], expected: Checksum | undefined): Version['checksum'] {
  if (!expected) return actual;
  const isSame =
    actual?.algorithm === expected.algorithm && actual.value.split('-')[0] === expected.value.split('-')[0];
  if (isSame) return actual;
  throw new AwsError('BadDigest', 'The checksum you specified did not match the calculated checksum.');
}
