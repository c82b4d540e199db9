// Keeps people's mappings beside the alert rules, one item a version, which nobody ever changes.

import {
  ConditionalCheckFailedException,
  PutItemCommand,
  ScanCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { mappingsOf, type MappingVersion } from '../core/mapping.ts';
import { storedMapping } from '../core/mapping-schema.ts';
import type { MappingStore, UnreadableRule } from '../pipeline/ports.ts';

/** No rule's id has a `#`. */
export const MAPPING_PREFIX = 'mapping#';

export function createMappingStore(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
}): MappingStore {
  const { client, table } = options;
  return {
    async read() {
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
          }),
        );
        for (const item of page.Items ?? []) {
          const found = versionIn(item);
          if ('problem' in found) unreadable.push(found);
          else versions.push(found);
        }
        after = page.LastEvaluatedKey;
      } while (after);
      return { mappings: mappingsOf(versions), unreadable };
    },

    async append({ id, from, ...rest }) {
      const Item = { id: { S: `${MAPPING_PREFIX}${id}#${from}` }, mapping: { S: JSON.stringify(rest) } };
      try {
        await client.send(
          new PutItemCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(id)' }),
        );
        return true;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return false;
      }
    },
  };
}

function versionIn(item: Record<string, AttributeValue>): MappingVersion | UnreadableRule {
  const [, id = '', time = ''] = item['id']?.S?.split('#') ?? [];
  if (!/^\d{1,15}$/.test(time)) return { id, problem: 'its key has no time' };
  let stored: unknown;
  try {
    stored = JSON.parse(item['mapping']?.S ?? '');
  } catch {
    return { id, problem: 'its attribute mapping is no JSON' };
  }
  const { success, data, error } = storedMapping.safeParse(stored);
  if (success) return { id, from: Number(time), ...(data as Omit<MappingVersion, 'id' | 'from'>) };
  const [issue] = error.issues;
  const names = issue?.code === 'unrecognized_keys' ? issue.keys : [issue?.path.join('.')];
  return { id, problem: `${names.join(', ')} is not as it must be` };
}
