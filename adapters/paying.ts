// Sends the notifications that a state owes: held first so that one sender does, then sent, then cleared from the state.

import type { AlertState, Notification } from '../core/alert-state.ts';
import { SEVERITIES } from '../core/alert-rule.ts';
import { claim, filed, heldBy, isPayable, leftToDigest, released, settled } from '../core/outbox.ts';
import type { AlertHistory } from './alert-history.ts';
import type { AlertStore } from './alert-store.ts';
import { inParallel } from './in-parallel.ts';
import type { Notifier } from './notifier.ts';
import type { AdmitNotification } from './storm-guard.ts';

export interface Paying {
  /**
   * Files what happened, and sends what `payer` may send of the state; what is too much for a minute is left to a
   * digest. Rejects when something could not be done; it is still owed then, and free for the next to come. Calls
   * `onSent` after each notification that was sent.
   */
  pay(state: AlertState, payer: string, onSent?: () => void): Promise<void>;
  /** Sends what is left to digests, in one for each set of channels. Rejects as `pay` does. */
  payDigests(states: readonly AlertState[], payer: string, onSent?: () => void): Promise<void>;
}

const CALLS_AT_ONCE = 16;

export function createPaying(options: {
  readonly alerts: Pick<AlertStore, 'load' | 'transition'>;
  readonly history: Pick<AlertHistory, 'file'>;
  readonly notifier: Notifier;
  readonly admit: AdmitNotification;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Paying {
  const { alerts, history, notifier, admit, now } = options;

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
      state = (await alerts.load(from.deviceId)).states.get(from.ruleId);
    }
    return undefined;
  }

  /** The state held by the payer; undefined when there is nothing to send. Files what happened, if that can be done. */
  async function hold(
    from: AlertState,
    name: string,
    onFault: (error: unknown) => void,
    sendsDigest = false,
  ): Promise<AlertState | undefined> {
    const payer = { name, now: now(), sendsDigest };
    // People are told even where the history cannot be written; that is tried again with the next event.
    const entries = await history.file(from.unfiled).then(
      () => from.unfiled,
      (error: unknown) => (onFault(error), []),
    );
    let isHeld = false;
    const state = await write(from, (current) => {
      const rest = filed(current, entries);
      isHeld = isPayable(current, payer);
      return isHeld ? claim(rest ?? current, payer) : rest;
    });
    return isHeld ? state : undefined;
  }

  return {
    async pay(owing, payer, onSent) {
      const faults: unknown[] = [];
      let state = await hold(owing, payer, (error) => faults.push(error));
      for (const notification of state ? heldBy(state, payer) : []) {
        try {
          if (!(await admit())) {
            if (state) await write(state, (current) => leftToDigest(current, payer));
            break;
          }
          await notifier.notify(notification);
        } catch (error) {
          if (state) await write(state, (current) => released(current, payer));
          throw error;
        }
        onSent?.();
        state = state && (await write(state, (current) => settled(current, notification.alertId)));
      }
      if (faults.length > 0) throw faults[0];
    },

    async payDigests(states, payer, onSent) {
      const faults: unknown[] = [];
      const held: { readonly state: AlertState; readonly notification: Notification }[] = [];
      await inParallel(states, CALLS_AT_ONCE, async (owing) => {
        const state = await hold(owing, payer, (error) => faults.push(error), true);
        for (const notification of state ? heldBy(state, payer) : [])
          held.push({ state: state!, notification });
      });
      const byChannels = Map.groupBy(held, ({ notification }) => [...notification.channels].sort().join());
      for (const group of byChannels.values()) {
        group.sort((a, b) => rank(b.notification) - rank(a.notification));
        try {
          await notifier.notifyAll(group.map(({ notification }) => notification));
        } catch (error) {
          await inParallel(group, CALLS_AT_ONCE, async ({ state }) => {
            await write(state, (current) => released(current, payer));
          });
          throw error;
        }
        onSent?.();
        await inParallel(group, CALLS_AT_ONCE, async ({ state, notification }) => {
          await write(state, (current) => settled(current, notification.alertId));
        });
      }
      if (faults.length > 0) throw faults[0];
    },
  };
}

/** Worst first, in order of what was decided. */
const rank = ({ severity }: Notification) => SEVERITIES.indexOf(severity);
