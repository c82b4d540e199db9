// Remembers since when somebody looks whether devices are there: before that, nobody can tell that one was gone.

import { GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** Notes that somebody looks now; gives since when that has been so without a long break (epoch milliseconds). */
export type Watch = () => Promise<number>;

/** A stack that was switched off, or devices that could not reach it with the whole machine, are no silent devices. */
const LONGEST_BREAK_MS = 300_000;
/** Device ids have no number sign. */
const KEY = { deviceId: { S: '#watch' }, ruleId: { S: '#watch' } };

/** Rejects with the SDK's error. */
export function createWatch(options: {
  readonly client: DynamoDBClient;
  /** The alerts table. */
  readonly table: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Watch {
  const { client, table, now } = options;
  return async () => {
    const at = now();
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: KEY }));
    const [before, since] = [Number(Item?.['at']?.N ?? NaN), Number(Item?.['since']?.N ?? NaN)];
    const goesOn = at - before <= LONGEST_BREAK_MS && before <= at && since <= at;
    const watched = goesOn ? since : at;
    const times = { at: { N: String(at) }, since: { N: String(watched) } };
    await client.send(new PutItemCommand({ TableName: table, Item: { ...KEY, ...times } }));
    return watched;
  };
}
