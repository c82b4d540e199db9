// Divides a function's time: work that would not finish is not begun, and work that hangs is abandoned before Lambda ends the function.

import { inParallel } from '../core/in-parallel.ts';

/** Thrown for work that was left because the time was over. Safe to repeat. */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
}

export interface TimeBudget {
  /** Until when work may start, for the given share of the time; epoch milliseconds. */
  beginsUntil(share: number): number;
  /** When waiting ends; epoch milliseconds. */
  readonly givesUpAt: number;
  readonly now: () => number;
}

/** Reserved for the answer, the log and the metrics. */
const ANSWER_MS = 2000;
const ANSWER_SHARE = 1 / 5;
/** A step takes milliseconds. With less time than this, it would not finish if a service is slow. */
const STEP_MS = 5000;
const STEP_SHARE = 1 / 5;

/** `endsAt`: when Lambda ends the function, in epoch milliseconds; Infinity for no limit. */
export function createTimeBudget({
  endsAt,
  now,
}: {
  readonly endsAt: number;
  readonly now: () => number;
}): TimeBudget {
  if (endsAt === Infinity) return { beginsUntil: () => Infinity, givesUpAt: Infinity, now };
  const started = now();
  const given = Math.max(0, endsAt - started);
  const givesUpAt = endsAt - Math.min(ANSWER_MS, given * ANSWER_SHARE);
  const lastStepAt = givesUpAt - Math.min(STEP_MS, given * STEP_SHARE);
  return { beginsUntil: (share) => started + (lastStepAt - started) * share, givesUpAt, now };
}

/** For callers without a time limit. */
export const UNLIMITED: TimeBudget = createTimeBudget({ endsAt: Infinity, now: () => 0 });

/** The time for one step of work. */
export interface Share<Item> {
  readonly budget: TimeBudget;
  readonly share: number;
  /** Items with a larger share, because nothing can progress without them. */
  readonly urgent?: { readonly share: number; readonly has: (item: Item) => boolean };
}

/**
 * Runs `work` on the items in order, `limit` at a time, for a share of the time. Gives the items that were not begun or
 * not done when it was over; those that still run may or may not finish. Rejects as `work` does.
 */
export async function inTime<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
  { budget, share, urgent }: Share<Item>,
): Promise<ReadonlySet<Item>> {
  const left = new Set(items);
  const isOver = (item: Item) => {
    const at = budget.now();
    if (at < budget.beginsUntil(share)) return false;
    return !urgent || at >= budget.beginsUntil(urgent.share) || !urgent.has(item);
  };
  const working = inParallel(items, limit, async (item) => {
    if (isOver(item)) return;
    await work(item);
    left.delete(item);
  });
  await orUntil(budget, working);
  return left;
}

/** Waits for the work, or until the time is over. */
async function orUntil({ givesUpAt, now }: TimeBudget, working: Promise<unknown>): Promise<void> {
  if (givesUpAt === Infinity) return void (await working);
  const { promise: isOver, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, givesUpAt - now()));
  try {
    await Promise.race([working, isOver]);
  } finally {
    clearTimeout(timer);
  }
}
