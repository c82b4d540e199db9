// Lists the objects of the raw archive and opens one as it was listed, for the functions that parse and seal it.

import type { Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { DamagedObjectError, type RawObject } from '../pipeline/parse-ports.ts';

export interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
}

/** By key. Rejects with the SDK's error. */
export async function listObjects({ client, bucket }: Bucket, prefix: string): Promise<RawObject[]> {
  const found: RawObject[] = [];
  let after: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: after }),
    );
    for (const { Key, ETag, Size } of page.Contents ?? [])
      found.push({ key: Key!, etag: ETag!.replaceAll('"', ''), size: Size ?? 0 });
    after = page.NextContinuationToken;
  } while (after !== undefined);
  return found;
}

/** Its bytes as they are stored. Rejects with a DamagedObjectError if it is not what was listed, or the SDK's error. */
export async function openObject(
  { client, bucket }: Bucket,
  { key, etag }: Pick<RawObject, 'key' | 'etag'>,
): Promise<Readable> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag }));
    return Body as Readable;
  } catch (error) {
    if (error instanceof NoSuchKey) throw new DamagedObjectError('it was deleted after it was listed');
    if ((error as Error).name === 'PreconditionFailed')
      throw new DamagedObjectError('it was replaced after it was listed');
    throw error;
  }
}
