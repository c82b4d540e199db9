// Takes the messages of queues to their functions: what a function has done is deleted, what failed comes again by itself.
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { failedItems } from '../lambda/batch-response.ts';
import type { Log } from '../log.ts';
import { batchEvent, eventBytesOf, eventRoom, type QueueOrigin } from './batch-event.ts';
import type { QueueMapping } from './mapping-spec.ts';
import type { Queue, Received, StoredMessage } from './stored-message.ts';
import type { Queues } from './queues.ts';

export interface QueueMappings {
  start(): void;
  /** Takes no more. What a function has now stays hidden, and comes again when its visibility timeout is over. */
  close(): void;
}

export interface QueueMappingsOptions {
  readonly mappings: readonly QueueMapping[];
  readonly queues: Queues;
  /** Lambda's synchronous invocation; rejects with an AwsError when it does not come about. */
  readonly invoke: (
    functionName: string,
    payload: () => string,
  ) => Promise<{ payload: string; functionError?: string }>;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
}

/** Of one receive; the longest wait of a poller, after which it asks again. */
const MOST_AT_ONCE = 10;
const LONGEST_WAIT_MS = 20_000;
/** After the disk refused a receive. */
const PAUSE_MS = 1_000;

function originOf(queueArn: string): QueueOrigin {
  const [, , , region, accountId] = queueArn.split(':');
  return { queueArn, region: region!, accountId: accountId! };
}

/** Lets so many run at a time. */
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

function createPoller(mapping: QueueMapping, queue: Queue, options: QueueMappingsOptions) {
  const { clock, log, count, invoke } = options;
  const { functionName, batchSize, windowMs, reportsItems, most } = mapping;
  const origin = originOf(queue.spec.arn);
  const about = { function: functionName, queue: queue.spec.name };
  const slots = createSlots(most);
  let closed = false;

  /** What the filter of the mapping leaves out is deleted from the queue, as Lambda does. */
  async function wantedOf(
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

  /** Up to a batch: what is there, and what comes within the batching window after the first. */
  async function collect(): Promise<Received[]> {
    const batch: Received[] = [];
    let bytes = 0;
    let since = clock.elapsed();
    const fits = (message: StoredMessage) => {
      const next = bytes + eventBytesOf(message);
      if (bytes > 0 && next > eventRoom) return false;
      bytes = next;
      return true;
    };
    while (!closed && batch.length < batchSize) {
      const left = batch.length === 0 ? LONGEST_WAIT_MS : windowMs - (clock.elapsed() - since);
      const received = await queue.receive({
        ...{ most: Math.min(MOST_AT_ONCE, batchSize - batch.length), visibilityMs: queue.spec.visibilityMs },
        ...{ waitMs: Math.max(0, left), fits },
      });
      if (batch.length === 0) since = clock.elapsed();
      batch.push(...(mapping.accepts ? await wantedOf(received, mapping.accepts) : received));
      if (received.length === 0 && batch.length > 0) break;
    }
    return batch;
  }

  /** Those that are done. */
  async function offer(batch: readonly Received[]): Promise<readonly Received[]> {
    count('sqs.invocations');
    try {
      const { payload, functionError } = await invoke(functionName, () => batchEvent(origin, batch));
      if (functionError) return [];
      if (!reportsItems) return batch;
      const failed = failedItems(
        payload,
        batch.map(({ id }) => id),
      );
      return failed ? batch.filter((_each, index) => !failed.includes(index)) : [];
    } catch (error) {
      if (!(error instanceof AwsError))
        log.error('messages could not be handed to their function', { ...about, reason: String(error) });
      return [];
    }
  }

  async function deliver(batch: readonly Received[]): Promise<void> {
    const done = await offer(batch);
    // The environment was ended, not the messages: they come again after the next start.
    if (closed && done.length === 0) return;
    if (done.length < batch.length) {
      const again = { afterSeconds: queue.spec.visibilityMs / 1000 };
      log.warn('messages failed, will come again', {
        ...{ ...about, messages: batch.length - done.length },
        ...again,
      });
    }
    await queue.remove(done.map(({ receipt }) => receipt));
  }

  async function run(): Promise<void> {
    while (!closed) {
      await slots.take();
      const batch = await collect().catch(async (error: unknown) => {
        if (closed) return [];
        log.error('a queue cannot be read, will be tried again', { ...about, reason: String(error) });
        await new Promise<void>((resolve) => void clock.after(PAUSE_MS, resolve));
        return [];
      });
      if (batch.length === 0) {
        slots.give();
        continue;
      }
      void deliver(batch)
        .catch((error: unknown) =>
          log.error('messages that are done are not deleted, and come again', {
            ...about,
            reason: String(error),
          }),
        )
        .finally(() => slots.give());
    }
  }

  return {
    start: () => void run(),
    close() {
      closed = true;
    },
  };
}

export function createQueueMappings(options: QueueMappingsOptions): QueueMappings {
  const pollers = options.mappings
    .filter(({ enabled }) => enabled)
    .map((mapping) => createPoller(mapping, options.queues.byArn(mapping.queueArn), options));
  return {
    start() {
      for (const poller of pollers) poller.start();
    },
    close() {
      for (const poller of pollers) poller.close();
    },
  };
}
