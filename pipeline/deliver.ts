// Sends a state's pending notifications: claims them first, so that only one sender sends them, and clears them from the state once sent.

import { randomUUID } from 'node:crypto';
import type { AlertState, Notification, Refusal } from '../core/alert-state.ts';
import { refusalEntry } from '../core/alert-step.ts';
import { digestsOf, type Digest } from '../core/digest.ts';
import { inParallel } from '../core/in-parallel.ts';
import {
  claim,
  withoutRecorded,
  heldBy,
  heldUntil,
  canSend,
  leftToDigest,
  refused,
  released,
  withoutSent,
  type Sender,
} from '../core/outbox.ts';
import type { DeliveryEvents } from './deliver-events.ts';
import { createNoteSent } from './note-sent.ts';
import type { AlertHistory, AlertStore, Notifier, RateLimit, WindowStore } from './ports.ts';
import type { ListRecipients } from './recipient-ports.ts';
import { createRecentWindows } from './recent-windows.ts';

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

export function createOutbox(options: {
  readonly alerts: Pick<AlertStore, 'load' | 'transition'>;
  readonly history: Pick<AlertHistory, 'record' | 'noteSent'>;
  readonly notifier: Notifier;
  readonly listRecipients: ListRecipients;
  readonly rateLimit: RateLimit;
  readonly windows: Pick<WindowStore, 'before'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Outbox {
  const { alerts, history, notifier, rateLimit, windows, now } = options;
  const recentWindows = createRecentWindows({ windows, now });
  const noteSent = createNoteSent(options);

  /** Writes a change of the state, again if others wrote it meanwhile; gives the state that is then stored. */
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

  /** Claims what this sender may send; undefined when there is nothing to send. Writes the history if it can. */
  async function claimPending(
    from: AlertState,
    sender: Pick<Sender, 'name' | 'sendsDigest'>,
    onFault: (error: unknown) => void,
  ): Promise<AlertState | undefined> {
    const at = { ...sender, now: now() };
    // Notifications are sent even if the history cannot be written; the next event tries that again.
    const entries = await history.record(from.unrecorded).then(
      () => from.unrecorded,
      (error: unknown) => (onFault(error), []),
    );
    const isFull = !at.sendsDigest && rateLimit.isFull();
    let isHeld = false;
    const state = await write(from, (current) => {
      const rest = withoutRecorded(current, entries);
      isHeld = canSend(current, at);
      if (!isHeld) return rest;
      const held = claim(rest ?? current, at);
      return isFull ? leftToDigest(held, at.name) : held;
    });
    return isHeld && !isFull ? state : undefined;
  }

  /** An environment may be frozen while it waits, and continue after others have sent what it claimed. */
  function requireClaim(until: number): void {
    if (now() >= until) throw new Error('The claim on the notifications expired; the next sender sends them');
  }

  async function clearSent(
    state: AlertState,
    sent: readonly Notification[],
    events: DeliveryEvents,
  ): Promise<AlertState | undefined> {
    const next = await write(state, (current) => withoutSent(current, sent));
    await noteSent(sent, events);
    return next;
  }
  const release = (state: AlertState, name: string) => write(state, (current) => released(current, name));

  /** Records that SNS refused these notifications, and reports the refusals that are new. */
  async function refuse(
    from: AlertState,
    notifications: readonly Notification[],
    refusal: Refusal,
    { onFailed }: DeliveryEvents,
  ): Promise<AlertState | undefined> {
    let known: ReadonlySet<string> = new Set();
    const state = await write(from, (current) => {
      known = new Set(current.unrecorded.map(({ entryId }) => entryId));
      return refused(current, notifications, refusal, now());
    });
    const fresh = state?.unrecorded.filter(
      ({ entryId, what }) => what === 'delivery-failed' && !known.has(entryId),
    );
    for (const entry of fresh ?? []) onFailed?.(entry);
    return state;
  }

  /** Sends what is claimed, one by one; gives the state with what is still pending, undefined if that has to wait. */
  async function send(
    held: AlertState,
    name: string,
    events: DeliveryEvents,
  ): Promise<AlertState | undefined> {
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
  }

  async function releaseAll(claims: readonly Claimed[], name: string): Promise<void> {
    for (const one of claims) one.left = [];
    await inParallel(claims, CALLS_AT_ONCE, async ({ state }) => state && release(state, name));
  }

  /** Takes notifications out of the claims, and notes that in each state. */
  async function take(
    claims: readonly Claimed[],
    notifications: readonly Notification[],
    note: (state: AlertState, taken: readonly Notification[]) => Promise<AlertState | undefined>,
  ): Promise<void> {
    const taken = new Set(notifications);
    await inParallel(claims, CALLS_AT_ONCE, async (one) => {
      const own = one.left.filter((each) => taken.has(each));
      if (own.length === 0) return;
      one.left = one.left.filter((each) => !taken.has(each));
      one.state = one.state && (await note(one.state, own));
    });
  }

  /** Sends one digest. If SNS refuses its content, sends its halves, down to the notification at fault. */
  async function sendDigest(
    claims: readonly Claimed[],
    name: string,
    digest: Digest,
    events: DeliveryEvents,
  ): Promise<void> {
    if (claims.every(({ left }) => left.length === 0)) return;
    const { notifications } = digest;
    let refusal: Refusal | undefined;
    try {
      requireClaim(Math.min(...claims.map(({ until }) => until)));
      refusal = await notifier.notifyAll(digest);
    } catch (error) {
      await releaseAll(claims, name);
      throw error;
    }
    if (!refusal) {
      events.onSent?.();
      if (!digest.isSummary)
        await take(claims, notifications, async (state, own) => clearSent(state, own, events));
      return;
    }
    const why = refusal;
    if (digest.isSummary) {
      // The mails are still to come, and it is their outcome that is recorded.
      const outcome = { reason: `text message: ${why.reason}`, isOver: true, now: now() };
      events.onFailed?.(refusalEntry(notifications[0]!, outcome));
      return;
    }
    if (why.of === 'message' && notifications.length > 1) {
      const middle = Math.ceil(notifications.length / 2);
      for (const half of [notifications.slice(0, middle), notifications.slice(middle)])
        await sendDigest(claims, name, { ...digest, notifications: half }, events);
      return;
    }
    await take(claims, notifications, async (state, own) => refuse(state, own, why, events));
    if (why.of === 'topic') await releaseAll(claims, name);
  }

  /** Sends the first notifications of each claim, in as many digests as needed. */
  async function sendDigests(
    claims: readonly Claimed[],
    name: string,
    events: DeliveryEvents,
  ): Promise<void> {
    for (const digest of digestsOf(claims.map(({ left }) => sameChannels(left))))
      await sendDigest(claims, name, digest, events);
  }

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
      const isRecorded = await history.record(unrecorded).then(
        () => true,
        () => false, // the sender tries again, and reports it
      );
      return isRecorded ? write(from, (current) => withoutRecorded(current, unrecorded)) : from;
    },

    async deliverDigests(states, sender, { until = Infinity, ...events } = {}) {
      const faults: unknown[] = [];
      const onFault = (error: unknown) => void faults.push(error);
      const name = runOf(sender);
      const claims: Claimed[] = [];
      await inParallel(states, CALLS_AT_ONCE, async (from) => {
        if (now() >= until) return;
        const state = await claimPending(from, { name, sendsDigest: true }, onFault).catch(onFault);
        if (state) claims.push({ state, until: heldUntil(state, name), left: heldBy(state, name) });
      });
      let left = claims;
      do {
        const byChannels = Map.groupBy(left, (one) => channelsOf(one.left[0]!));
        for (const group of byChannels.values()) await sendDigests(group, name, events).catch(onFault);
        left = left.filter((one) => one.left.length > 0);
      } while (left.length > 0);
      if (faults.length > 0) throw faults[0];
    },
  };
}

/** A state, and its notifications that are claimed for digests and not sent yet, oldest first. */
interface Claimed {
  state: AlertState | undefined;
  readonly until: number;
  left: readonly Notification[];
}

/** Each run has its own name, even two runs of one event that came twice: else both would send at the same time. */
const runOf = (sender: string) => `${sender}/${randomUUID()}`;

const channelsOf = ({ channels }: Notification) => [...channels].sort().join();

/** The first notifications that go to the same channels. Those after them wait for the next digest, to keep the order. */
function sameChannels(notifications: readonly Notification[]): readonly Notification[] {
  const [first] = notifications;
  const end = notifications.findIndex((each) => channelsOf(each) !== channelsOf(first!));
  return end < 0 ? notifications : notifications.slice(0, end);
}
