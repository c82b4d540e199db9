// How a function spends the time that it has: work that would not finish is not begun, and what hangs is given up before Lambda ends the function.

import { inParallel } from '../core/in-parallel.ts';

/** Thrown for work that was left because the time was over. To repeat it is safe. */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
}

export interface TimeBudget {
  /** Nothing is begun from then on, in the given share of the time; epoch milliseconds. */
  beginsUntil(share: number): number;
  /** Nothing is waited for from then on; epoch milliseconds. */
  readonly givesUpAt: number;
  readonly now: () => number;
}

/** To answer, and to write log and metrics. */
const ANSWER_MS = 2000;
const ANSWER_SHARE = 1 / 5;
/** A step takes milliseconds. One for which less than this is left would not finish where something is slow. */
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

/** For whoever has all the time there is. */
export const UNLIMITED: TimeBudget = createTimeBudget({ endsAt: Infinity, now: () => 0 });

/** How much of the time there is for work. */
export interface Share<Item> {
  readonly budget: TimeBudget;
  readonly share: number;
  /** Items that have a larger share, as nothing gets on without them. */
  readonly urgent?: { readonly share: number; readonly has: (item: Item) => boolean };
}

/**
 * Runs `work` on the items in their order, `limit` at a time, for a share of the time. Gives those that were not begun or
 * not done when it was over; what of them still runs may end or not. Rejects as `work` does.
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

/** Waits for the work, or until the budget gives up. */
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
