// The messages of one event: each step does as much as it can, and each failure is assigned to the messages that caused the work.

import type { ParsedMessage } from '../core/message.ts';
import { inTime, OutOfTimeError, type TimeBudget } from './time-budget.ts';

/** A message for which something could not be stored or sent, and its first error. */
export interface FailedMessage {
  readonly message: ParsedMessage;
  readonly error: unknown;
}

/** The messages that an item of work comes from, in the order given; at least one. */
export type Behind = readonly ParsedMessage[];

export interface Batch {
  readonly messages: readonly ParsedMessage[];
  /**
   * Works on all `items`, and assigns each failure to the messages behind the item. When the step's share of the time is
   * used up, the first message with work left, and all messages after it, come again. Work for the very first message
   * gets most of the time: otherwise the whole batch would come again and take as long each time. Never rejects.
   */
  each<Item>(
    items: readonly Item[],
    work: (item: Item) => Promise<void>,
    behind: (item: Item) => Behind,
    share: number,
  ): Promise<void>;
  /** The messages that a device, or a sensor behind it, sent. */
  ofDevice(deviceId: string): Behind;
  /** The messages for which there is time, as far as is known. The others come again and need no further steps. */
  inTime(): readonly ParsedMessage[];
  /** Messages that must come again, in the order given. */
  failed(): FailedMessage[];
}

/** The part of the later steps' time that stays reserved for them when the first message takes long. */
const URGENT_REST = 1 / 4;

/** The first error of each message, and the first message for which there is no time. */
function createOutcomes(messages: readonly ParsedMessage[]) {
  const failures = new Map<ParsedMessage, unknown>();
  let until = messages.length;

  function charge(behind: Behind, error: unknown): void {
    for (const message of behind) if (!failures.has(message)) failures.set(message, error);
  }

  /** Lambda retries a batch from the first message that failed, so the messages after it all count as failed. */
  function leave(first: number): void {
    until = Math.min(until, first);
    const count = messages.length - until;
    charge(
      messages.slice(until),
      new OutOfTimeError(
        `Out of time: ${count} of ${messages.length} messages are left for the next attempt, because a service answers slowly`,
      ),
    );
  }

  return {
    charge,
    leave,
    inTime: () => messages.slice(0, until),
    failed: () =>
      messages.flatMap((message) =>
        failures.has(message) ? [{ message, error: failures.get(message) }] : [],
      ),
  };
}

/** `callsAtOnce`: calls to AWS at a time. */
export function createBatch(
  messages: readonly ParsedMessage[],
  callsAtOnce: number,
  budget: TimeBudget,
): Batch {
  const { charge, leave, inTime: messagesInTime, failed } = createOutcomes(messages);
  const places = new Map(messages.map((message, place) => [message, place]));
  let byDevice: Map<string, ParsedMessage[]> | undefined;

  return {
    ...{ messages, inTime: messagesInTime, failed },

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
  };
}

/** Groups the messages by the keys of each. Keys and messages stay in the order in which they come. */
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
