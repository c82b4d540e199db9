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
/** Opening a new minute is a race; exactly one writer wins. */
const MAX_TRIES = 5;

export function createRateLimit(options: {
  readonly client: DynamoDBClient;
  /** The alerts table. */
  readonly table: string;
  readonly perMinute: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): RateLimit {
  const { client, table, perMinute, now } = options;
  let full = -1;

  /** Adds one, and gives the count; undefined if the condition does not hold. */
  async function add(update: string, condition: string, minute: number): Promise<number | undefined> {
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

  return {
    isFull: () => minuteOf(now()) === full,

    async admit() {
      const minute = minuteOf(now());
      if (minute === full) return false;
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const sent =
          (await add('SET #sent = #sent + :one', COUNTS, minute)) ??
          (await add(
            'SET #minute = :minute, #sent = :one',
            `attribute_not_exists(#minute) OR NOT ${COUNTS}`,
            minute,
          ));
        if (sent === undefined) continue;
        if (sent <= perMinute) return true;
        full = minute;
        return false;
      }
      return false;
    },
  };
}
