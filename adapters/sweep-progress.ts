// Stores from sweep to sweep since when sweeps have run, the last device if the time was too short, and the rules.

import {
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { KnownRule, KnownRules } from '../core/changed-rules.ts';
import type { SweepProgress } from '../pipeline/ports.ts';

/** After a longer break, silence is not counted: the stack was off, or the whole machine was unreachable. */
const LONGEST_BREAK_MS = 300_000;
/** Device ids have no number sign. */
const KEY = { deviceId: { S: '#watch' }, ruleId: { S: '#watch' } };

export function createSweepProgress(options: {
  readonly client: DynamoDBClient;
  /** The alerts table. */
  readonly table: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): SweepProgress {
  const { client, table, now } = options;
  return {
    async begin() {
      const at = now();
      const { Item = {} } = await client.send(new GetItemCommand({ TableName: table, Key: KEY }));
      const [before, since] = [Number(Item['at']?.N ?? NaN), Number(Item['since']?.N ?? NaN)];
      const goesOn = at - before <= LONGEST_BREAK_MS && before <= at && since <= at;
      const watched = goesOn ? since : at;
      const times = { at: { N: String(at) }, since: { N: String(watched) } };
      // Devices that were left stay recorded until they are swept, in case this run crashes.
      await client.send(new PutItemCommand({ TableName: table, Item: { ...Item, ...KEY, ...times } }));
      return { since: watched, last: Item['last']?.S, rules: rulesIn(Item['rules']?.S) };
    },

    async stop({ last, rules }) {
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: KEY,
          UpdateExpression: `SET #rules = :rules${last === undefined ? ' REMOVE #last' : ', #last = :last'}`,
          ExpressionAttributeNames: { '#last': 'last', '#rules': 'rules' },
          ExpressionAttributeValues: {
            ':rules': { S: JSON.stringify([...rules]) },
            ...(last !== undefined && { ':last': { S: last } }),
          },
        }),
      );
    },
  };
}

/** Empty if they cannot be read: then all rules are judged as new ones, which does no harm. */
function rulesIn(text = '[]'): KnownRules {
  try {
    return new Map(JSON.parse(text) as [string, KnownRule][]);
  } catch {
    return new Map();
  }
}
