// Keeps the alert rules that people edit at run time; the template's own rules hold until one of the same id replaces them.

import {
  DeleteItemCommand,
  PutItemCommand,
  ScanCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { AlertRule } from '../core/alert-rule.ts';
import { compileRule, type RuleData } from '../core/rule-data.ts';
import { faultsOf } from '../core/rule-faults.ts';

/** All verbs reject with the SDK's error when the table cannot be reached. */
export interface RuleStore {
  /** All rules, by id; a stored one replaces the template's of the same id. */
  list(): Promise<readonly RuleData[]>;
  put(rule: RuleData): Promise<void>;
  /** Whether there was a stored rule of this id. The template's own, if it has one, holds again. */
  remove(id: string): Promise<boolean>;
}

export function createRuleStore(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly defaults: readonly RuleData[];
}): RuleStore {
  const { client, table, defaults } = options;
  return {
    async list() {
      const rules = new Map(defaults.map((rule) => [rule.id, rule]));
      let after: Record<string, AttributeValue> | undefined;
      do {
        const page = await client.send(new ScanCommand({ TableName: table, ExclusiveStartKey: after }));
        for (const item of page.Items ?? []) {
          const rule = ruleOf(item);
          rules.set(rule.id, rule);
        }
        after = page.LastEvaluatedKey;
      } while (after);
      return [...rules.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    },

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

/** All rules as they are judged. Rejects for a stored rule with faults, with its name and what is wrong with it. */
export async function readRules(store: Pick<RuleStore, 'list'>): Promise<readonly AlertRule[]> {
  return (await store.list()).map((rule) => {
    const [fault] = faultsOf(rule);
    if (fault) throw new Error(`Rule ${rule.id} of the rules table: ${fault.name} ${fault.detail}`);
    return compileRule(rule);
  });
}

/** Reads rules at most every `seconds`; who edits one waits so long for every environment to know it. */
export function createRecentRules(
  store: Pick<RuleStore, 'list'>,
  options: { readonly seconds: number; /** Epoch milliseconds. */ readonly now: () => number },
): () => Promise<readonly AlertRule[]> {
  let known: { readonly at: number; readonly rules: Promise<readonly AlertRule[]> } | undefined;
  return async () => {
    const age = options.now() - (known?.at ?? -Infinity);
    // Negative once the clock stepped back.
    if (!known || age < 0 || age >= options.seconds * 1000)
      known = { at: options.now(), rules: readRules(store) };
    const reading = known;
    try {
      return await reading.rules;
    } catch (error) {
      if (known === reading) known = undefined;
      throw error;
    }
  };
}

/** Whoever writes to the table by hand is told which rule cannot be read. */
function ruleOf(item: Record<string, AttributeValue>): RuleData {
  const id = item['id']?.S ?? '';
  try {
    return { ...(JSON.parse(item['rule']?.S ?? '') as RuleData), id };
  } catch (cause) {
    throw new Error(`Rule ${id} of the rules table has no JSON in its attribute rule`, { cause });
  }
}
