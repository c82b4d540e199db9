// Stores the latest values of a large fleet in a few items, so that one call reads them all.

import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { Fleet, FleetSnapshots } from '../pipeline/rollup-ports.ts';

type Item = Record<string, AttributeValue>;

/** Device ids have no number sign. */
const FLEET = { deviceId: { S: '#fleet' } };
const HEAD = { ...FLEET, windowStart: { N: '0' } };
/** DynamoDB accepts items up to 400 KB. */
const PART_BYTES = 350_000;
/** Sort keys of one snapshot; the next snapshot is written to the other slot. */
const SLOT = 1000;
/** A reader that is overtaken more than twice within milliseconds points to a fault. */
const MAX_TRIES = 3;

interface Head {
  readonly slot: number;
  readonly parts: number;
  /** The same in all parts of the snapshot. */
  readonly name: string;
}

interface SnapshotOptions {
  readonly client: DynamoDBClient;
  /** The rollups table. */
  readonly table: string;
}

async function readHead({ client, table }: SnapshotOptions): Promise<Head | undefined> {
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: HEAD }));
  if (!Item) return undefined;
  const [slot, parts] = [Number(Item['slot']?.N), Number(Item['parts']?.N)];
  return { slot, parts, name: Item['name']?.S ?? '' };
}

async function partsOf({ client, table }: SnapshotOptions, { slot }: Head): Promise<Item[]> {
  const found: Item[] = [];
  let from: Item | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'deviceId = :fleet AND windowStart BETWEEN :first AND :last',
        ExpressionAttributeValues: {
          ':fleet': FLEET.deviceId,
          ':first': { N: String(slot * SLOT) },
          ':last': { N: String(slot * SLOT + SLOT - 1) },
        },
        ExclusiveStartKey: from,
      }),
    );
    found.push(...Items);
    from = LastEvaluatedKey;
  } while (from);
  return found;
}

/** Ten thousand devices take one item of about 300 KB, compressed. */
export function createFleetSnapshots(options: SnapshotOptions): FleetSnapshots {
  const { client, table } = options;
  return {
    async load() {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const known = await readHead(options);
        if (!known) return undefined;
        const parts = (await partsOf(options, known)).filter((part) => part['name']?.S === known.name);
        if (parts.length !== known.parts) continue; // overwritten meanwhile
        const packed = Buffer.concat(parts.map((part) => part['bytes']?.B ?? new Uint8Array()));
        return JSON.parse(String(await promisify(gunzip)(packed))) as Fleet;
      }
      throw new Error(`The fleet in table ${table} changed each time it was read; a retry is safe`);
    },

    async keep({ asOf, entries }) {
      const packed = await promisify(gzip)(JSON.stringify({ asOf, entries }));
      const slot = (await readHead(options))?.slot === 1 ? 2 : 1;
      const name = randomBytes(8).toString('hex');
      const parts = Math.ceil(packed.length / PART_BYTES);
      for (let part = 0; part < parts; part += 1) {
        const bytes = packed.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
        const Item = {
          ...FLEET,
          windowStart: { N: String(slot * SLOT + part) },
          name: { S: name },
          bytes: { B: bytes },
        };
        await client.send(new PutItemCommand({ TableName: table, Item }));
      }
      const Item = { ...HEAD, slot: { N: String(slot) }, parts: { N: String(parts) }, name: { S: name } };
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },
  };
}
