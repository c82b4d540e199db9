// The messages of one event: each step does all that it can, and what fails is charged to the messages behind it.

import type { ParsedMessage } from '../core/message.ts';
import { inTime, OutOfTimeError, type TimeBudget } from './time-budget.ts';

/** A message of which something could not be stored, kept or sent, and the first error of it. */
export interface FailedMessage {
  readonly message: ParsedMessage;
  readonly error: unknown;
}

export interface Batch {
  readonly messages: readonly ParsedMessage[];
  /**
   * Does all of `items`, and charges what fails to the messages behind it. Where its share of the time is over before,
   * the first message that something is left of comes again with all after it. What is behind the first message of all has
   * most of the time: it would come again, and the batch with it, and need as long each time. Never rejects.
   */
  each<Item>(
    items: readonly Item[],
    work: (item: Item) => Promise<void>,
    isBehind: (message: ParsedMessage, item: Item) => boolean,
    share: number,
  ): Promise<void>;
  /** The messages that the time suffices for, as far as is known: the others come again, and need no further steps. */
  inTime(): readonly ParsedMessage[];
  /** Messages that must come again, in the order given. */
  failed(): FailedMessage[];
}

/** Of the time that is left to the steps after this one, for them where the first message takes long. */
const URGENT_REST = 1 / 4;

/** `callsAtOnce`: calls to AWS at a time. */
export function createBatch(
  messages: readonly ParsedMessage[],
  callsAtOnce: number,
  budget: TimeBudget,
): Batch {
  const failures = new Map<ParsedMessage, unknown>();
  let until = messages.length;

  function charge(behind: readonly ParsedMessage[], error: unknown): void {
    for (const message of behind) if (!failures.has(message)) failures.set(message, error);
  }

  return {
    messages,

    async each(items, work, isBehind, share) {
      const doOne = async (item: (typeof items)[number]) => {
        try {
          await work(item);
        } catch (error) {
          charge(
            messages.filter((message) => isBehind(message, item)),
            error,
          );
        }
      };
      const has = (item: (typeof items)[number]) => isBehind(messages[0]!, item);
      const urgent = { share: 1 - (1 - share) * URGENT_REST, has };
      const left = [...(await inTime(items, callsAtOnce, doOne, { budget, share, urgent }))];
      if (left.length === 0) return;
      // Lambda takes a batch up again from the first message that failed, so what comes after it need not be told apart.
      const first = messages.findIndex((message) => left.some((item) => isBehind(message, item)));
      until = Math.min(until, Math.max(0, first));
      const count = messages.length - until;
      charge(
        messages.slice(until),
        new OutOfTimeError(
          `Out of time: ${count} of ${messages.length} messages are left for the next attempt, as a service answers slowly`,
        ),
      );
    },

    inTime: () => messages.slice(0, until),

    failed: () =>
      messages.flatMap((message) =>
        failures.has(message) ? [{ message, error: failures.get(message) }] : [],
      ),
  };
}
