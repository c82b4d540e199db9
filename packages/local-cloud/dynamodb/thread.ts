// Runs DynamoDB's thread, and starts a new one when it dies; what was in progress fails as a retryable server error.
import { Worker } from 'node:worker_threads';
import type { Log } from '../log.ts';

export interface Setup {
  readonly dir: string;
  readonly region: string;
  readonly accountId: string;
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

/** A line for the log. */
export interface Note {
  readonly note: string;
}

export interface DynamoThread {
  /** Resolves once the tables can be read. @throws what kept them from opening */
  ready(): Promise<void>;
  call(operation: string, body: string): Promise<Omit<Answer, 'id' | 'fault'>>;
  /** Writes out and ends the thread. */
  close(): Promise<void>;
}

interface Running {
  readonly worker: Worker;
  readonly opened: Promise<void>;
  readonly ended: Promise<void>;
}

const lost = JSON.stringify({
  __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError',
  message: 'The table thread stopped during this request, see the log',
});

/** What a request leaves behind is collected every few requests: without a limit it grows to 96 MB, and is no faster. */
const resourceLimits = { maxYoungGenerationSizeMb: 16 };

export const startWorker = (setup: Setup): Worker =>
  new Worker(new URL('./worker.ts', import.meta.url), { workerData: setup, resourceLimits });

/** @param start makes the thread; a test can keep hold of it there. */
export function createDynamoThread(setup: Setup, log: Log, start = startWorker): DynamoThread {
  const waiting = new Map<number, (answer: Omit<Answer, 'id'>) => void>();
  let lastId = 0;
  let closing = false;
  /** Until then a failure is told by `ready()` alone. */
  let hasOpened = false;
  let whenIdle = () => {};
  let running: Running | undefined;

  function receive({ id, fault, ...answer }: Answer): void {
    if (fault) log.error('DynamoDB request failed', { reason: fault });
    waiting.get(id)?.(answer);
    waiting.delete(id);
    if (!waiting.size) whenIdle();
  }

  function abandon(): void {
    running = undefined;
    for (const answer of waiting.values()) answer({ status: 500, body: lost });
    waiting.clear();
    whenIdle();
  }

  function run(): Running {
    const worker = start(setup);
    const opened = new Promise<void>((resolve, reject) => {
      worker.on('message', (message: Answer | Note | 'open') => {
        if (message === 'open') {
          hasOpened = true;
          resolve();
        } else if ('note' in message) log.info(message.note);
        else receive(message);
      });
      worker.on('error', (error) => {
        if (hasOpened)
          log.error('DynamoDB thread failed', {
            reason: error instanceof Error ? error.stack : String(error),
          });
        reject(error as Error);
      });
      worker.on('exit', () => reject(new Error('the DynamoDB thread ended')));
    });
    opened.catch(() => undefined); // told to whoever awaits it, and logged above
    const ended = new Promise<void>((resolve) => {
      worker.on('exit', () => {
        abandon();
        resolve();
      });
    });
    return { worker, opened, ended };
  }

  return {
    ready: () => (running ??= run()).opened,
    async call(operation, body) {
      if (closing) return { status: 500, body: lost };
      const { worker } = (running ??= run());
      const id = (lastId += 1);
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        worker.postMessage({ id, operation, body } satisfies Call, []);
      });
    },
    async close() {
      closing = true;
      if (waiting.size) await new Promise<void>((resolve) => (whenIdle = resolve));
      const last = running;
      last?.worker.postMessage('close', []);
      await last?.ended;
    },
  };
}
