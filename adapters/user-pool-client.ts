// The client of the functions for the user pool: one that gives up in time.

import {
  CognitoIdentityProviderClient,
  type CognitoIdentityProviderClientConfig,
} from '@aws-sdk/client-cognito-identity-provider';
import { limitSettings, USER_POOL_LIMITS, withinLimits, type CallLimits } from './time-limits.ts';

/** Region, credentials and endpoint come from the environment where they are not given. */
export function openUserPool({
  limits = USER_POOL_LIMITS,
  ...settings
}: CognitoIdentityProviderClientConfig & {
  readonly limits?: CallLimits;
} = {}): CognitoIdentityProviderClient {
  const client = new CognitoIdentityProviderClient({ ...limitSettings(limits), ...settings });
  return withinLimits(client, 'Amazon Cognito', limits);
}
