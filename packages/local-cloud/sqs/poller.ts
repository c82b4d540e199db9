// Polls one queue for one function: collects a batch, invokes the function, and deletes the messages that it has processed.

import { AwsError } from '../aws-error.ts';
import { failedItems } from '../lambda/batch-response.ts';
import { batchEvent, eventBytesOf, eventRoom, type QueueOrigin } from './batch-event.ts';
import type { QueueMapping } from './mapping-spec.ts';
import type { QueueMappingsOptions } from './mappings.ts';
import type { Queue, Received, StoredMessage } from './stored-message.ts';

export interface QueuePoller {
  start(): void;
  close(): void;
}

/** What one poller works with. */
interface Polling extends QueueMappingsOptions {
  readonly mapping: QueueMapping;
  readonly queue: Queue;
  /** For the log. */
  readonly about: { readonly function: string; readonly queue: string };
  readonly isClosed: () => boolean;
}

/** The longest wait of one receive, after which the poller receives again. */
const MOST_AT_ONCE = 10;
const LONGEST_WAIT_MS = 20_000;
/** The pause after a receive that could not be written. */
const PAUSE_MS = 1_000;

function originOf(queueArn: string): QueueOrigin {
  const [, , , region, accountId] = queueArn.split(':');
  return { queueArn, region: region!, accountId: accountId! };
}

/** Limits how many run at a time. */
function createSlots(most: number) {
  let free = most;
  const waiting: (() => void)[] = [];
  return {
    async take(): Promise<void> {
      if (free === 0) await new Promise<void>((resolve) => void waiting.push(resolve));
      else free -= 1;
    },
    give(): void {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
  };
}

/** Deletes messages that the filter of the mapping excludes, as Lambda does. */
async function wantedOf(
  { queue, count }: Polling,
  received: readonly Received[],
  accepts: NonNullable<QueueMapping['accepts']>,
): Promise<readonly Received[]> {
  const { true: wanted = [], false: others = [] } = Object.groupBy(received, (message) =>
    accepts({ messageId: message.id, body: message.body }) ? 'true' : 'false',
  );
  if (others.length === 0) return wanted;
  count('sqs.filtered', others.length);
  await queue.remove(others.map(({ receipt }) => receipt));
  return wanted;
}

/** Up to a batch: the messages that are there, and those that come within the batching window after the first. */
async function collect(polling: Polling): Promise<Received[]> {
  const { mapping, queue, clock, isClosed } = polling;
  const { batchSize, windowMs, accepts } = mapping;
  const batch: Received[] = [];
  let bytes = 0;
  let since = clock.elapsed();
  const fits = (message: StoredMessage) => {
    const next = bytes + eventBytesOf(message);
    if (bytes > 0 && next > eventRoom) return false;
    bytes = next;
    return true;
  };
  while (!isClosed() && batch.length < batchSize) {
    const left = batch.length === 0 ? LONGEST_WAIT_MS : windowMs - (clock.elapsed() - since);
    const received = await queue.receive({
      ...{ most: Math.min(MOST_AT_ONCE, batchSize - batch.length), visibilityMs: queue.spec.visibilityMs },
      ...{ waitMs: Math.max(0, left), fits },
    });
    if (batch.length === 0) since = clock.elapsed();
    batch.push(...(accepts ? await wantedOf(polling, received, accepts) : received));
    if (received.length === 0 && batch.length > 0) break;
  }
  return batch;
}

/** @returns the messages that the function has processed */
async function offer(polling: Polling, batch: readonly Received[]): Promise<readonly Received[]> {
  const { mapping, queue, invoke, log, count, about } = polling;
  count('sqs.invocations');
  try {
    const { payload, functionError } = await invoke(mapping.functionName, () =>
      batchEvent(originOf(queue.spec.arn), batch),
    );
    if (functionError) return [];
    if (!mapping.reportsItems) return batch;
    const failed = failedItems(payload, () => batch.map(({ id }) => id));
    return failed ? batch.filter((_each, index) => !failed.includes(index)) : [];
  } catch (error) {
    if (!(error instanceof AwsError))
      log.error('messages could not be handed to their function', { ...about, reason: String(error) });
    return [];
  }
}

async function deliver(polling: Polling, batch: readonly Received[]): Promise<void> {
  const { queue, log, about, isClosed } = polling;
  const done = await offer(polling, batch);
  // The environment was stopped: the messages become visible again after the next start.
  if (isClosed() && done.length === 0) return;
  if (done.length < batch.length) {
    const again = { afterSeconds: queue.spec.visibilityMs / 1000 };
    log.warn('messages failed, will come again', {
      ...{ ...about, messages: batch.length - done.length },
      ...again,
    });
  }
  await queue.remove(done.map(({ receipt }) => receipt));
}

/** Collects and delivers batches until `close`, as many at a time as the mapping allows. */
async function run(polling: Polling): Promise<void> {
  const { mapping, clock, log, about, isClosed } = polling;
  const slots = createSlots(mapping.most);
  while (!isClosed()) {
    await slots.take();
    const batch = await collect(polling).catch(async (error: unknown) => {
      if (isClosed()) return [];
      log.error('a queue cannot be read, will be tried again', { ...about, reason: String(error) });
      await new Promise<void>((resolve) => void clock.after(PAUSE_MS, resolve));
      return [];
    });
    if (batch.length === 0) {
      slots.give();
      continue;
    }
    void deliver(polling, batch)
      .catch((error: unknown) =>
        log.error('messages that are done are not deleted, and come again', {
          ...about,
          reason: String(error),
        }),
      )
      .finally(() => slots.give());
  }
}

export function createPoller(
  mapping: QueueMapping,
  queue: Queue,
  options: QueueMappingsOptions,
): QueuePoller {
  let closed = false;
  const about = { function: mapping.functionName, queue: queue.spec.name };
  const polling: Polling = { ...options, mapping, queue, about, isClosed: () => closed };
  return {
    start: () => void run(polling),
    close() {
      closed = true;
    },
  };
}
