// Lists and reads the errors bucket within bounds: S3 cannot list the newest objects, because keys begin with devices and topics.

import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import type { ErrorBucket, StoredFailure } from '../pipeline/api-ports.ts';
import { folderOf } from './error-store.ts';

/** Of 1,000 objects each. */
const MAX_LISTS = 10;
/** A batch of the stream has at most 6 MB, and is larger as text. */
const MAX_BYTES = 12 * 1024 * 1024;

export function createErrorBucket({
  client,
  bucket: Bucket,
}: {
  readonly client: S3Client;
  readonly bucket: string;
}): ErrorBucket {
  return {
    folderOf: (deviceId) => `rejected/${folderOf(deviceId)}/`,

    async list(prefix) {
      const objects: StoredFailure[] = [];
      let ContinuationToken: string | undefined;
      for (let lists = 0; lists < MAX_LISTS; lists += 1) {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken }),
        );
        for (const { Key, LastModified } of page.Contents ?? [])
          if (Key !== undefined) objects.push({ key: Key, storedAt: Number(LastModified ?? 0) });
        ContinuationToken = page.NextContinuationToken;
        if (ContinuationToken === undefined) return { objects, isWhole: true };
      }
      return { objects, isWhole: false };
    },

    async read(key) {
      try {
        const { Body, ContentLength = 0 } = await client.send(new GetObjectCommand({ Bucket, Key: key }));
        if (ContentLength > MAX_BYTES)
          throw new Error(
            `${key} has ${ContentLength} bytes, more than the ${MAX_BYTES} that the API reads; download it from the bucket`,
          );
        return (await Body?.transformToString()) ?? '';
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
  };
}
