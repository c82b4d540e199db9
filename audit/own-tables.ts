// Tables beside those of the stack, for windows that are made anew: nobody else writes them, and they say how long their windows are.

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

/** What is known of a table of this name. */
export type TableKind =
  | { readonly kind: 'none' }
  /** Made here, for windows of that length. */
  | { readonly kind: 'own'; readonly windowSeconds: number }
  /** The stack's, or anybody's. */
  | { readonly kind: 'other' };

export interface OwnTables {
  /** Rejects with the SDK's error. */
  kindOf(table: string): Promise<TableKind>;
  /** Makes the table and the one of its fingerprints. Safe to repeat after it was cut short. Rejects with the SDK's error. */
  create(table: string, windowSeconds: number): Promise<void>;
}

/** Beside it lie the fingerprints that its items have no room for. */
export const fingerprintsTableOf = (table: string): string => `${table}-fingerprints`;

/** No window's name. */
const MARK = { window: { S: '#rebuild' }, chunk: { S: 'settings' } };
const LONGEST_WAIT_SECONDS = 120;

export function createOwnTables(client: DynamoDBClient): OwnTables {
  async function exists(TableName: string): Promise<boolean> {
    try {
      await client.send(new DescribeTableCommand({ TableName }));
      return true;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return false;
      throw error;
    }
  }

  async function make(TableName: string, [partition, sort]: readonly [Key, Key]): Promise<void> {
    const keys = [partition, sort];
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

  return {
    async kindOf(table) {
      if (!(await exists(table))) return { kind: 'none' };
      const beside = fingerprintsTableOf(table);
      if (!(await exists(beside))) return { kind: 'other' };
      const { Item } = await client.send(new GetItemCommand({ TableName: beside, Key: MARK }));
      return Item ? { kind: 'own', windowSeconds: Number(Item['windowSeconds']?.N) } : { kind: 'other' };
    },
    async create(table, windowSeconds) {
      const beside = fingerprintsTableOf(table);
      await make(beside, [
        { name: 'window', type: 'S' },
        { name: 'chunk', type: 'S' },
      ]);
      // First, so that the table is known as one of these from its beginning.
      const Item = { ...MARK, windowSeconds: { N: String(windowSeconds) } };
      await client.send(new PutItemCommand({ TableName: beside, Item }));
      await make(table, [
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
