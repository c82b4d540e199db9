// The functions' Lambda client, with time limits.

import { LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { LAMBDA_LIMITS, limitSettings, withinLimits, type CallLimits } from './time-limits.ts';

/** Region, credentials and endpoint come from the environment unless given. */
export function openLambda({
  limits = LAMBDA_LIMITS,
  ...settings
}: LambdaClientConfig & { readonly limits?: CallLimits } = {}): LambdaClient {
  return withinLimits(new LambdaClient({ ...limitSettings(limits), ...settings }), 'AWS Lambda', limits);
}
