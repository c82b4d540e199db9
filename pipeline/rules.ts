// Reads and compiles the alert rules, and names those that cannot be read.

import type { AlertRule } from '../core/alert-rule.ts';
import { createRefreshing } from '../core/recent.ts';
import { compileRule } from '../core/rule-data.ts';
import type { RuleSet, RuleStore, UnreadableRule } from './ports.ts';

/** Names the rule, its problem and the remedy, for someone who edited the table directly. */
export class UnreadableRuleError extends Error {
  constructor({ id, problem }: UnreadableRule) {
    super(
      `Rule ${id} in the rules table judges nothing: ${problem}. Save it again through the API, or delete it`,
    );
    this.name = 'UnreadableRuleError';
  }
}

/** All rules, compiled. */
export async function readRules(store: Pick<RuleStore, 'read'>): Promise<RuleSet<AlertRule>> {
  const { rules, unreadable } = await store.read();
  return { rules: rules.map(compileRule), unreadable };
}

/** Reads rules at most every `seconds`; an edited rule takes that long to reach every environment. */
export function createRecentRules(
  store: Pick<RuleStore, 'read'>,
  options: { readonly seconds: number; /** Epoch milliseconds. */ readonly now: () => number },
): () => Promise<readonly AlertRule[]> {
  const { seconds, now } = options;
  return createRefreshing(async () => (await readRules(store)).rules, { forMs: seconds * 1000, now });
}
