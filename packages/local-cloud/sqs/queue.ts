// One queue: which messages may be received now, which are with a receiver, and how often each was; all of it also on disk.

import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Change, RecordFile } from '../files/record-file.ts';
import { type Entry, loadEntries, type QueueEntries } from './queue-entries.ts';
import type { QueueSpec } from './queue-spec.ts';
import type { Queue, Receive, Received, StoredMessage } from './stored-message.ts';

export interface QueueSettings {
  readonly spec: QueueSpec;
  readonly file: RecordFile;
  readonly clock: Clock;
  /** Gives the changes that put these into the dead-letter queue, and what is done once they are on disk. */
  readonly redrive: (messages: readonly StoredMessage[]) => {
    readonly changes: Change[];
    readonly done: () => void;
  };
}

const receiptOf = (id: string) => Buffer.from(`${id} ${randomUUID()}`).toString('base64url');

/** @throws AwsError ReceiptHandleIsInvalid for a handle that no receive returned */
function idIn(receipt: string): string {
  const [id, nonce] = Buffer.from(receipt, 'base64url').toString('utf8').split(' ');
  if (id !== undefined && nonce !== undefined && /^[0-9a-f-]{36}$/.test(nonce)) return id;
  throw new AwsError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.', 404);
}

const newEntry = (message: StoredMessage, delayMs = 0): Entry => ({
  ...{ message, receives: 0, firstAt: 0, receipt: '', visibleAt: message.sentAt + delayMs },
});

const isOld = ({ message }: Entry, { retentionMs }: QueueSpec, clock: Clock) =>
  clock.now() - message.sentAt >= retentionMs;
const isSpent = ({ receives }: Entry, { redrive }: QueueSpec) =>
  redrive !== undefined && receives >= redrive.maxReceives;

/** @returns the `receive` of a queue. @param isClosed asked after each wait */
function createReceive(
  { spec, file, clock, redrive }: QueueSettings,
  entries: QueueEntries,
  isClosed: () => boolean,
): Queue['receive'] {
  const { visibility } = entries;

  /** Takes the visible ones apart: to receive, to move to the dead-letter queue. */
  function choose({ most, fits = () => true }: Receive): { chosen: Entry[]; spent: Entry[] } {
    const [chosen, spent]: [Entry[], Entry[]] = [[], []];
    for (const id of visibility.visible) {
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

  /** Hands them to the receiver; they go back into the queue when that cannot be written. */
  async function take(chosen: readonly Entry[], visibilityMs: number): Promise<Received[]> {
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

  async function move(spent: readonly Entry[]): Promise<void> {
    if (spent.length === 0) return;
    const { changes, done } = redrive(spent.map(({ message }) => message));
    const ids = spent.map(({ message }) => message.id);
    // Nobody else takes them meanwhile; what cannot be written is tried again with a later receive.
    for (const id of ids) visibility.hide(id, spec.visibilityMs);
    await file.commit([...ids.flatMap((id) => entries.removal(id)), ...changes]);
    entries.forget(ids);
    done();
  }

  return async (wanted) => {
    if (isClosed()) throw new AwsError('ServiceUnavailable', 'The queue is closed.', 503);
    const { waitMs = 0 } = wanted;
    const begun = clock.elapsed();
    while (!isClosed()) {
      visibility.release();
      const { chosen, spent } = choose(wanted);
      const left = waitMs - (clock.elapsed() - begun);
      // Before anything else happens, so that no message comes in between unnoticed.
      const woken = chosen.length === 0 && left > 0 ? visibility.wait(left) : undefined;
      const moved = move(spent);
      moved.catch(() => {}); // thrown below, after the chosen messages are taken
      const received = await take(chosen, wanted.visibilityMs);
      await moved;
      if (!woken) return received;
      await woken;
    }
    return [];
  };
}

export function createQueue(settings: QueueSettings): Queue {
  const { spec, file, clock } = settings;
  const entries = loadEntries(spec, file, clock);
  const { visibility } = entries;
  let closed = false;

  return {
    spec,
    receive: createReceive(settings, entries, () => closed),
    async send(messages) {
      const placed = messages.map(({ message, delayMs }) => ({ entry: newEntry(message, delayMs), delayMs }));
      await file.commit(
        placed.flatMap(({ entry, delayMs }) => [
          entries.messageChange(entry.message),
          ...(delayMs > 0 ? [entries.deliveryChange(entry)] : []),
        ]),
      );
      for (const { entry, delayMs } of placed) entries.place(entry, delayMs);
    },
    accept(messages) {
      for (const message of messages) entries.place(newEntry(message), 0);
    },
    async remove(receipts) {
      const given = receipts.map((receipt) => ({ id: idIn(receipt), receipt }));
      const known = given.filter(({ id, receipt }) => entries.get(id)?.receipt === receipt);
      await entries.remove(known.map(({ id }) => id));
    },
    async hide(receipt, visibilityMs) {
      visibility.release();
      const id = idIn(receipt);
      const entry = entries.get(id);
      if (!entry || entry.receipt !== receipt || !visibility.hidden.has(id))
        throw new AwsError('MessageNotInflight', 'The message referred to is not in flight.');
      const next = { ...entry, visibleAt: clock.now() + visibilityMs };
      await file.commit([entries.deliveryChange(next)]);
      if (entries.get(id) === entry) entries.place(next, visibilityMs);
    },
    purge: () => entries.remove([...entries.all()].map(({ message }) => message.id)),
    expire: () =>
      entries.remove(
        [...entries.all()].filter((entry) => isOld(entry, spec, clock)).map(({ message }) => message.id),
      ),
    counts() {
      visibility.release();
      const { visible, hidden } = visibility;
      const delayed = [...hidden.keys()].filter((id) => entries.get(id)!.receives === 0).length;
      return { visible: visible.size, inFlight: hidden.size - delayed, delayed };
    },

    oldestAt() {
      let oldest: number | undefined;
      for (const { message } of entries.all()) oldest = Math.min(oldest ?? Infinity, message.sentAt);
      return oldest;
    },

    close() {
      closed = true;
      visibility.close();
    },
  };
}
