// Runs DynamoDB's thread, and starts a new one when it dies; what was in progress fails as a retryable server error.

import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import type { Log } from '../log.ts';
import type { RecordedCall } from '../iam/calls.ts';
import type { TableGuardSetup } from '../iam/table-guard.ts';
import { LOST, type Connect } from './direct.ts';

export interface Setup {
  readonly dir: string;
  readonly region: string;
  readonly accountId: string;
  /** One number, shared: items that functions wrote past the AWS port. */
  readonly directWrites: BigUint64Array<SharedArrayBuffer>;
  /** What functions may do through such ports; everything if absent. */
  readonly guard?: TableGuardSetup | undefined;
}

export interface Call {
  readonly id: number;
  readonly operation: string;
  /** JSON. */
  readonly body: string;
}

export interface Answer {
  readonly id: number;
  readonly status: number;
  /** JSON. */
  readonly body: string;
  /** What went wrong inside, for the log. */
  readonly fault?: string;
}

export type Reply = Omit<Answer, 'id' | 'fault'>;

/**
 * `note` is a line for the log, `fault` what went wrong inside. `written`: a function wrote past the AWS port while a table has a
 * stream; `calls`: the calls that functions made that way.
 */
export type Note =
  | { readonly note: string }
  | { readonly fault: string }
  | { readonly written: true }
  | { readonly calls: readonly RecordedCall[] };

export interface DynamoThread {
  /** Resolves once the tables can be read. @throws the reason why they could not be opened */
  ready(): Promise<void>;
  call(operation: string, body: string): Promise<Reply>;
  /** A port by which a function's thread reads and writes items, see direct.ts; it closes when the table thread ends. */
  connect(functionId?: string): MessagePort;
  /** Calls the listener with the calls that functions made past the AWS port. */
  onCalls(listener: (calls: readonly RecordedCall[]) => void): void;
  /** Calls the listener when a function wrote past the AWS port while a table has a stream. */
  onWritten(listener: () => void): void;
  /** Writes everything to the disk and ends the thread. */
  close(): Promise<void>;
}

interface Running {
  readonly worker: Worker;
  readonly opened: Promise<void>;
  readonly ended: Promise<void>;
}

/** The garbage of requests is collected every few requests. Without a limit it grows to 96 MB, and requests are not faster. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

export const startWorker = (setup: Setup): Worker =>
  new Worker(new URL('./worker.ts', import.meta.url), { workerData: setup, resourceLimits });

/** Listens to a thread until it ends. */
function listen(
  worker: Worker,
  events: {
    readonly receive: (message: Answer | Note) => void;
    readonly opened: () => void;
    readonly failed: (reason: string | undefined) => void;
    readonly abandon: () => void;
  },
): Running {
  const opened = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: Answer | Note | 'open') => {
      if (message === 'open') {
        events.opened();
        resolve();
      } else events.receive(message);
    });
    worker.on('error', (error) => {
      events.failed(error instanceof Error ? error.stack : String(error));
      reject(error as Error);
    });
    worker.on('exit', () => reject(new Error('the DynamoDB thread ended')));
  });
  opened.catch(() => undefined); // the caller of `ready` gets the error, and it is logged above
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      events.abandon();
      resolve();
    });
  });
  return { worker, opened, ended };
}

/** The calls that wait for their answer. */
function createPending() {
  const waiting = new Map<number, (reply: Reply) => void>();
  let lastId = 0;
  let whenIdle = () => {};
  return {
    nextId: () => (lastId += 1),
    reply: (id: number) => new Promise<Reply>((resolve) => waiting.set(id, resolve)),
    settle(id: number, reply: Reply): void {
      waiting.get(id)?.(reply);
      waiting.delete(id);
      if (!waiting.size) whenIdle();
    },
    abandon(): void {
      for (const answer of waiting.values()) answer({ status: 500, body: LOST });
      waiting.clear();
      whenIdle();
    },
    /** Resolves once no call waits. */
    async idle(): Promise<void> {
      if (waiting.size) await new Promise<void>((resolve) => (whenIdle = resolve));
    },
  };
}

/** Who hears of what the thread sends. */
interface Listeners {
  readonly log: Log;
  readonly pending: Pick<ReturnType<typeof createPending>, 'settle'>;
  onWritten: () => void;
  onCalls: (calls: readonly RecordedCall[]) => void;
}

function receive(message: Answer | Note, { log, pending, onWritten, onCalls }: Listeners): void {
  if ('id' in message) {
    const { id, fault, ...reply } = message;
    if (fault) log.error('DynamoDB request failed', { reason: fault });
    pending.settle(id, reply);
  } else if ('note' in message) log.info(message.note);
  else if ('written' in message) onWritten();
  else if ('calls' in message) onCalls(message.calls);
  else log.error('DynamoDB request failed', { reason: message.fault });
}

/** @param worker the table thread; without it the port is closed at once */
function connectTo(worker: Worker | undefined, functionId: string | undefined): MessagePort {
  const { port1, port2 } = new MessageChannel();
  if (worker) worker.postMessage({ connect: port2, functionId } satisfies Connect, [port2]);
  else port2.close();
  return port1;
}

/** @param start starts the thread; a test can keep the worker there. */
export function createDynamoThread(setup: Setup, log: Log, start = startWorker): DynamoThread {
  const pending = createPending();
  const listeners: Listeners = { log, pending, onWritten: () => {}, onCalls: () => {} };
  let closing = false;
  let hasOpened = false;
  let running: Running | undefined;

  const run = (): Running =>
    listen(start(setup), {
      receive: (message) => receive(message, listeners),
      abandon() {
        running = undefined;
        pending.abandon();
      },
      opened: () => void (hasOpened = true),
      // Until it has opened, a failure is reported by `ready()` alone.
      failed: (reason) => hasOpened && log.error('DynamoDB thread failed', { reason }),
    });

  return {
    ready: () => (running ??= run()).opened,
    async call(operation, body) {
      if (closing) return { status: 500, body: LOST };
      const { worker } = (running ??= run());
      const id = pending.nextId();
      worker.postMessage({ id, operation, body } satisfies Call, []);
      return pending.reply(id);
    },
    connect: (functionId) => connectTo(closing ? undefined : (running ??= run()).worker, functionId),
    onCalls: (listener) => void (listeners.onCalls = listener),
    onWritten: (listener) => void (listeners.onWritten = listener),
    async close() {
      closing = true;
      await pending.idle();
      const last = running;
      last?.worker.postMessage('close', []);
      await last?.ended;
    },
  };
}
