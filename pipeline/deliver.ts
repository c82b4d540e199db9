// Sends the notifications that a state owes: held first so that one sender does, then sent, then cleared from the state.

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
   * Files what happened, and sends what `sender` may send of the state; what is too much for a minute is left to a
   * digest. Rejects when something could not be done; it is still owed then, and free for the next to come. What SNS
   * refuses is no such failure: it is in the history, and waits to be tried again.
   */
  deliver(state: AlertState, sender: string, events?: DeliveryEvents): Promise<void>;
  /** Files what happened, and gives the state that is then stored; the same one when that could not be done. */
  record(state: AlertState): Promise<AlertState | undefined>;
  /**
   * Sends what is left to digests, each set of channels by itself. Takes no more states after `until` (epoch
   * milliseconds), so that time is left to send: they wait for the next to come. Rejects as `pay` does.
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
  readonly guard: RateLimit;
  readonly windows: Pick<WindowStore, 'before'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Outbox {
  const { alerts, history, notifier, guard, windows, now } = options;
  const recentWindows = createRecentWindows({ windows, now });
  const noteSent = createNoteSent(options);

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

  /** The state with what this run of the payer may send held by it; undefined when there is nothing to send. Files what
   * happened, if that can be done. */
  async function hold(
    from: AlertState,
    sender: Pick<Sender, 'name' | 'sendsDigest'>,
    onFault: (error: unknown) => void,
  ): Promise<AlertState | undefined> {
    const at = { ...sender, now: now() };
    // People are told even where the history cannot be written; that is tried again with the next event.
    const entries = await history.record(from.unrecorded).then(
      () => from.unrecorded,
      (error: unknown) => (onFault(error), []),
    );
    const isFull = !at.sendsDigest && guard.isFull();
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

  /** An environment may be stopped while it waits, and go on when others have sent what it holds. */
  function requireHeld(until: number): void {
    if (now() >= until)
      throw new Error('Notifications were held for too long; whoever comes next sends them');
  }

  async function settle(
    state: AlertState,
    sent: readonly Notification[],
    events: DeliveryEvents,
  ): Promise<AlertState | undefined> {
    const next = await write(state, (current) => withoutSent(current, sent));
    await noteSent(sent, events);
    return next;
  }
  const release = (state: AlertState, name: string) => write(state, (current) => released(current, name));

  /** Notes that SNS refused these, and tells of what is new in that. */
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

  /** Sends what is held, one by one; gives what is owed then, undefined when that has to wait. */
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
        if (!(await guard.admit())) {
          if (state) await write(state, (current) => leftToDigest(current, name));
          return undefined;
        }
        const recent = await recentWindows(notification, events);
        requireHeld(until);
        refusal = await notifier.notify(notification, recent);
      } catch (error) {
        if (state) await release(state, name);
        throw error;
      }
      if (!refusal) {
        events.onSent?.();
        state = state && (await settle(state, [notification], events));
        continue;
      }
      state = state && (await refuse(state, [notification], refusal, events));
      // What comes after waits with it where SNS takes nothing.
      if (refusal.of === 'topic') return state && void (await release(state, name));
    }
    return state;
  }

  async function giveBack(owners: readonly Owner[], name: string): Promise<void> {
    for (const owner of owners) owner.left = [];
    await inParallel(owners, CALLS_AT_ONCE, async ({ state }) => state && release(state, name));
  }

  /** Takes notifications from what their owners hold. */
  async function take(
    owners: readonly Owner[],
    notifications: readonly Notification[],
    note: (state: AlertState, taken: readonly Notification[]) => Promise<AlertState | undefined>,
  ): Promise<void> {
    const taken = new Set(notifications);
    await inParallel(owners, CALLS_AT_ONCE, async (owner) => {
      const own = owner.left.filter((each) => taken.has(each));
      if (own.length === 0) return;
      owner.left = owner.left.filter((each) => !taken.has(each));
      owner.state = owner.state && (await note(owner.state, own));
    });
  }

  /** Sends one digest; of one that SNS refuses for its content, the halves, down to the notification that is at fault. */
  async function sendDigest(
    owners: readonly Owner[],
    name: string,
    digest: Digest,
    events: DeliveryEvents,
  ): Promise<void> {
    if (owners.every(({ left }) => left.length === 0)) return;
    const { notifications } = digest;
    let refusal: Refusal | undefined;
    try {
      requireHeld(Math.min(...owners.map(({ until }) => until)));
      refusal = await notifier.notifyAll(digest);
    } catch (error) {
      await giveBack(owners, name);
      throw error;
    }
    if (!refusal) {
      events.onSent?.();
      if (!digest.isSummary)
        await take(owners, notifications, async (state, own) => settle(state, own, events));
      return;
    }
    const why = refusal;
    if (digest.isSummary) {
      // The mails are still to come, and are what is noted.
      const outcome = { reason: `text message: ${why.reason}`, isOver: true, now: now() };
      events.onFailed?.(refusalEntry(notifications[0]!, outcome));
      return;
    }
    if (why.of === 'message' && notifications.length > 1) {
      const middle = Math.ceil(notifications.length / 2);
      for (const half of [notifications.slice(0, middle), notifications.slice(middle)])
        await sendDigest(owners, name, { ...digest, notifications: half }, events);
      return;
    }
    await take(owners, notifications, async (state, own) => refuse(state, own, why, events));
    if (why.of === 'topic') await giveBack(owners, name);
  }

  /** Sends what comes first of each owner, in as many digests as it takes. */
  async function sendDigests(owners: readonly Owner[], name: string, events: DeliveryEvents): Promise<void> {
    for (const digest of digestsOf(owners.map(({ left }) => sameChannels(left))))
      await sendDigest(owners, name, digest, events);
  }

  return {
    async deliver(from, sender, events = {}) {
      const faults: unknown[] = [];
      const name = runOf(sender);
      let state: AlertState | undefined = from;
      do {
        state = await hold(state, { name }, (error) => faults.push(error));
        state &&= await send(state, name, events);
        // What others decided meanwhile had to wait for this.
      } while (state && state.pending.length > 0);
      if (faults.length > 0) throw faults[0];
    },

    async record(from) {
      const { unrecorded } = from;
      const isRecorded = await history.record(unrecorded).then(
        () => true,
        () => false, // who pays tries again, and tells
      );
      return isRecorded ? write(from, (current) => withoutRecorded(current, unrecorded)) : from;
    },

    async deliverDigests(states, sender, { until = Infinity, ...events } = {}) {
      const faults: unknown[] = [];
      const onFault = (error: unknown) => void faults.push(error);
      const name = runOf(sender);
      const owners: Owner[] = [];
      await inParallel(states, CALLS_AT_ONCE, async (from) => {
        if (now() >= until) return;
        const state = await hold(from, { name, sendsDigest: true }, onFault).catch(onFault);
        if (state) owners.push({ state, until: heldUntil(state, name), left: heldBy(state, name) });
      });
      let left = owners;
      do {
        const byChannels = Map.groupBy(left, (owner) => channelsOf(owner.left[0]!));
        for (const group of byChannels.values()) await sendDigests(group, name, events).catch(onFault);
        left = left.filter((owner) => owner.left.length > 0);
      } while (left.length > 0);
      if (faults.length > 0) throw faults[0];
    },
  };
}

/** A state, and what of it is held for digests and not yet sent, oldest first. */
interface Owner {
  state: AlertState | undefined;
  readonly until: number;
  left: readonly Notification[];
}

/** No two runs have the same name, not even of one event that came twice: they would send at the same time. */
const runOf = (sender: string) => `${sender}/${randomUUID()}`;

const channelsOf = ({ channels }: Notification) => [...channels].sort().join();

/** Those at the beginning that go to the same channels: what comes after waits for the next digest, to stay in order. */
function sameChannels(notifications: readonly Notification[]): readonly Notification[] {
  const [first] = notifications;
  const end = notifications.findIndex((each) => channelsOf(each) !== channelsOf(first!));
  return end < 0 ? notifications : notifications.slice(0, end);
}
