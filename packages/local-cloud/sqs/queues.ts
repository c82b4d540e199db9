// The queues of the template: finds them by name, ARN or address, sends to them, and deletes messages that are too old.

import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { noMeter, type Meter } from '../cloudwatch/meter.ts';
import { makeDirectory } from '../files/durable-files.ts';
import { openRecordFile, type RecordFile } from '../files/record-file.ts';
import type { Log } from '../log.ts';
import { checkDraft, type Draft } from './message.ts';
import { createQueue } from './queue.ts';
import { DELIVERY, keyOf, MESSAGE } from './queue-entries.ts';
import type { Queue, StoredMessage } from './stored-message.ts';
import type { QueueSpec } from './queue-spec.ts';

export interface Sent {
  readonly id: string;
}

export interface Queues {
  all(): readonly Queue[];
  /** @throws AwsError QueueDoesNotExist */
  named(name: string): Queue;
  /** @throws AwsError QueueDoesNotExist */
  byArn(arn: string): Queue;
  /** By an address of any host, such as `http://127.0.0.1:4566/000000000000/jobs`. @throws AwsError QueueDoesNotExist */
  at(url: string): Queue;
  /** Resolves when all are on disk. @throws AwsError for what SQS refuses; none is sent then */
  send(queue: Queue, drafts: readonly (Draft & { readonly delayMs?: number })[]): Promise<Sent[]>;
  /** Ends the waiting of receivers; the queues still accept messages. */
  stopReceiving(): void;
  close(): Promise<void>;
}

export interface QueuesOptions {
  /** `<data-dir>/sqs` */
  readonly dir: string;
  readonly queues: readonly QueueSpec[];
  readonly clock: Clock;
  readonly log: Log;
  /** Counts `sqs.messages` sent and `sqs.redriven`. */
  readonly count: (name: string, by?: number) => void;
  readonly meter?: Meter;
}

/** Measures the lengths of the queues and the ages of their oldest messages, for CloudWatch. @param now epoch milliseconds */
export function measureQueues(queues: Queues, meter: Meter, now: number): void {
  for (const queue of queues.all()) {
    const measure = (metric: string, unit: string) =>
      meter('AWS/SQS', metric, { QueueName: queue.spec.name }, unit);
    const { visible, inFlight, delayed } = queue.counts();
    measure('ApproximateNumberOfMessagesVisible', 'Count')(visible);
    measure('ApproximateNumberOfMessagesNotVisible', 'Count')(inFlight);
    measure('ApproximateNumberOfMessagesDelayed', 'Count')(delayed);
    const oldest = queue.oldestAt();
    measure(
      'ApproximateAgeOfOldestMessage',
      'Seconds',
    )(oldest === undefined ? 0 : Math.max(now - oldest, 0) / 1_000);
  }
}

const EXPIRE_MS = 60_000;

function notFound(): AwsError {
  return new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
}

/** A message of a queue that the template no longer has is dropped, as AWS drops it with its queue. */
async function dropOrphans(file: RecordFile, specs: readonly QueueSpec[], log: Log): Promise<void> {
  const names = new Set(specs.map(({ name }) => name));
  const orphans = [...file.table(MESSAGE).keys()].filter((key) => !names.has(key.split('/')[0]!));
  if (orphans.length === 0) return;
  const queues = [...new Set(orphans.map((key) => key.split('/')[0]!))];
  log.warn('messages dropped with their queue, which the template no longer has', {
    queues: queues.join(', '),
    messages: orphans.length,
  });
  const kinds = [MESSAGE, DELIVERY];
  await file.commit(kinds.flatMap((kind) => orphans.map((key) => ({ kind, key, value: undefined }))));
}

/** Nothing is written, and no file made, for a template without queues. */
const NO_FILE: RecordFile = { table: () => new Map(), commit: async () => {}, close: async () => {} };

