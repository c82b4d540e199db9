// An alert rule as an item of the rules table: its id, and the rule as JSON text, which people may edit by hand.

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { RuleData } from '../core/rule-data.ts';
import { faultsOf } from '../core/rule-faults.ts';
import type { UnreadableRule } from '../pipeline/ports.ts';

type Item = Record<string, AttributeValue>;

export const ruleText = (rule: RuleData) => JSON.stringify(rule);

/** The text of the stored rule; empty where the item has none. */
export const storedText = (item: Item) => item['rule']?.S ?? '';

/** The form is loaded with the first stored rule: a new process without one does without it. */
export async function ruleIn(item: Item, id: string): Promise<RuleData | UnreadableRule> {
  let data: unknown;
  try {
    data = JSON.parse(storedText(item));
  } catch {
    return { id, problem: 'its attribute rule is no JSON' };
  }
  // The id is the item's; what else there may be is in the form.
  const form = { ...(data as object), id: undefined };
  const rule = { ...(data as object), id } as RuleData;
  const [{ ruleBody }, { formFaults }] = await Promise.all([
    import('../core/rule-schema.ts'),
    import('../core/schema-faults.ts'),
  ]);
  const [fault] = formFaults(ruleBody, form);
  if (fault) return { id, problem: `${fault.name} ${fault.detail}` };
  const [meant] = faultsOf(rule);
  return meant ? { id, problem: `${meant.name} ${meant.detail}` } : rule;
}
