// Sends a state's pending notifications: claims them first, so that only one sender sends them, and clears them from the state once sent.

import { randomUUID } from 'node:crypto';
import type { AlertState, Refusal } from '../core/alert-state.ts';
import { inParallel } from '../core/in-parallel.ts';
import { heldBy, heldUntil, leftToDigest, withoutRecorded } from '../core/outbox.ts';
import type { DeliveryEvents } from './deliver-events.ts';
import { createClaims, type Claims, type ClaimPorts } from './claim-notifications.ts';
import type { Notifier, WindowStore } from './ports.ts';
import { createRecentWindows } from './recent-windows.ts';
import { channelsOf, createSendDigests, type Claimed } from './send-digests.ts';

export interface Outbox {
  /**
   * Writes the history, and sends the state's notifications that `sender` may send; those over the rate limit are left
   * to a digest. Rejects when something failed; it stays pending then, for the next sender. A notification that SNS
   * refuses does not reject: the refusal is in the history, and the notification waits for its next attempt.
   */
  deliver(state: AlertState, sender: string, events?: DeliveryEvents): Promise<void>;
  /** Writes the history, and gives the state that is then stored; the same state if the history could not be written. */
  record(state: AlertState): Promise<AlertState | undefined>;
  /**
   * Sends what was left to digests, one digest per set of channels. Claims no more states after `until` (epoch
   * milliseconds), so that time is left to send: these wait for the next sender. Rejects as `deliver` does.
   */
  deliverDigests(
    states: readonly AlertState[],
    sender: string,
    options?: DeliveryEvents & { readonly until?: number },
  ): Promise<void>;
}

const CALLS_AT_ONCE = 16;

export interface OutboxPorts extends ClaimPorts {
  readonly notifier: Notifier;
  readonly windows: Pick<WindowStore, 'before'>;
}

/**
 * Each run has its own name, even two runs of one event that came twice: otherwise both would send at the same time.
 */
const runOf = (sender: string) => `${sender}/${randomUUID()}`;

/** Sends what is claimed, one by one; gives the state with what is still pending, undefined if that has to wait. */
function createSend({ notifier, rateLimit, windows, now }: OutboxPorts, claiming: Claims) {
  const { write, release, requireClaim, clearSent, refuse } = claiming;
  const recentWindows = createRecentWindows({ windows, now });
  return async (held: AlertState, name: string, events: DeliveryEvents): Promise<AlertState | undefined> => {
    let state: AlertState | undefined = held;
    const until = heldUntil(held, name);
    for (const notification of heldBy(held, name)) {
      let refusal: Refusal | undefined;
      try {
        if (!(await rateLimit.admit())) {
          if (state) await write(state, (current) => leftToDigest(current, name));
          return undefined;
        }
        const recent = await recentWindows(notification, events);
        requireClaim(until);
        refusal = await notifier.notify(notification, recent);
      } catch (error) {
        if (state) await release(state, name);
        throw error;
      }
      if (!refusal) {
        events.onSent?.();
        state = state && (await clearSent(state, [notification], events));
        continue;
      }
      state = state && (await refuse(state, [notification], refusal, events));
      // If the topic refuses everything, the notifications after this one wait too.
      if (refusal.of === 'topic') return state && void (await release(state, name));
    }
    return state;
  };
}

function createDeliverDigests(ports: OutboxPorts, claiming: Claims): Outbox['deliverDigests'] {
  const sendDigests = createSendDigests(ports, claiming);
  return async (states, sender, { until = Infinity, ...events } = {}) => {
    const faults: unknown[] = [];
    const onFault = (error: unknown) => void faults.push(error);
    const name = runOf(sender);
    const claims: Claimed[] = [];
    await inParallel(states, CALLS_AT_ONCE, async (from) => {
      if (ports.now() >= until) return;
      const state = await claiming.claimPending(from, { name, sendsDigest: true }, onFault).catch(onFault);
      if (state) claims.push({ state, until: heldUntil(state, name), left: heldBy(state, name) });
    });
    let left = claims;
    do {
      const byChannels = Map.groupBy(left, (one) => channelsOf(one.left[0]!));
      for (const group of byChannels.values()) await sendDigests(group, name, events).catch(onFault);
      left = left.filter((one) => one.left.length > 0);
    } while (left.length > 0);
    if (faults.length > 0) throw faults[0];
  };
}

export function createOutbox(ports: OutboxPorts): Outbox {
  const claiming = createClaims(ports);
  const { claimPending, write } = claiming;
  const send = createSend(ports, claiming);

  return {
    async deliver(from, sender, events = {}) {
      const faults: unknown[] = [];
      const name = runOf(sender);
      let state: AlertState | undefined = from;
      do {
        state = await claimPending(state, { name }, (error) => faults.push(error));
        state &&= await send(state, name, events);
        // Notifications that others added meanwhile had to wait for this one.
      } while (state && state.pending.length > 0);
      if (faults.length > 0) throw faults[0];
    },

    async record(from) {
      const { unrecorded } = from;
      const isRecorded = await ports.history.record(unrecorded).then(
        () => true,
        () => false, // the sender tries again, and reports it
      );
      return isRecorded ? write(from, (current) => withoutRecorded(current, unrecorded)) : from;
    },

    deliverDigests: createDeliverDigests(ports, claiming),
  };
}
