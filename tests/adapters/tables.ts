// The tables over dynalite in memory, so that the stores meet real conditional writes.

import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';

const dynalite = createRequire(import.meta.url)('dynalite') as (options: object) => Server;

export interface Tables {
  readonly client: DynamoDBClient;
  readonly endpoint: string;
  item(
    table: string,
    key: Record<string, AttributeValue>,
  ): Promise<Record<string, AttributeValue> | undefined>;
  close(): Promise<void>;
}

/** The keys of each table, the partition's first. */
const schemas: Readonly<Record<string, readonly (readonly [name: string, type: 'S' | 'N'])[]>> = {
  windows: [
    ['deviceId', 'S'],
    ['windowStart', 'N'],
  ],
  rollups: [
    ['deviceId', 'S'],
    ['windowStart', 'N'],
  ],
  fingerprints: [
    ['window', 'S'],
    ['chunk', 'S'],
  ],
  devices: [['deviceId', 'S']],
  alerts: [
    ['deviceId', 'S'],
    ['ruleId', 'S'],
  ],
  history: [
    ['deviceId', 'S'],
    ['entry', 'S'],
  ],
  rules: [['id', 'S']],
  registrations: [['id', 'S']],
};

const days = {
  IndexName: 'Days',
  KeySchema: [
    { AttributeName: 'day', KeyType: 'HASH' },
    { AttributeName: 'entry', KeyType: 'RANGE' },
  ],
  Projection: { ProjectionType: 'ALL' },
} as const;

/** Starts dynalite on a free port with the tables `windows`, `rollups`, `fingerprints`, `devices`, `alerts`, `history`, `rules` and `registrations`. */
export async function openTables(): Promise<Tables> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  for (const [table, keys] of Object.entries(schemas)) {
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [...keys, ...(table === 'history' ? ([['day', 'S']] as const) : [])].map(
          ([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }),
        ),
        ...(table === 'history' && { GlobalSecondaryIndexes: [{ ...days, KeySchema: [...days.KeySchema] }] }),
        KeySchema: keys.map(([AttributeName], index) => ({
          AttributeName,
          KeyType: index === 0 ? 'HASH' : 'RANGE',
        })),
      }),
    );
  }
  return {
    client,
    endpoint,
    async item(table, key) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }),
      );
      return Item;
    },
    async close() {
      client.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
