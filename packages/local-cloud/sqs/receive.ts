// Receives messages of one queue: waits for them, hides them while a receiver has them, and moves those received too often.

import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { QueueSettings } from './queue.ts';
import { isOld, type Entry, type QueueEntries } from './queue-entries.ts';
import type { QueueSpec } from './queue-spec.ts';
import type { Queue, Receive, Received } from './stored-message.ts';

const receiptOf = (id: string) => Buffer.from(`${id} ${randomUUID()}`).toString('base64url');

const isSpent = ({ receives }: Entry, { redrive }: QueueSpec) =>
  redrive !== undefined && receives >= redrive.maxReceives;

/** Sorts the visible messages: those to receive, and those to move to the dead-letter queue. */
function choose(
  { spec, clock }: QueueSettings,
  entries: QueueEntries,
  { most, fits = () => true }: Receive,
): { chosen: Entry[]; spent: Entry[] } {
  const [chosen, spent]: [Entry[], Entry[]] = [[], []];
  for (const id of entries.visibility.visible) {
    const entry = entries.get(id)!;
    if (isOld(entry, spec, clock)) continue;
    if (isSpent(entry, spec)) {
      spent.push(entry);
      continue;
    }
    if (chosen.length >= most || !fits(entry.message)) break;
    chosen.push(entry);
  }
  return { chosen, spent };
}

/** Gives messages to the receiver; they return to the queue when that cannot be written. */
async function take(
  { file, clock }: QueueSettings,
  entries: QueueEntries,
  chosen: readonly Entry[],
  visibilityMs: number,
): Promise<Received[]> {
  const now = clock.now();
  const taken = chosen.map(({ message, receives, firstAt }): Entry => ({
    ...{ message, receives: receives + 1, firstAt: firstAt || now },
    ...{ receipt: receiptOf(message.id), visibleAt: now + visibilityMs },
  }));
  for (const entry of taken) entries.place(entry, visibilityMs);
  try {
    if (taken.length > 0) await file.commit(taken.map((entry) => entries.deliveryChange(entry)));
  } catch (error) {
    for (const entry of chosen) if (entries.get(entry.message.id)) entries.place(entry, 0);
    throw error;
  }
  return taken.map(({ message, receipt, receives, firstAt }) => ({
    ...{ ...message, receipt, receives, firstAt },
  }));
}

/** Moves messages to the dead-letter queue. */
async function move(
  { spec, file, redrive }: QueueSettings,
  entries: QueueEntries,
  spent: readonly Entry[],
): Promise<void> {
  if (spent.length === 0) return;
  const { changes, done } = redrive(spent.map(({ message }) => message));
  const ids = spent.map(({ message }) => message.id);
  // Hidden meanwhile, so that no receive takes them; what cannot be written is tried again with a later receive.
  for (const id of ids) entries.visibility.hide(id, spec.visibilityMs);
  await file.commit([...ids.flatMap((id) => entries.removal(id)), ...changes]);
  entries.forget(ids);
  done();
}

/** @returns the `receive` of a queue. @param isClosed asked after each wait */
export function createReceive(
  settings: QueueSettings,
  entries: QueueEntries,
  isClosed: () => boolean,
): Queue['receive'] {
  const { clock } = settings;
  const { visibility } = entries;
  return async (wanted) => {
    if (isClosed()) throw new AwsError('ServiceUnavailable', 'The queue is closed.', 503);
    const { waitMs = 0 } = wanted;
    const begun = clock.elapsed();
    while (!isClosed()) {
      visibility.release();
      const { chosen, spent } = choose(settings, entries, wanted);
      const left = waitMs - (clock.elapsed() - begun);
      // Before anything else happens, so that no message arrives unnoticed.
      const woken = chosen.length === 0 && left > 0 ? visibility.wait(left) : undefined;
      const moved = move(settings, entries, spent);
      moved.catch(() => {}); // thrown below, after the chosen messages are taken
      const received = await take(settings, entries, chosen, wanted.visibilityMs);
      await moved;
      if (!woken) return received;
      await woken;
    }
    return [];
  };
}
