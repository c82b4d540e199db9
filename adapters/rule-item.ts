// An alert rule as an item of the rules table: its id, and the rule as JSON text, which people may edit in the table.

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { RuleData } from '../core/rule-data.ts';
import { faultsOf } from '../core/rule-faults.ts';
import type { UnreadableRule } from '../pipeline/ports.ts';

type Item = Record<string, AttributeValue>;

export const ruleText = (rule: RuleData) => JSON.stringify(rule);

/** The text of the stored rule; empty if the item has none. */
export const storedText = (item: Item) => item['rule']?.S ?? '';

/** The schema is loaded with the first stored rule, so that a cold start without one does not load it. */
export async function ruleIn(item: Item, id: string): Promise<RuleData | UnreadableRule> {
  let data: unknown;
  try {
    data = JSON.parse(storedText(item));
  } catch {
    return { id, problem: 'its attribute rule is not JSON' };
  }
  // The id comes from the item; the schema lists all other members.
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
