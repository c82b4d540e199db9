// The messages of one event: each step does all that it can, and what fails is charged to the messages behind it.

import type { ParsedMessage } from '../core/message.ts';
import { inTime, OutOfTimeError, type TimeBudget } from './time-budget.ts';

/** A message of which something could not be stored, kept or sent, and the first error of it. */
export interface FailedMessage {
  readonly message: ParsedMessage;
  readonly error: unknown;
}

/** The messages for which something is done, in the order given; one at least. */
export type Behind = readonly ParsedMessage[];

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
    behind: (item: Item) => Behind,
    share: number,
  ): Promise<void>;
  /** Those that a device, or a sensor behind it, sent. */
  ofDevice(deviceId: string): Behind;
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

  const places = new Map(messages.map((message, place) => [message, place]));
  let byDevice: Map<string, ParsedMessage[]> | undefined;

  function charge(behind: Behind, error: unknown): void {
    for (const message of behind) if (!failures.has(message)) failures.set(message, error);
  }

  /** Lambda takes a batch up again from the first message that failed, so what comes after it need not be told apart. */
  function leave(first: number): void {
    until = Math.min(until, first);
    const count = messages.length - until;
    charge(
      messages.slice(until),
      new OutOfTimeError(
        `Out of time: ${count} of ${messages.length} messages are left for the next attempt, as a service answers slowly`,
      ),
    );
  }

  return {
    messages,

    async each(items, work, behind, share) {
      const doOne = async (item: (typeof items)[number]) => {
        try {
          await work(item);
        } catch (error) {
          charge(behind(item), error);
        }
      };
      const firstOf = (item: (typeof items)[number]) => places.get(behind(item)[0]!)!;
      const urgent = {
        share: 1 - (1 - share) * URGENT_REST,
        has: (item: (typeof items)[number]) => firstOf(item) === 0,
      };
      const left = await inTime(items, callsAtOnce, doOne, { budget, share, urgent });
      let first = messages.length;
      for (const item of left) first = Math.min(first, firstOf(item));
      if (left.size > 0) leave(first);
    },

    ofDevice(deviceId) {
      byDevice ??= groupedBy(messages, ({ context, accepted }) => [
        ...(context ? [context.deviceId] : []),
        ...accepted.map((reading) => reading.deviceId),
      ]);
      return byDevice.get(deviceId)!;
    },

    inTime: () => messages.slice(0, until),

    failed: () =>
      messages.flatMap((message) =>
        failures.has(message) ? [{ message, error: failures.get(message) }] : [],
      ),
  };
}

/** The messages by the keys that each of them has, both in the order in which they come. */
export function groupedBy(
  messages: readonly ParsedMessage[],
  keysOf: (message: ParsedMessage) => readonly string[],
): Map<string, ParsedMessage[]> {
  const groups = new Map<string, ParsedMessage[]>();
  for (const message of messages) {
    for (const key of keysOf(message)) {
      const group = groups.get(key);
      if (!group) groups.set(key, [message]);
      else if (group.at(-1) !== message) group.push(message);
    }
  }
  return groups;
}
