// The functions' client for the user pool, with time limits.

import {
  CognitoIdentityProviderClient,
  type CognitoIdentityProviderClientConfig,
} from '@aws-sdk/client-cognito-identity-provider';
import { limitSettings, USER_POOL_LIMITS, withinLimits, type CallLimits } from './time-limits.ts';

/** Region, credentials and endpoint come from the environment unless given. */
export function openUserPool({
  limits = USER_POOL_LIMITS,
  ...settings
}: CognitoIdentityProviderClientConfig & {
  readonly limits?: CallLimits;
} = {}): CognitoIdentityProviderClient {
  const client = new CognitoIdentityProviderClient({ ...limitSettings(limits), ...settings });
  return withinLimits(client, 'Amazon Cognito', limits);
}
