// Sends the notifications that a state owes: held first so that one sender does, then sent, then cleared from the state.

import type { AlertState } from '../core/alert.ts';
import { claim, heldBy, isPayable, released, settled } from '../core/outbox.ts';
import type { AlertStore } from './alert-store.ts';
import type { Notify } from './notifier.ts';

/**
 * Sends what `payer` may send of the state. Rejects when a notification could not be sent; it is still owed then, and
 * free for the next to come. Calls `onSent` after each that was sent.
 */
export type Pay = (state: AlertState, payer: string, onSent?: () => void) => Promise<void>;

export function createPaying(options: {
  readonly alerts: AlertStore;
  readonly notify: Notify;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Pay {
  const { alerts, notify, now } = options;

  /** Writes a change of the state, whatever others write meanwhile; gives what then is stored. */
  async function write(
    from: AlertState,
    change: (state: AlertState) => AlertState | undefined,
  ): Promise<AlertState | undefined> {
    let state: AlertState | undefined = from;
    while (state) {
      const next = change(state);
      if (!next) return state;
      if (await alerts.transition(state, next)) return next;
      state = (await alerts.load(from.deviceId)).get(from.ruleId);
    }
    return undefined;
  }

  return async (owing, payer, onSent) => {
    if (!isPayable(owing, payer, now())) return;
    const held = await write(owing, (current) =>
      isPayable(current, payer, now()) ? claim(current, payer, now()) : undefined,
    );
    let state = held;
    for (const notification of held ? heldBy(held, payer) : []) {
      try {
        await notify(notification);
      } catch (error) {
        if (state) await write(state, (current) => released(current, payer));
        throw error;
      }
      onSent?.();
      state = state && (await write(state, (current) => settled(current, notification.alertId)));
    }
  };
}
