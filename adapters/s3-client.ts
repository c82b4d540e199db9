// The functions' S3 client, with time limits.

import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { limitSettings, S3_LIMITS, withinLimits, type CallLimits } from './time-limits.ts';

/** Region, credentials and endpoint come from the environment unless given. */
export function openS3({
  limits = S3_LIMITS,
  ...settings
}: S3ClientConfig & { readonly limits?: CallLimits } = {}): S3Client {
  return withinLimits(new S3Client({ ...limitSettings(limits), ...settings }), 'Amazon S3', limits);
}
