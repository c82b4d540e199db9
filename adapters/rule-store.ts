// Keeps the alert rules that people edit at run time; the template's own rules hold until one of the same id replaces them.

import {
  DeleteItemCommand,
  PutItemCommand,
  ScanCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { RuleData } from '../core/rule-data.ts';
import { faultsOf } from '../core/rule-faults.ts';
import { ruleBody } from '../core/rule-schema.ts';
import { MAPPING_PREFIX } from './mapping-store.ts';
import type { RuleSet, RuleStore, UnreadableRule } from '../pipeline/ports.ts';

export function createRuleStore(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly defaults: readonly RuleData[];
}): RuleStore {
  const { client, table, defaults } = options;

  async function read(): Promise<RuleSet<RuleData>> {
    const rules = new Map(defaults.map((rule) => [rule.id, rule]));
    const unreadable: UnreadableRule[] = [];
    let after: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(new ScanCommand({ TableName: table, ExclusiveStartKey: after }));
      for (const item of page.Items ?? []) {
        const id = item['id']?.S ?? '';
        if (id.startsWith(MAPPING_PREFIX)) continue;
        const found = ruleIn(item, id);
        if ('problem' in found) {
          rules.delete(id);
          unreadable.push(found);
        } else {
          rules.set(id, found);
        }
      }
      after = page.LastEvaluatedKey;
    } while (after);
    return { rules: [...rules.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), unreadable };
  }

  return {
    read,

    async put(rule) {
      const Item = { id: { S: rule.id }, rule: { S: JSON.stringify(rule) } };
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },

    async remove(id) {
      const { Attributes } = await client.send(
        new DeleteItemCommand({ TableName: table, Key: { id: { S: id } }, ReturnValues: 'ALL_OLD' }),
      );
      return Attributes !== undefined;
    },
  };
}

function ruleIn(item: Record<string, AttributeValue>, id: string): RuleData | UnreadableRule {
  let data: unknown;
  try {
    data = JSON.parse(item['rule']?.S ?? '');
  } catch {
    return { id, problem: 'its attribute rule is no JSON' };
  }
  // The id is the item's; what else there may be is in the form.
  const { success, data: form, error } = ruleBody.safeParse({ ...(data as object), id: undefined });
  if (!success) {
    const [issue] = error.issues;
    const names = issue?.code === 'unrecognized_keys' ? issue.keys : [issue?.path.join('.')];
    return { id, problem: `${names.join(', ')} is not as it must be` };
  }
  const rule = { ...form, id } as RuleData;
  const [fault] = faultsOf(rule);
  return fault ? { id, problem: `${fault.name} ${fault.detail}` } : rule;
}
