// One queue: which messages may be received now, which are with somebody, and how often each was; all of it also on disk.
import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Change, RecordFile } from '../files/record-file.ts';
import type { QueueSpec } from './queue-spec.ts';
import type { Delivery, Queue, Receive, Received, StoredMessage } from './stored-message.ts';

interface Entry extends Delivery {
  readonly message: StoredMessage;
}

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

export const MESSAGE = 'message';
export const DELIVERY = 'delivery';
export const keyOf = (queue: string, id: string) => `${queue}/${id}`;

const receiptOf = (id: string) => Buffer.from(`${id} ${randomUUID()}`).toString('base64url');

/** @throws AwsError ReceiptHandleIsInvalid for what no receive of a queue gave */
function idIn(receipt: string): string {
  const [id, nonce] = Buffer.from(receipt, 'base64url').toString('utf8').split(' ');
  if (id !== undefined && nonce !== undefined && /^[0-9a-f-]{36}$/.test(nonce)) return id;
  throw new AwsError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.', 404);
}

/** Wakes who waits for a message. */
function createWaiting(clock: Clock) {
  const waiting = new Set<() => void>();
  return {
    wake() {
      for (const each of waiting) each();
    },
    wait: (ms: number) =>
      new Promise<void>((resolve) => {
        const end = () => {
          cancel();
          waiting.delete(end);
          resolve();
        };
        const cancel = ms === Infinity ? () => {} : clock.after(ms, end);
        waiting.add(end);
      }),
  };
}

