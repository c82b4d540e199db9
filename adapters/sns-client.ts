// The functions' SNS client, with time limits: an answer that never comes must not hold up other alerts.

import { SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns';
import { limitSettings, SNS_LIMITS, withinLimits } from './time-limits.ts';

/** Region, credentials and endpoint come from the environment unless given. `answerMs`: how long an answer may take. */
export function openSns({
  answerMs = SNS_LIMITS.answerMs,
  ...settings
}: SNSClientConfig & { readonly answerMs?: number } = {}): SNSClient {
  const limits = { ...SNS_LIMITS, answerMs };
  return withinLimits(new SNSClient({ ...limitSettings(limits), ...settings }), 'Amazon SNS', limits);
}
