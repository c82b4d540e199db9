// Sends notifications in digests: one for each set of channels, and for the halves of one whose content SNS refuses.

import type { AlertState, Notification, Refusal } from '../core/alert-state.ts';
import { refusalEntry } from '../core/alert-step.ts';
import { type Digest, digestsOf } from '../core/digest.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { DeliveryEvents } from './deliver-events.ts';
import type { Claims } from './claim-notifications.ts';
import type { Notifier } from './ports.ts';

/** A state, and its notifications that are claimed for digests and not sent yet, oldest first. */
export interface Claimed {
  state: AlertState | undefined;
  readonly until: number;
  left: readonly Notification[];
}

export interface DigestPorts {
  readonly notifier: Pick<Notifier, 'notifyAll'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const CALLS_AT_ONCE = 16;

/** Takes notifications out of the claims, and records that in each state. */
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

/** Sends the first notifications of each claim in digests. A rejection leaves what was not sent to the next sender. */
export type SendDigests = (claims: readonly Claimed[], name: string, events: DeliveryEvents) => Promise<void>;

async function releaseAll(claiming: Claims, claims: readonly Claimed[], name: string): Promise<void> {
  for (const one of claims) one.left = [];
  await inParallel(claims, CALLS_AT_ONCE, async ({ state }) => state && claiming.release(state, name));
}

function halvesOf({ notifications, ...digest }: Digest): readonly Digest[] {
  const middle = Math.ceil(notifications.length / 2);
  return [notifications.slice(0, middle), notifications.slice(middle)].map((half) => ({
    ...digest,
    notifications: half,
  }));
}

/** The refusal of a summary is only reported: the mails are still to come, and it is their outcome that is recorded. */
const summaryEntry = ({ notifications: [first] }: Digest, { reason }: Refusal, now: number) =>
  refusalEntry(first!, { reason: `text message: ${reason}`, isOver: true, now });

export function createSendDigests({ notifier, now }: DigestPorts, claiming: Claims): SendDigests {
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
      claiming.requireClaim(Math.min(...claims.map(({ until }) => until)));
      refusal = await notifier.notifyAll(digest);
    } catch (error) {
      await releaseAll(claiming, claims, name);
      throw error;
    }
    if (!refusal) {
      events.onSent?.();
      if (!digest.isSummary)
        await take(claims, notifications, async (state, own) => claiming.clearSent(state, own, events));
      return;
    }
    const why = refusal;
    if (digest.isSummary) {
      events.onFailed?.(summaryEntry(digest, why, now()));
      return;
    }
    if (why.of === 'message' && notifications.length > 1) {
      for (const half of halvesOf(digest)) await sendDigest(claims, name, half, events);
      return;
    }
    await take(claims, notifications, async (state, own) => claiming.refuse(state, own, why, events));
    if (why.of === 'topic') await releaseAll(claiming, claims, name);
  }

  return async (claims, name, events) => {
    for (const digest of digestsOf(claims.map(({ left }) => sameChannels(left))))
      await sendDigest(claims, name, digest, events);
  };
}

export const channelsOf = ({ channels }: Notification) => [...channels].sort().join();

/** The first notifications that go to the same channels. Those after them wait for the next digest, to keep the order. */
function sameChannels(notifications: readonly Notification[]): readonly Notification[] {
  const [first] = notifications;
  const end = notifications.findIndex((each) => channelsOf(each) !== channelsOf(first!));
  return end < 0 ? notifications : notifications.slice(0, end);
}
