// Stores the alert rules that people edit at run time. A template's rule applies until a stored rule of the same id replaces it.

import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { setTimeout } from 'node:timers/promises';
import { MAX_RULES, type RuleData } from '../core/rule-data.ts';
import type { CurrentRule, RuleSet, RuleStore, UnreadableRule } from '../pipeline/ports.ts';
import { MAPPING_PREFIX } from './mapping-store.ts';
import { ruleIn, ruleText, storedText } from './rule-item.ts';

/** Attempts of a writer that adds a rule while others do. */
const MAX_TRIES = 4;
const RETRY_MS = 200;

interface RuleStoreOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly defaults: readonly RuleData[];
  /** Most rules, including the template's. Larger stored sets are still read. */
  readonly limit?: number;
}

async function* items({ client, table }: RuleStoreOptions, ConsistentRead = false) {
  let after: Record<string, AttributeValue> | undefined;
  do {
    const question = { TableName: table, ExclusiveStartKey: after, ConsistentRead };
    const page = await client.send(new ScanCommand(question));
    for (const item of page.Items ?? []) {
      const id = item['id']?.S ?? '';
      if (!id.startsWith(MAPPING_PREFIX)) yield [id, item] as const;
    }
    after = page.LastEvaluatedKey;
  } while (after);
}

/** Writes that hold only while the table has what was read. */
function createConditionalWrites({ client, table }: RuleStoreOptions) {
  /** False if the item of this id has changed meanwhile. */
  async function write(rule: RuleData, stored: string | undefined): Promise<boolean> {
    const Item = { id: { S: rule.id }, rule: { S: ruleText(rule) } };
    return unlessChanged(async () =>
      client.send(new PutItemCommand({ TableName: table, Item, ...conditionFor(stored) })),
    );
  }

  async function erase(id: string, stored: string): Promise<boolean> {
    const Key = { id: { S: id } };
    return unlessChanged(async () =>
      client.send(new DeleteItemCommand({ TableName: table, Key, ...conditionFor(stored) })),
    );
  }

  return { write, erase };
}

/** Whether there are more rules than `most`. */
async function isOver(options: RuleStoreOptions, most: number): Promise<boolean> {
  const ids = new Set(options.defaults.map(({ id }) => id));
  for await (const [id] of items(options, true)) ids.add(id);
  return ids.size > most;
}

async function readAll(options: RuleStoreOptions): Promise<RuleSet<RuleData>> {
  const rules = new Map(options.defaults.map((rule) => [rule.id, rule]));
  const unreadable: UnreadableRule[] = [];
  for await (const [id, item] of items(options)) {
    const found = await ruleIn(item, id);
    if ('problem' in found) {
      rules.delete(id);
      unreadable.push(found);
    } else {
      rules.set(id, found);
    }
  }
  return { rules: [...rules.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), unreadable };
}

export function createRuleStore(options: RuleStoreOptions): RuleStore {
  const { client, table, defaults, limit = MAX_RULES } = options;
  const { write, erase } = createConditionalWrites(options);
  return {
    read: async () => readAll(options),

    async load(id): Promise<CurrentRule> {
      const question = { TableName: table, Key: { id: { S: id } }, ConsistentRead: true };
      const { Item } = await client.send(new GetItemCommand(question));
      if (!Item) {
        const rule = defaults.find((each) => each.id === id);
        return rule ? { rule } : {};
      }
      const found = await ruleIn(Item, id);
      const stored = storedText(Item);
      return 'problem' in found ? { problem: found.problem, stored } : { rule: found, stored };
    },

    async put(rule, { stored }) {
      const isOneMore = stored === undefined && !defaults.some(({ id }) => id === rule.id);
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        if (isOneMore && (await isOver(options, limit - 1))) return 'full';
        if (!(await write(rule, stored))) return 'changed';
        if (!isOneMore || !(await isOver(options, limit))) return 'stored';
        // Others add rules too. Each writer counts after it wrote, so the last one sees all and deletes its own rule.
        await erase(rule.id, ruleText(rule));
        await setTimeout(Math.random() * RETRY_MS);
      }
      return 'full';
    },

    async remove(id, { stored = '' }) {
      return (await erase(id, stored)) ? 'removed' : 'changed';
    },
  };
}

/** The condition that the item is still the one that was loaded. */
function conditionFor(stored: string | undefined) {
  if (stored === undefined) return { ConditionExpression: 'attribute_not_exists(id)' };
  // An item that was created in the console may have no text at all.
  const isText = '#rule = :stored';
  const isNoText = `attribute_exists(id) AND (${isText} OR NOT attribute_type(#rule, :text))`;
  const values: Record<string, AttributeValue> = { ':stored': { S: stored } };
  return {
    ConditionExpression: stored === '' ? isNoText : isText,
    ExpressionAttributeNames: { '#rule': 'rule' },
    ExpressionAttributeValues: stored === '' ? { ...values, ':text': { S: 'S' } } : values,
  };
}

async function unlessChanged(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return false;
  }
}