export function createQueue({ spec, file, clock, redrive }: QueueSettings): Queue {
  const entries = new Map<string, Entry>();
  /** Ids, oldest first. */
  const visible = new Set<string>();
  /** Ids, with when each becomes visible on the clock that nobody sets. */
  const hidden = new Map<string, number>();
  const waiting = createWaiting(clock);
  let closed = false;
  let nextDue = Infinity;
  let cancel = () => {};

  const messageChange = (message: StoredMessage): Change => ({
    ...{ kind: MESSAGE, key: keyOf(spec.name, message.id), value: message },
  });
  const deliveryChange = (id: string, { message: _kept, ...delivery }: Entry): Change => ({
    ...{ kind: DELIVERY, key: keyOf(spec.name, id), value: delivery },
  });
  const removal = (id: string): Change[] =>
    [MESSAGE, DELIVERY].map((kind) => ({ kind, key: keyOf(spec.name, id), value: undefined }));

  function release(): void {
    const now = clock.elapsed();
    if (now < nextDue) return;
    nextDue = Infinity;
    for (const [id, due] of hidden) {
      if (due > now) nextDue = Math.min(nextDue, due);
      else if (hidden.delete(id)) visible.add(id);
    }
    schedule();
    if (visible.size > 0) waiting.wake();
  }

  function schedule(): void {
    cancel();
    if (closed || nextDue === Infinity) return;
    cancel = clock.after(Math.max(0, nextDue - clock.elapsed()), release);
  }

  function conceal(id: string, ms: number): void {
    visible.delete(id);
    const due = clock.elapsed() + ms;
    hidden.set(id, due);
    if (due >= nextDue) return;
    nextDue = due;
    schedule();
  }

  function show(id: string): void {
    hidden.delete(id);
    visible.add(id);
    waiting.wake();
  }

  function forget(id: string): void {
    entries.delete(id);
    visible.delete(id);
    hidden.delete(id);
  }

  function place(entry: Entry, ms: number): void {
    entries.set(entry.message.id, entry);
    if (ms > 0) conceal(entry.message.id, ms);
    else show(entry.message.id);
  }

  const isOld = ({ message }: Entry) => clock.now() - message.sentAt >= spec.retentionMs;
  const isSpent = ({ receives }: Entry) => spec.redrive !== undefined && receives >= spec.redrive.maxReceives;

  /** What an earlier process left. */
  const longest = 43_200_000;
  for (const [key, message] of file.table<StoredMessage>(MESSAGE)) {
    if (!key.startsWith(`${spec.name}/`)) continue;
    const known = file.table<Delivery>(DELIVERY).get(key);
    const delivery = known ?? { receives: 0, firstAt: 0, receipt: '', visibleAt: 0 };
    place({ ...delivery, message }, Math.min(delivery.visibleAt - clock.now(), longest));
  }

  /** Takes the visible ones apart: to receive, to move to the dead-letter queue. */
  function choose({ most, fits = () => true }: Receive): { chosen: Entry[]; spent: Entry[] } {
    const [chosen, spent]: [Entry[], Entry[]] = [[], []];
    for (const id of visible) {
      const entry = entries.get(id)!;
      if (isOld(entry)) continue;
      if (isSpent(entry)) {
        spent.push(entry);
        continue;
      }
      if (chosen.length >= most || !fits(entry.message)) break;
      chosen.push(entry);
    }
    return { chosen, spent };
  }

  /** Hands them to whoever receives; back into the queue when that cannot be written. */
  async function take(chosen: readonly Entry[], visibilityMs: number): Promise<Received[]> {
    const now = clock.now();
    const taken = chosen.map(({ message, receives, firstAt }): Entry => ({
      ...{ message, receives: receives + 1, firstAt: firstAt || now },
      ...{ receipt: receiptOf(message.id), visibleAt: now + visibilityMs },
    }));
    for (const entry of taken) place(entry, visibilityMs);
    try {
      if (taken.length > 0) await file.commit(taken.map((entry) => deliveryChange(entry.message.id, entry)));
    } catch (error) {
      for (const entry of chosen) if (entries.has(entry.message.id)) place(entry, 0);
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
    for (const id of ids) conceal(id, spec.visibilityMs);
    await file.commit([...ids.flatMap(removal), ...changes]);
    for (const id of ids) forget(id);
    done();
  }

  return {
    spec,
    async send(messages) {
      const placed = messages.map(({ message, delayMs }) => ({
        entry: { message, receives: 0, firstAt: 0, receipt: '', visibleAt: message.sentAt + delayMs },
        delayMs,
      }));
      await file.commit(
        placed.flatMap(({ entry, delayMs }) => [
          messageChange(entry.message),
          ...(delayMs > 0 ? [deliveryChange(entry.message.id, entry)] : []),
        ]),
      );
      for (const { entry, delayMs } of placed) place(entry, delayMs);
    },

    accept(messages) {
      for (const message of messages)
        place({ message, receives: 0, firstAt: 0, receipt: '', visibleAt: message.sentAt }, 0);
    },

    async receive(wanted) {
      if (closed) throw new AwsError('ServiceUnavailable', 'The queue is closed.', 503);
      const { waitMs = 0 } = wanted;
      const begun = clock.elapsed();
      while (!closed) {
        release();
        const { chosen, spent } = choose(wanted);
        const left = waitMs - (clock.elapsed() - begun);
        // Before anything else happens, so that no message comes in between unnoticed.
        const woken = chosen.length === 0 && left > 0 ? waiting.wait(left) : undefined;
        const moved = move(spent);
        moved.catch(() => {}); // thrown below, once what was chosen is dealt with
        const received = await take(chosen, wanted.visibilityMs);
        await moved;
        if (!woken) return received;
        await woken;
      }
      return [];
    },

    async remove(receipts) {
      const ids = receipts
        .map((receipt) => ({ id: idIn(receipt), receipt }))
        .filter(({ id, receipt }) => entries.get(id)?.receipt === receipt)
        .map(({ id }) => id);
      if (ids.length === 0) return;
      await file.commit(ids.flatMap(removal));
      for (const id of ids) forget(id);
    },

    async hide(receipt, visibilityMs) {
      release();
      const id = idIn(receipt);
      const entry = entries.get(id);
      if (!entry || entry.receipt !== receipt || !hidden.has(id))
        throw new AwsError('MessageNotInflight', 'The message referred to is not in flight.');
      const next = { ...entry, visibleAt: clock.now() + visibilityMs };
      await file.commit([deliveryChange(id, next)]);
      if (entries.get(id) === entry) place(next, visibilityMs);
    },

    async purge() {
      const ids = [...entries.keys()];
      if (ids.length === 0) return;
      await file.commit(ids.flatMap(removal));
      for (const id of ids) forget(id);
    },

    async expire() {
      const ids = [...entries.values()].filter(isOld).map(({ message }) => message.id);
      if (ids.length === 0) return;
      await file.commit(ids.flatMap(removal));
      for (const id of ids) forget(id);
    },

    counts() {
      release();
      const delayed = [...hidden.keys()].filter((id) => entries.get(id)!.receives === 0).length;
      return { visible: visible.size, inFlight: hidden.size - delayed, delayed };
    },

    oldestAt() {
      let oldest: number | undefined;
      for (const { message } of entries.values()) oldest = Math.min(oldest ?? Infinity, message.sentAt);
      return oldest;
    },

    close() {
      closed = true;
      cancel();
      waiting.wake();
    },
  };
}
