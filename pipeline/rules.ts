// Reads the alert rules as they are judged, and names those that cannot be read.

import type { AlertRule } from '../core/alert-rule.ts';
import { createRefreshing } from '../core/recent.ts';
import { compileRule } from '../core/rule-data.ts';
import type { RuleSet, RuleStore, UnreadableRule } from './ports.ts';

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
  const { seconds, now } = options;
  return createRefreshing(async () => (await readRules(store)).rules, { forMs: seconds * 1000, now });
}
