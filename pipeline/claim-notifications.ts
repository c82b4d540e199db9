// Claims the notifications of a state for one sender, and records what became of each.

import type { AlertState, Notification, Refusal } from '../core/alert-state.ts';
import {
  canSend,
  claim,
  leftToDigest,
  refused,
  released,
  type Sender,
  withoutRecorded,
  withoutSent,
} from '../core/outbox.ts';
import type { DeliveryEvents } from './deliver-events.ts';
import { createNoteSent } from './note-sent.ts';
import type { AlertHistory, AlertStore, RateLimit } from './ports.ts';
import type { ListRecipients } from './recipient-ports.ts';

type Written = Promise<AlertState | undefined>;

/** Each gives the state that is then stored. */
export interface Claims {
  /** Writes a change of the state, whatever others write meanwhile. */
  readonly write: (from: AlertState, change: (state: AlertState) => AlertState | undefined) => Written;
  /**
   * The state with the notifications that this sender may send now, claimed by it; undefined when there is nothing to
   * send. Writes the history first, if that is possible.
   */
  readonly claimPending: (
    from: AlertState,
    sender: Pick<Sender, 'name' | 'sendsDigest'>,
    onFault: (error: unknown) => void,
  ) => Written;
  /**
   * Throws when the claim has expired: an environment may be frozen while it waits, and resume after others have sent.
   */
  readonly requireClaim: (until: number) => void;
  /** Clears what was sent. */
  readonly clearSent: (state: AlertState, sent: readonly Notification[], events: DeliveryEvents) => Written;
  readonly release: (state: AlertState, name: string) => Written;
  /** Records that SNS refused these, and reports each new refusal. */
  readonly refuse: (
    from: AlertState,
    notifications: readonly Notification[],
    refusal: Refusal,
    events: DeliveryEvents,
  ) => Written;
}

export interface ClaimPorts {
  readonly alerts: Pick<AlertStore, 'load' | 'transition'>;
  readonly history: Pick<AlertHistory, 'record' | 'noteSent'>;
  readonly listRecipients: ListRecipients;
  readonly rateLimit: RateLimit;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** @returns `write` of the claims */
function createWrite({ alerts }: ClaimPorts): Claims['write'] {
  return async (from, change) => {
    let state: AlertState | undefined = from;
    while (state) {
      const next = change(state);
      if (!next) return state;
      if (await alerts.transition(state, next)) return next;
      state = (await alerts.load(from.deviceId)).states.get(from.ruleId);
    }
    return undefined;
  };
}

function createClaimPending(ports: ClaimPorts, write: Claims['write']): Claims['claimPending'] {
  const { history, rateLimit, now } = ports;
  return async (from, sender, onFault) => {
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
  };
}

function createRefuse({ now }: ClaimPorts, write: Claims['write']): Claims['refuse'] {
  return async (from, notifications, refusal, { onFailed }) => {
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
  };
}

export function createClaims(ports: ClaimPorts): Claims {
  const noteSent = createNoteSent(ports);
  const write = createWrite(ports);
  return {
    write,
    claimPending: createClaimPending(ports, write),
    requireClaim(until) {
      if (ports.now() < until) return;
      throw new Error('The claim on the notifications expired; the next sender sends them');
    },
    async clearSent(state, sent, events) {
      const next = await write(state, (current) => withoutSent(current, sent));
      await noteSent(sent, events);
      return next;
    },
    release: async (state, name) => write(state, (current) => released(current, name)),
    refuse: createRefuse(ports, write),
  };
}
