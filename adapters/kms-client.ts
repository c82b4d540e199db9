// The functions' KMS client, with time limits: an answer that never comes must not hold up the next day's seal.

import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import { KMS_LIMITS, limitSettings, withinLimits } from './time-limits.ts';

/** Region, credentials and endpoint come from the environment unless given. */
export function openKms(settings: KMSClientConfig = {}): KMSClient {
  const limits = KMS_LIMITS;
  return withinLimits(new KMSClient({ ...limitSettings(limits), ...settings }), 'AWS KMS', limits);
}
