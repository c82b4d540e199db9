// The tables in the local cloud's DynamoDB, in memory, so that the stores meet real conditional writes.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { openEngine } from '../../packages/local-cloud/dynamodb/engine.ts';
import { ofTest } from '../support/test-clients.ts';
import { IN_MEMORY } from '../../packages/local-cloud/dynamodb/store/database.ts';

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

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** DynamoDB's protocol without the rest of the AWS port. */
function createTableServer() {
  const engine = openEngine({ file: IN_MEMORY, region: 'us-east-1', accountId: '000000000000' });
  const server = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1)!;
    const answer = async () => {
      const body = await bodyOf(request);
      engine.answer(operation, body, ({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body),
      );
    };
    answer().catch((error: Error) => response.destroy(error));
  });
  return { server, engine };
}

/** Serves, on a free port, the tables `windows`, `rollups`, `fingerprints`, `devices`, `alerts`, `history`, `rules` and `registrations`. */
export async function openTables(): Promise<Tables> {
  const { server, engine } = createTableServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = ofTest(
    new DynamoDBClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
  );
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
      await engine.close();
    },
  };
}
