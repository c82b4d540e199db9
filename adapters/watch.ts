// Remembers since when somebody looks whether devices are there, and who was looked at last when the time was too short.

import {
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { Watch } from '../pipeline/ports.ts';

/** A stack that was switched off, or devices that could not reach it with the whole machine, are no silent devices. */
const LONGEST_BREAK_MS = 300_000;
/** Device ids have no number sign. */
const KEY = { deviceId: { S: '#watch' }, ruleId: { S: '#watch' } };

export function createWatch(options: {
  readonly client: DynamoDBClient;
  /** The alerts table. */
  readonly table: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Watch {
  const { client, table, now } = options;
  return {
    async begin() {
      const at = now();
      const { Item = {} } = await client.send(new GetItemCommand({ TableName: table, Key: KEY }));
      const [before, since] = [Number(Item['at']?.N ?? NaN), Number(Item['since']?.N ?? NaN)];
      const goesOn = at - before <= LONGEST_BREAK_MS && before <= at && since <= at;
      const watched = goesOn ? since : at;
      const times = { at: { N: String(at) }, since: { N: String(watched) } };
      // What was left stays left until it was looked at, should this run crash.
      await client.send(new PutItemCommand({ TableName: table, Item: { ...Item, ...KEY, ...times } }));
      const last = Item['last']?.S;
      return { since: watched, ...(last !== undefined && { last }) };
    },

    async stop(last) {
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: KEY,
          UpdateExpression: last === undefined ? 'REMOVE #last' : 'SET #last = :last',
          ExpressionAttributeNames: { '#last': 'last' },
          ...(last !== undefined && { ExpressionAttributeValues: { ':last': { S: last } } }),
        }),
      );
    },
  };
}
