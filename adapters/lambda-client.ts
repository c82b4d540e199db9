// The Lambda client of the functions: one that gives up in time.

import { LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { LAMBDA_LIMITS, limitSettings, withinLimits, type CallLimits } from './time-limits.ts';

/** Region, credentials and endpoint come from the environment where they are not given. */
export function openLambda({
  limits = LAMBDA_LIMITS,
  ...settings
}: LambdaClientConfig & { readonly limits?: CallLimits } = {}): LambdaClient {
  return withinLimits(new LambdaClient({ ...limitSettings(limits), ...settings }), 'AWS Lambda', limits);
}
