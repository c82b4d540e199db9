// The messages of one queue in memory, and the changes of the file that keep the state of each on disk.

import type { Clock } from '../clock.ts';
import type { Change, RecordFile } from '../files/record-file.ts';
import type { QueueSpec } from './queue-spec.ts';
import type { Delivery, StoredMessage } from './stored-message.ts';
import { createVisibility, type Visibility } from './visibility.ts';

export interface Entry extends Delivery {
  readonly message: StoredMessage;
}

export interface QueueEntries {
  readonly visibility: Visibility;
  get(id: string): Entry | undefined;
  all(): IterableIterator<Entry>;
  /** Adds an entry, or replaces its earlier state; it becomes visible after `ms`. */
  place(entry: Entry, ms: number): void;
  messageChange(message: StoredMessage): Change;
  deliveryChange(entry: Entry): Change;
  removal(id: string): Change[];
  forget(ids: readonly string[]): void;
  /** Resolves when they are deleted on disk and forgotten. */
  remove(ids: readonly string[]): Promise<void>;
}

export const MESSAGE = 'message';
export const DELIVERY = 'delivery';
export const keyOf = (queue: string, id: string) => `${queue}/${id}`;

/** Whether a message is older than the queue keeps messages. */
export const isOld = ({ message }: Entry, { retentionMs }: QueueSpec, clock: Clock) =>
  clock.now() - message.sentAt >= retentionMs;

/** The longest visibility timeout. */
const LONGEST_MS = 43_200_000;

/** The messages that an earlier process left, each with the time until it is visible. */
function* storedEntries(
  { name }: QueueSpec,
  file: RecordFile,
  now: number,
): Iterable<readonly [entry: Entry, ms: number]> {
  for (const [key, message] of file.table<StoredMessage>(MESSAGE)) {
    if (!key.startsWith(`${name}/`)) continue;
    const known = file.table<Delivery>(DELIVERY).get(key);
    const delivery = known ?? { receives: 0, firstAt: 0, receipt: '', visibleAt: 0 };
    yield [{ ...delivery, message }, Math.min(delivery.visibleAt - now, LONGEST_MS)];
  }
}

/** Begins with the messages that an earlier process left. */
export function loadEntries(spec: QueueSpec, file: RecordFile, clock: Clock): QueueEntries {
  const entries = new Map<string, Entry>();
  const visibility = createVisibility(clock);

  function place(entry: Entry, ms: number): void {
    const { id } = entry.message;
    entries.set(id, entry);
    if (ms > 0) visibility.hide(id, ms);
    else visibility.show(id);
  }
  function forget(ids: readonly string[]): void {
    for (const id of ids) {
      entries.delete(id);
      visibility.forget(id);
    }
  }
  const removal = (id: string): Change[] =>
    [MESSAGE, DELIVERY].map((kind) => ({ kind, key: keyOf(spec.name, id), value: undefined }));

  for (const [entry, ms] of storedEntries(spec, file, clock.now())) place(entry, ms);

  return {
    visibility,
    get: (id) => entries.get(id),
    all: () => entries.values(),
    place,
    forget,
    removal,
    messageChange: (message) => ({ kind: MESSAGE, key: keyOf(spec.name, message.id), value: message }),
    deliveryChange: ({ message, ...delivery }) => ({
      ...{ kind: DELIVERY, key: keyOf(spec.name, message.id), value: delivery },
    }),
    async remove(ids) {
      if (ids.length === 0) return;
      await file.commit(ids.flatMap(removal));
      forget(ids);
    },
  };
}
