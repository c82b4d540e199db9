// An object store with the two kinds of buckets, and S3 on a free port over it, for the tests of this room.

import { S3Client } from '@aws-sdk/client-s3';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createS3Handler } from '../../s3/api.ts';
import type { BucketResource } from '../../s3/bucket-spec.ts';
import { createObjectStore, type ObjectStore } from '../../s3/store.ts';
import { createManualClock, type Clock, type ManualClock } from '../../clock.ts';
import { clientOptions, createRecordingLog, serve } from '../aws/local-cloud.ts';

export const startedAt = Date.UTC(2026, 8, 21, 12, 0, 0);

export function bucketResource(
  name: string,
  properties: Readonly<Record<string, unknown>> = {},
): BucketResource {
  return { name, properties, at: (...path) => `template.yaml:${path.length + 10}` };
}

export const versioned = { VersioningConfiguration: { Status: 'Enabled' } };

/** Buckets `plain` and `versioned` in `dir`. */
export async function openStore(dir: string, clock: Clock): Promise<ObjectStore> {
  const store = await createObjectStore({ dir, clock, log: createRecordingLog() });
  await store.ensureBucket(bucketResource('plain'));
  await store.ensureBucket(bucketResource('versioned', versioned));
  return store;
}

export interface S3Fixture {
  readonly dir: string;
  readonly clock: ManualClock;
  readonly store: ObjectStore;
  readonly client: S3Client;
  readonly url: string;
  readonly log: ReturnType<typeof createRecordingLog>;
  stop(): Promise<void>;
}

export async function startS3(): Promise<S3Fixture> {
  const dir = temporaryFolder();
  const clock = createManualClock(startedAt);
  const log = createRecordingLog();
  const store = await openStore(dir, clock);
  const server = await serve({ s3: createS3Handler(store) }, log);
  const client = new S3Client(clientOptions(server.url));
  const stop = async () => {
    client.destroy();
    await server.close();
    await store.close();
  };
  return { dir, clock, store, client, url: server.url, log, stop };
}
