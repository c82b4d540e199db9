// Counts the notifications of a minute across all functions, so that a storm becomes a digest.

import {
  ConditionalCheckFailedException,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { RateLimit } from '../pipeline/ports.ts';

const MINUTE_MS = 60_000;
/** Device ids have no number sign. */
const KEY = { deviceId: { S: '#storm' }, ruleId: { S: '#storm' } };
/** A writer whose clock is slightly behind counts in the minute that others have opened. */
const COUNTS = '#minute BETWEEN :minute AND :next';
const IN_OPEN_MINUTE = { update: 'SET #sent = #sent + :one', condition: COUNTS };
const IN_NEW_MINUTE = {
  update: 'SET #minute = :minute, #sent = :one',
  condition: `attribute_not_exists(#minute) OR NOT ${COUNTS}`,
};
/** Opening a new minute is a race; exactly one writer wins. */
const MAX_TRIES = 5;

interface RateLimitOptions {
  readonly client: DynamoDBClient;
  /** The alerts table. */
  readonly table: string;
  readonly perMinute: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Adds one, and gives the count; undefined if the condition does not hold. */
async function addOne(
  { client, table }: RateLimitOptions,
  minute: number,
  { update, condition }: { readonly update: string; readonly condition: string },
): Promise<number | undefined> {
  try {
    const { Attributes } = await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: KEY,
        UpdateExpression: update,
        ConditionExpression: condition,
        ExpressionAttributeNames: { '#minute': 'minute', '#sent': 'sent' },
        ExpressionAttributeValues: {
          ':minute': { N: String(minute) },
          ':next': { N: String(minute + 1) },
          ':one': { N: '1' },
        },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Number(Attributes?.['sent']?.N);
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

const minuteOf = (time: number) => Math.floor(time / MINUTE_MS);

export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { perMinute, now } = options;
  let full = -1;
  return {
    isFull: () => minuteOf(now()) === full,

    async admit() {
      const minute = minuteOf(now());
      if (minute === full) return false;
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const sent =
          (await addOne(options, minute, IN_OPEN_MINUTE)) ?? (await addOne(options, minute, IN_NEW_MINUTE));
        if (sent === undefined) continue;
        if (sent <= perMinute) return true;
        full = minute;
        return false;
      }
      return false;
    },
  };
}
