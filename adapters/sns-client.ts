// The SNS client of the functions: one that gives up in time, as an answer that never comes must not hold up other people's alerts.

import { SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns';

/** Both attempts together take less time than a function has, and than a sender may hold what it sends. */
const ATTEMPTS = 2;
const CONNECTION_MS = 3000;
const ANSWER_MS = 8000;

/** Region, credentials and endpoint come from the environment where they are not given. `answerMs`: how long an answer may take. */
export function openSns({
  answerMs = ANSWER_MS,
  ...settings
}: SNSClientConfig & { readonly answerMs?: number } = {}): SNSClient {
  const requestHandler = {
    connectionTimeout: CONNECTION_MS,
    requestTimeout: answerMs,
    // Or it would be logged, and waited for without an end.
    throwOnRequestTimeout: true,
  };
  return new SNSClient({ maxAttempts: ATTEMPTS, requestHandler, ...settings });
}