async function openFile({ dir, queues, log }: QueuesOptions): Promise<RecordFile> {
  if (queues.length === 0) return NO_FILE;
  await makeDirectory(dir);
  const file = await openRecordFile(path.join(dir, 'messages.log'), log);
  await dropOrphans(file, queues, log);
  return file;
}

/**
 * Moves messages into the dead-letter queue with their ids and their age: "the expiration is always based on the original
 * enqueue timestamp".
 */
function redriveTo(spec: QueueSpec, byArn: Queues['byArn'], { count, log }: QueuesOptions) {
  return (messages: readonly StoredMessage[]) => {
    const target = byArn(spec.redrive!.arn);
    const moved = messages.map((message) => ({ ...message, source: spec.arn }));
    return {
      changes: moved.map((value) => ({ kind: MESSAGE, key: keyOf(target.spec.name, value.id), value })),
      done() {
        count('sqs.redriven', moved.length);
        log.warn('messages received too often, moved to the dead-letter queue', {
          queue: spec.name,
          to: target.spec.name,
          messages: moved.length,
        });
        target.accept(moved);
      },
    };
  };
}

/** Deletes old messages every minute. @returns a function that ends this */
function startExpiry(queues: readonly Queue[], { clock, log }: QueuesOptions): () => void {
  let cancel = () => {};
  async function expire(): Promise<void> {
    try {
      for (const queue of queues) await queue.expire();
    } catch (error) {
      log.warn('old messages of a queue stay on disk', { reason: String(error) });
    }
    later();
  }
  const later = () => {
    cancel = clock.after(EXPIRE_MS, () => void expire());
  };
  if (queues.length > 0) later();
  return () => cancel();
}

/** Finds queues by name, ARN or address. */
function createLookup(opened: ReadonlyMap<string, Queue>): Pick<Queues, 'all' | 'named' | 'byArn' | 'at'> {
  const orNotFound = (queue: Queue | undefined): Queue => {
    if (queue) return queue;
    throw notFound();
  };
  return {
    all: () => [...opened.values()],
    named: (name) => orNotFound(opened.get(name)),
    byArn(arn) {
      for (const queue of opened.values()) if (queue.spec.arn === arn) return queue;
      throw notFound();
    },
    at(url) {
      const [, account, name] = /^(?:https?:\/\/[^/]+)?\/?(\d{12})\/([^/?#]+)\/?$/.exec(url) ?? [];
      const queue = opened.get(name ?? '');
      return orNotFound(queue?.spec.arn.split(':')[4] === account ? queue : undefined);
    },
  };
}

async function send(
  { clock, count, meter = noMeter }: QueuesOptions,
  queue: Queue,
  drafts: Parameters<Queues['send']>[1],
): Promise<Sent[]> {
  const { name, maxBytes, delayMs: usual } = queue.spec;
  for (const draft of drafts) checkDraft(draft, maxBytes);
  const messages = drafts.map(({ delayMs = usual, ...draft }) => ({
    message: { id: randomUUID(), sentAt: clock.now(), ...draft },
    delayMs,
  }));
  await queue.send(messages);
  count('sqs.messages', messages.length);
  meter('AWS/SQS', 'NumberOfMessagesSent', { QueueName: name }, 'Count')(messages.length);
  return messages.map(({ message }) => ({ id: message.id }));
}

export async function openQueues(options: QueuesOptions): Promise<Queues> {
  const { queues: specs, clock } = options;
  const file = await openFile(options);
  const opened = new Map<string, Queue>();
  const lookup = createLookup(opened);
  for (const spec of specs)
    opened.set(
      spec.name,
      createQueue({ spec, file, clock, redrive: redriveTo(spec, lookup.byArn, options) }),
    );
  const stopExpiry = startExpiry(lookup.all(), options);
  const stopReceiving = () => {
    for (const queue of opened.values()) queue.close();
  };

  return {
    ...lookup,
    send: (queue, drafts) => send(options, queue, drafts),
    stopReceiving,
    async close() {
      stopExpiry();
      stopReceiving();
      await file.close();
    },
  };
}
