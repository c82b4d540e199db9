// The messages of one event: each step does all that it can, and what fails is charged to the messages behind it.

import { inParallel } from '../core/in-parallel.ts';
import type { ParsedMessage } from '../core/message.ts';

/** A message of which something could not be stored, kept or sent, and the first error of it. */
export interface FailedMessage {
  readonly message: ParsedMessage;
  readonly error: unknown;
}

export interface Batch {
  readonly messages: readonly ParsedMessage[];
  /** Does all of `items`, and charges what fails to the messages behind it. Never rejects. */
  each<Item>(
    items: readonly Item[],
    work: (item: Item) => Promise<void>,
    isBehind: (message: ParsedMessage, item: Item) => boolean,
  ): Promise<void>;
  /** Messages that must come again, in the order given. */
  failed(): FailedMessage[];
}

/** `callsAtOnce`: calls to AWS at a time. */
export function createBatch(messages: readonly ParsedMessage[], callsAtOnce: number): Batch {
  const failures = new Map<ParsedMessage, unknown>();
  return {
    messages,

    async each(items, work, isBehind) {
      await inParallel(items, callsAtOnce, async (item) => {
        try {
          await work(item);
        } catch (error) {
          const behind = messages.filter((message) => isBehind(message, item) && !failures.has(message));
          for (const message of behind) failures.set(message, error);
        }
      });
    },

    failed: () =>
      messages.flatMap((message) =>
        failures.has(message) ? [{ message, error: failures.get(message) }] : [],
      ),
  };
}
