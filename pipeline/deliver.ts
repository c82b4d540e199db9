// Sends the notifications that a state owes: held first so that one sender does, then sent, then cleared from the state.

import { randomUUID } from 'node:crypto';
import { SEVERITIES } from '../core/alert-rule.ts';
import type { AlertState, Notification } from '../core/alert-state.ts';
import { inParallel } from '../core/in-parallel.ts';
import {
  claim,
  filed,
  heldBy,
  heldUntil,
  isPayable,
  leftToDigest,
  released,
  settled,
  type Payer,
} from '../core/outbox.ts';
import type { AlertHistory, AlertStore, Notifier, StormGuard } from './ports.ts';

export interface Paying {
  /**
   * Files what happened, and sends what `payer` may send of the state; what is too much for a minute is left to a
   * digest. Rejects when something could not be done; it is still owed then, and free for the next to come. Calls
   * `onSent` after each notification that was sent.
   */
  pay(state: AlertState, payer: string, onSent?: () => void): Promise<void>;
  /**
   * Sends what is left to digests, in one for each set of channels. Takes no more states after `until` (epoch
   * milliseconds), so that time is left to send: they wait for the next to come. Rejects as `pay` does.
   */
  payDigests(
    states: readonly AlertState[],
    payer: string,
    options?: { readonly until?: number; readonly onSent?: () => void },
  ): Promise<void>;
}

const CALLS_AT_ONCE = 16;

export function createPaying(options: {
  readonly alerts: Pick<AlertStore, 'load' | 'transition'>;
  readonly history: Pick<AlertHistory, 'file'>;
  readonly notifier: Notifier;
  readonly guard: StormGuard;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Paying {
  const { alerts, history, notifier, guard, now } = options;

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
    payer: Pick<Payer, 'name' | 'sendsDigest'>,
    onFault: (error: unknown) => void,
  ): Promise<AlertState | undefined> {
    const at = { ...payer, now: now() };
    // People are told even where the history cannot be written; that is tried again with the next event.
    const entries = await history.file(from.unfiled).then(
      () => from.unfiled,
      (error: unknown) => (onFault(error), []),
    );
    const isFull = !at.sendsDigest && guard.isFull();
    let isHeld = false;
    const state = await write(from, (current) => {
      const rest = filed(current, entries);
      isHeld = isPayable(current, at);
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

  const settle = (state: AlertState, sent: readonly Notification[]) =>
    write(state, (current) => settled(current, sent));
  const release = (state: AlertState, name: string) => write(state, (current) => released(current, name));

  /** Sends what is held, one by one; gives what is owed then, undefined when that has to wait. */
  async function send(
    held: AlertState,
    name: string,
    onSent: (() => void) | undefined,
  ): Promise<AlertState | undefined> {
    let state: AlertState | undefined = held;
    const until = heldUntil(held, name);
    for (const notification of heldBy(held, name)) {
      try {
        if (!(await guard.admit())) {
          if (state) await write(state, (current) => leftToDigest(current, name));
          return undefined;
        }
        requireHeld(until);
        await notifier.notify(notification);
      } catch (error) {
        if (state) await release(state, name);
        throw error;
      }
      onSent?.();
      state = state && (await settle(state, [notification]));
    }
    return state;
  }

  /** Sends one digest, and takes what it tells from what its owners hold. */
  async function sendDigest(owners: readonly Owner[], name: string): Promise<void> {
    const notifications = owners.flatMap(({ left }) => sameChannels(left));
    try {
      requireHeld(Math.min(...owners.map(({ until }) => until)));
      await notifier.notifyAll(notifications.sort((a, b) => rank(b) - rank(a)));
    } catch (error) {
      for (const owner of owners) owner.left = [];
      await inParallel(owners, CALLS_AT_ONCE, async ({ state }) => state && release(state, name));
      throw error;
    }
    await inParallel(owners, CALLS_AT_ONCE, async (owner) => {
      const sent = sameChannels(owner.left);
      owner.left = owner.left.slice(sent.length);
      owner.state = owner.state && (await settle(owner.state, sent));
    });
  }

  return {
    async pay(owing, payer, onSent) {
      const faults: unknown[] = [];
      const name = runOf(payer);
      let state: AlertState | undefined = owing;
      do {
        state = await hold(state, { name }, (error) => faults.push(error));
        state &&= await send(state, name, onSent);
        // What others decided meanwhile had to wait for this.
      } while (state && state.pending.length > 0);
      if (faults.length > 0) throw faults[0];
    },

    async payDigests(states, payer, { until = Infinity, onSent } = {}) {
      const faults: unknown[] = [];
      const onFault = (error: unknown) => void faults.push(error);
      const name = runOf(payer);
      const owners: Owner[] = [];
      await inParallel(states, CALLS_AT_ONCE, async (owing) => {
        if (now() >= until) return;
        const state = await hold(owing, { name, sendsDigest: true }, onFault).catch(onFault);
        if (state) owners.push({ state, until: heldUntil(state, name), left: heldBy(state, name) });
      });
      let left = owners;
      do {
        const byChannels = Map.groupBy(left, (owner) => channelsOf(owner.left[0]!));
        for (const group of byChannels.values())
          await sendDigest(group, name).then(() => onSent?.(), onFault);
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
const runOf = (payer: string) => `${payer}/${randomUUID()}`;

const channelsOf = ({ channels }: Notification) => [...channels].sort().join();

/** Those at the beginning that go to the same channels: what comes after waits for the next digest, to stay in order. */
function sameChannels(notifications: readonly Notification[]): readonly Notification[] {
  const [first] = notifications;
  const end = notifications.findIndex((each) => channelsOf(each) !== channelsOf(first!));
  return end < 0 ? notifications : notifications.slice(0, end);
}

/** Of what is told first; what is alike stays in order. */
const rank = ({ severity }: Notification) => SEVERITIES.indexOf(severity);
