// Stores mappings in the rules table, one item per version, which never changes.

import { setTimeout } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  PutItemCommand,
  ScanCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { isInUse, mappingsOf, type MappingVersion } from '../core/mapping.ts';
import type { MappingStore, UnreadableRule } from '../pipeline/ports.ts';

/** No rule's id has a `#`. */
export const MAPPING_PREFIX = 'mapping#';

/** Attempts of a writer that adds a mapping while others do. */
const MAX_TRIES = 4;
const RETRY_MS = 200;

interface MappingStoreOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
}

async function readMappings({ client, table }: MappingStoreOptions, ConsistentRead = false) {
  const versions: MappingVersion[] = [];
  const unreadable: UnreadableRule[] = [];
  let after: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        FilterExpression: 'begins_with(#id, :prefix)',
        ExpressionAttributeNames: { '#id': 'id' },
        ExpressionAttributeValues: { ':prefix': { S: MAPPING_PREFIX } },
        ExclusiveStartKey: after,
        ConsistentRead,
      }),
    );
    for (const item of page.Items ?? []) {
      const found = await versionIn(item);
      if ('problem' in found) unreadable.push(found);
      else versions.push(found);
    }
    after = page.LastEvaluatedKey;
  } while (after);
  return { mappings: mappingsOf(versions), unreadable };
}

async function isOver(options: MappingStoreOptions, most: number): Promise<boolean> {
  return (await readMappings(options, true)).mappings.filter(isInUse).length > most;
}

/** False if a version of this time exists. */
async function write(
  { client, table }: MappingStoreOptions,
  { id, from, ...rest }: MappingVersion,
): Promise<boolean> {
  const Item = { ...keyOf({ id, from }), mapping: { S: JSON.stringify(rest) } };
  try {
    await client.send(
      new PutItemCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(id)' }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return false;
  }
}

export function createMappingStore(options: MappingStoreOptions): MappingStore {
  const { client, table } = options;
  return {
    read: async () => readMappings(options),

    async append(version, limit) {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        if (limit !== undefined && (await isOver(options, limit - 1))) return 'full';
        if (!(await write(options, version))) return 'taken';
        if (limit === undefined || !(await isOver(options, limit))) return 'stored';
        // Others add mappings too. Each writer counts after it wrote, so the last one sees all and deletes its own version,
        // which was not used yet: a version takes effect a minute after it was stored.
        await client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(version) }));
        await setTimeout(Math.random() * RETRY_MS);
      }
      return 'full';
    },
  };
}

const keyOf = ({ id, from }: Pick<MappingVersion, 'id' | 'from'>) => ({
  id: { S: `${MAPPING_PREFIX}${id}#${from}` },
});

/** The schema is loaded with the first mapping, so that a cold start without mappings does not load it. */
async function versionIn(item: Record<string, AttributeValue>): Promise<MappingVersion | UnreadableRule> {
  const [, id = '', time = ''] = item['id']?.S?.split('#') ?? [];
  if (!/^\d{1,15}$/.test(time)) return { id, problem: 'its key has no time' };
  let stored: unknown;
  try {
    stored = JSON.parse(item['mapping']?.S ?? '');
  } catch {
    return { id, problem: 'its attribute mapping is not JSON' };
  }
  const { storedMapping } = await import('../core/mapping-schema.ts');
  const { success, data, error } = storedMapping.safeParse(stored);
  if (success) return { id, from: Number(time), ...(data as Omit<MappingVersion, 'id' | 'from'>) };
  const [issue] = error.issues;
  const names = issue?.code === 'unrecognized_keys' ? issue.keys : [issue?.path.join('.')];
  return { id, problem: `${names.join(', ')} is not valid` };
}
