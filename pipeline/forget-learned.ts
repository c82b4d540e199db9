// Removes from the alerts table what was learned about removed devices, and by removed rules.

import { isInsightRule, type AlertRule } from '../core/alert-rule.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { LearnedItems, LearnedKey } from './insight-ports.ts';

/** Minutes between two checks of all items: each check is a scan of the table. */
const EVERY_MINUTES = 15;
const MINUTE_MS = 60_000;
const CALLS_AT_ONCE = 16;

/** Whether the sweep of this minute checks; epoch milliseconds. */
export const isForgetting = (now: number): boolean => Math.floor(now / MINUTE_MS) % EVERY_MINUTES === 0;

/**
 * Keeps what an existing rule learned, also while the rule is switched off or cannot be read. `devices` is read after
 * the items, so that a new device loses nothing. Once `isOver`, the rest is left to the next check. Rejects with the
 * SDK's error; safe to repeat.
 */
export async function forgetLearned(
  items: LearnedItems,
  {
    rules,
    unreadable,
    devices,
    isOver,
  }: {
    readonly rules: readonly AlertRule[];
    /** Ids of rules. */
    readonly unreadable: ReadonlySet<string>;
    readonly devices: () => Promise<readonly { readonly deviceId: string }[]>;
    /** Whether the time is over. */
    readonly isOver: () => boolean;
  },
): Promise<void> {
  const found: LearnedKey[] = [];
  for await (const key of items.all()) {
    if (isOver()) return;
    found.push(key);
  }
  if (found.length === 0) return;
  const learning = new Set(rules.filter(isInsightRule).map(({ id }) => id));
  const known = new Set((await devices()).map(({ deviceId }) => deviceId));
  const isKept = ({ deviceId, ruleId }: LearnedKey) =>
    known.has(deviceId) && (learning.has(ruleId) || unreadable.has(ruleId));
  const gone = found.filter((key) => !isKept(key));
  await inParallel(gone, CALLS_AT_ONCE, async (key) => {
    if (!isOver()) await items.remove(key);
  });
}
