// Separate tables for rebuilt windows. Nothing else writes to them, and they store the length of their windows.

import {
  CreateTableCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  waitUntilTableExists,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';

/** What is known about a table with this name. */
export type TableKind =
  | { readonly kind: 'none' }
  /** Created here, for windows of this length. */
  | { readonly kind: 'own'; readonly windowSeconds: number }
  /** Another table, such as the stack's. */
  | { readonly kind: 'other' };

export interface OwnTables {
  /** Rejects with the SDK's error. */
  kindOf(table: string): Promise<TableKind>;
  /**
   * Creates the table and its table of fingerprints. Safe to repeat after an interruption. Rejects with the SDK's error.
   */
  create(table: string, windowSeconds: number): Promise<void>;
}

/** The name of the table for fingerprints that do not fit into the items. */
export const fingerprintsTableOf = (table: string): string => `${table}-fingerprints`;

/** Not the key of any window. */
const MARK = { window: { S: '#rebuild' }, chunk: { S: 'settings' } };
const LONGEST_WAIT_SECONDS = 120;

async function exists(client: DynamoDBClient, TableName: string): Promise<boolean> {
  try {
    await client.send(new DescribeTableCommand({ TableName }));
    return true;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
}

async function make(
  client: DynamoDBClient,
  TableName: string,
  keys: readonly [partition: Key, sort: Key],
): Promise<void> {
  const command = new CreateTableCommand({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
    KeySchema: keys.map(({ name }, n) => ({ AttributeName: name, KeyType: n === 0 ? 'HASH' : 'RANGE' })),
  });
  try {
    await client.send(command);
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  await waitUntilTableExists({ client, maxWaitTime: LONGEST_WAIT_SECONDS, minDelay: 1 }, { TableName });
}

export function createOwnTables(client: DynamoDBClient): OwnTables {
  return {
    async kindOf(table) {
      if (!(await exists(client, table))) return { kind: 'none' };
      const beside = fingerprintsTableOf(table);
      if (!(await exists(client, beside))) return { kind: 'other' };
      const { Item } = await client.send(new GetItemCommand({ TableName: beside, Key: MARK }));
      return Item ? { kind: 'own', windowSeconds: Number(Item['windowSeconds']?.N) } : { kind: 'other' };
    },
    async create(table, windowSeconds) {
      const beside = fingerprintsTableOf(table);
      await make(client, beside, [
        { name: 'window', type: 'S' },
        { name: 'chunk', type: 'S' },
      ]);
      // Written first, so that the table is marked from its creation.
      const Item = { ...MARK, windowSeconds: { N: String(windowSeconds) } };
      await client.send(new PutItemCommand({ TableName: beside, Item }));
      await make(client, table, [
        { name: 'deviceId', type: 'S' },
        { name: 'windowStart', type: 'N' },
      ]);
    },
  };
}

interface Key {
  readonly name: string;
  readonly type: 'S' | 'N';
}
