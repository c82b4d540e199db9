// Lists and hashes what arrived in the raw archive on a day, for the function that seals it.

import { createHash } from 'node:crypto';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { dayOfObject, rawPrefix } from '../core/seal/sealed-days.ts';
import { DamagedObjectError } from '../pipeline/parse-ports.ts';
import type { ArrivedObjects } from '../pipeline/seal-ports.ts';
import { listObjects, openObject, type Bucket } from './raw-objects.ts';

export function createArrivedObjects(bucket: Bucket): ArrivedObjects {
  return {
    async firstDay() {
      const { Contents = [] } = await bucket.client.send(
        new ListObjectsV2Command({ Bucket: bucket.bucket, Prefix: 'raw/', MaxKeys: 1 }),
      );
      const [first] = Contents;
      if (!first) return undefined;
      const day = dayOfObject(first.Key!);
      if (day !== undefined) return day;
      throw new Error(
        `${first.Key} does not lie in the folder of an hour such as raw/2026/11/29/05/: move it`,
      );
    },
    of: (day) => listObjects(bucket, rawPrefix(day)),
    async digest(object) {
      const { key, size } = object;
      const hash = createHash('sha256');
      let read = 0;
      try {
        for await (const chunk of await openObject(bucket, object)) {
          hash.update(chunk as Buffer);
          read += (chunk as Buffer).length;
        }
      } catch (error) {
        if (error instanceof DamagedObjectError) throw new DamagedObjectError(`${key}: ${error.message}`);
        throw error;
      }
      if (read !== size)
        throw new DamagedObjectError(`${key}: it has ${read} bytes, but ${size} were listed`);
      return hash.digest('hex');
    },
  };
}
