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
  /** What functions may do by such ports; all of it if absent. */
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

/** A line for the log; a fault is what went wrong inside. `written`: a function wrote past the AWS port while a table has a stream; `calls`: what functions called that way. */
export type Note =
  | { readonly note: string }
  | { readonly fault: string }
  | { readonly written: true }
  | { readonly calls: readonly RecordedCall[] };

export interface DynamoThread {
  /** Resolves once the tables can be read. @throws what kept them from opening */
  ready(): Promise<void>;
  call(operation: string, body: string): Promise<Omit<Answer, 'id' | 'fault'>>;
  /** A port by which a function's thread reads and writes items, see direct.ts; it closes when the thread of the tables ends. */
  connect(functionId?: string): MessagePort;
  /** Calls the listener with the calls that functions made past the AWS port. */
  onCalls(listener: (calls: readonly RecordedCall[]) => void): void;
  /** Calls the listener when a function wrote past the AWS port while a table has a stream. */
  onWritten(listener: () => void): void;
  /** Writes out and ends the thread. */
  close(): Promise<void>;
}

interface Running {
  readonly worker: Worker;
  readonly opened: Promise<void>;
  readonly ended: Promise<void>;
}

/** What a request leaves behind is collected every few requests: without a limit it grows to 96 MB, and is no faster. */
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

/** @param start makes the thread; a test can keep hold of it there. */
export function createDynamoThread(setup: Setup, log: Log, start = startWorker): DynamoThread {
  const waiting = new Map<number, (answer: Omit<Answer, 'id'>) => void>();
  let lastId = 0;
  let closing = false;
  let hasOpened = false;
  let whenIdle = () => {};
  let onWritten = () => {};
  let onCalls = (_calls: readonly RecordedCall[]) => {};
  let running: Running | undefined;

  const sayFault = (reason: string) => log.error('DynamoDB request failed', { reason });

  function receive(message: Answer | Note): void {
    if ('note' in message) log.info(message.note);
    else if ('id' in message) settle(message);
    else if ('written' in message) onWritten();
    else if ('calls' in message) onCalls(message.calls);
    else sayFault(message.fault);
  }

  function settle({ id, fault, ...answer }: Answer): void {
    if (fault) sayFault(fault);
    waiting.get(id)?.(answer);
    waiting.delete(id);
    if (!waiting.size) whenIdle();
  }

  function abandon(): void {
    running = undefined;
    for (const answer of waiting.values()) answer({ status: 500, body: LOST });
    waiting.clear();
    whenIdle();
  }

  const run = (): Running =>
    listen(start(setup), {
      receive,
      abandon,
      opened: () => void (hasOpened = true),
      // Until it has opened, a failure is reported by `ready()` alone.
      failed: (reason) => hasOpened && log.error('DynamoDB thread failed', { reason }),
    });

  return {
    ready: () => (running ??= run()).opened,
    async call(operation, body) {
      if (closing) return { status: 500, body: LOST };
      const { worker } = (running ??= run());
      const id = (lastId += 1);
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        worker.postMessage({ id, operation, body } satisfies Call, []);
      });
    },
    connect(functionId) {
      const { port1, port2 } = new MessageChannel();
      if (closing) port2.close();
      else (running ??= run()).worker.postMessage({ connect: port2, functionId } satisfies Connect, [port2]);
      return port1;
    },
    onCalls: (listener) => void (onCalls = listener),
    onWritten: (listener) => void (onWritten = listener),
    async close() {
      closing = true;
      if (waiting.size) await new Promise<void>((resolve) => (whenIdle = resolve));
      const last = running;
      last?.worker.postMessage('close', []);
      await last?.ended;
    },
  };
}
