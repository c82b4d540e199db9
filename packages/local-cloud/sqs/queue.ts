// One queue: sends, receives and deletes messages, and keeps on disk how often and by whom each was received.

import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Change, RecordFile } from '../files/record-file.ts';
import { type Entry, isOld, loadEntries, type QueueEntries } from './queue-entries.ts';
import type { QueueSpec } from './queue-spec.ts';
import { createReceive } from './receive.ts';
import type { Queue, StoredMessage } from './stored-message.ts';

export interface QueueSettings {
  readonly spec: QueueSpec;
  readonly file: RecordFile;
  readonly clock: Clock;
  /** The changes that move these to the dead-letter queue; call `done` once they are on disk. */
  readonly redrive: (messages: readonly StoredMessage[]) => {
    readonly changes: Change[];
    readonly done: () => void;
  };
}

/** @throws AwsError ReceiptHandleIsInvalid for a handle that no receive returned */
function idIn(receipt: string): string {
  const [id, nonce] = Buffer.from(receipt, 'base64url').toString('utf8').split(' ');
  if (id !== undefined && nonce !== undefined && /^[0-9a-f-]{36}$/.test(nonce)) return id;
  throw new AwsError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.', 404);
}

const newEntry = (message: StoredMessage, delayMs = 0): Entry => ({
  ...{ message, receives: 0, firstAt: 0, receipt: '', visibleAt: message.sentAt + delayMs },
});

type Doing<Verb extends keyof Queue> = Pick<Queue, Verb>;

function sending({ file }: QueueSettings, entries: QueueEntries): Doing<'send' | 'accept'> {
  return {
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
  };
}

/** Hides a message that a receiver has. @throws AwsError MessageNotInflight */
async function hide(
  { file, clock }: QueueSettings,
  entries: QueueEntries,
  receipt: string,
  visibilityMs: number,
): Promise<void> {
  const { visibility } = entries;
  visibility.release();
  const id = idIn(receipt);
  const entry = entries.get(id);
  if (!entry || entry.receipt !== receipt || !visibility.hidden.has(id))
    throw new AwsError('MessageNotInflight', 'The message referred to is not in flight.');
  const next = { ...entry, visibleAt: clock.now() + visibilityMs };
  await file.commit([entries.deliveryChange(next)]);
  if (entries.get(id) === entry) entries.place(next, visibilityMs);
}

function removing(
  { spec, clock }: QueueSettings,
  entries: QueueEntries,
): Doing<'remove' | 'purge' | 'expire'> {
  const idsOf = (some: readonly Entry[]) => some.map(({ message }) => message.id);
  return {
    async remove(receipts) {
      const given = receipts.map((receipt) => ({ id: idIn(receipt), receipt }));
      const known = given.filter(({ id, receipt }) => entries.get(id)?.receipt === receipt);
      await entries.remove(known.map(({ id }) => id));
    },
    purge: () => entries.remove(idsOf([...entries.all()])),
    expire: () => entries.remove(idsOf([...entries.all()].filter((entry) => isOld(entry, spec, clock)))),
  };
}

function counting(entries: QueueEntries): Doing<'counts' | 'oldestAt'> {
  const { visibility } = entries;
  return {
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
  };
}

export function createQueue(settings: QueueSettings): Queue {
  const { spec, file, clock } = settings;
  const entries = loadEntries(spec, file, clock);
  let closed = false;
  return {
    spec,
    receive: createReceive(settings, entries, () => closed),
    ...sending(settings, entries),
    hide: (receipt, visibilityMs) => hide(settings, entries, receipt, visibilityMs),
    ...removing(settings, entries),
    ...counting(entries),
    close() {
      closed = true;
      entries.visibility.close();
    },
  };
}
