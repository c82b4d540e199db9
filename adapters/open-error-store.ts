// Opens the store of what is rejected, with the S3 client that ingest needs for nothing else.

import type { KeepRejected } from '../pipeline/ports.ts';
import { createErrorStore } from './error-store.ts';
import { openS3 } from './s3-client.ts';

export const openErrorStore = (bucket: string): KeepRejected =>
  createErrorStore({ client: openS3(), bucket });
