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
import { ruleBody } from '../core/rule-schema.ts';

/** A stored rule that was edited by hand or written by a newer version, and what is wrong with it. */
export interface UnreadableRule {
  readonly id: string;
  readonly problem: string;
}

/** A stored rule replaces the template's of the same id, readable or not. */
export interface RuleSet<Rule> {
  /** By id. */
  readonly rules: readonly Rule[];
  /** Nothing is judged by them. */
  readonly unreadable: readonly UnreadableRule[];
}

/** All verbs reject with the SDK's error when the table cannot be reached. */
export interface RuleStore {
  read(): Promise<RuleSet<RuleData>>;
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

  async function read(): Promise<RuleSet<RuleData>> {
    const rules = new Map(defaults.map((rule) => [rule.id, rule]));
    const unreadable: UnreadableRule[] = [];
    let after: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(new ScanCommand({ TableName: table, ExclusiveStartKey: after }));
      for (const item of page.Items ?? []) {
        const id = item['id']?.S ?? '';
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

/** Tells whoever wrote to the table by hand which rule it is, and what to do. */
export class UnreadableRuleError extends Error {
  constructor({ id, problem }: UnreadableRule) {
    super(
      `Rule ${id} of the rules table judges nothing: ${problem}. Put it again over the API, or delete it`,
    );
    this.name = 'UnreadableRuleError';
  }
}

/** All rules as they are judged. */
export async function readRules(store: Pick<RuleStore, 'read'>): Promise<RuleSet<AlertRule>> {
  const { rules, unreadable } = await store.read();
  return { rules: rules.map(compileRule), unreadable };
}

/** Reads rules at most every `seconds`; who edits one waits so long for every environment to know it. */
export function createRecentRules(
  store: Pick<RuleStore, 'read'>,
  options: { readonly seconds: number; /** Epoch milliseconds. */ readonly now: () => number },
): () => Promise<readonly AlertRule[]> {
  let known: { readonly at: number; readonly reading: Promise<RuleSet<AlertRule>> } | undefined;
  return async () => {
    const age = options.now() - (known?.at ?? -Infinity);
    // Negative once the clock stepped back.
    if (!known || age < 0 || age >= options.seconds * 1000)
      known = { at: options.now(), reading: readRules(store) };
    const current = known;
    try {
      return (await current.reading).rules;
    } catch (error) {
      if (known === current) known = undefined;
      throw error;
    }
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
