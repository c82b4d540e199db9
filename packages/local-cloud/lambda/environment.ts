// One function environment: a worker thread with nothing of this machine's environment, which runs one event at a time.

import type { Worker } from 'node:worker_threads';
import type { Caller } from '../aws/wire.ts';
import { createOutput, type Output } from './output.ts';
import { errorDocument, type FromWorker, memoryOf, type ToWorker } from './protocol.ts';
import { type EnvironmentSettings, startWorker } from './start-worker.ts';

/** How one attempt ended. */
export interface Outcome {
  /** JSON text: the response, or Lambda's error document. */
  readonly payload: string;
  readonly failed: boolean;
  readonly timedOut: boolean;
  /** The last 4 KB of what the attempt printed, with its START, END and REPORT lines. */
  readonly logTail: string;
}

export interface Environment {
  /** Resolves with true when the handler is imported, with false when it cannot be: then `failure()` tells why. */
  readonly started: Promise<boolean>;
  /** Lambda's error document, once the environment has ended. */
  failure(): string | undefined;
  /** One at a time. Never rejects: whatever kills the thread is an outcome. */
  run(requestId: string, payload: ToWorker[1], caller?: Caller): Promise<Outcome>;
  close(): Promise<void>;
  /** The same for one that runs nothing, without a word in its log. */
  retire(): Promise<void>;
}

/**
 * Lambda gives an import ten seconds outside the time limit of the first event, on a processor of its own. All functions
 * import at once here, and a small or busy machine takes longer than that.
 */
const IMPORT_LIMIT_MS = 60_000;

const exitMessage = (code: number) =>
  code === 0
    ? 'Error: Runtime exited without providing a reason'
    : `Error: Runtime exited with error: exit status ${code}`;

interface Attempt {
  readonly requestId: string;
  readonly output: Output;
  readonly timer: NodeJS.Timeout;
  readonly settle: (outcome: Outcome) => void;
}

/** What changes in the life of one environment. */
interface Life {
  initMs?: number;
  /** The time of the import is in the report of the first event. */
  isInitReported: boolean;
  attempt?: Attempt;
  /** Why the thread is ending: the first reason counts. */
  failure?: string;
  timedOut: boolean;
  retired: boolean;
  worker?: Worker;
}

/** One environment at work: its life, and what its thread prints outside of attempts. */
interface Running {
  readonly settings: EnvironmentSettings;
  readonly life: Life;
  readonly initOutput: Output;
  readonly begun: number;
  readonly stopImportTimer: () => void;
  readonly reportStart: (started: boolean) => void;
}

function fail(life: Life, errorType: string, message: string): void {
  const id = life.attempt ? `RequestId: ${life.attempt.requestId} ` : '';
  life.failure ??= errorDocument(errorType, id + message);
}

function print({ life, initOutput }: Running, text: string): void {
  (life.attempt?.output ?? initOutput).print(text);
}

function finish(
  { life, settings: { spec } }: Running,
  payload: string,
  failed: boolean,
  heapMb: number,
): void {
  if (!life.attempt) return;
  const { settle, output, timer, requestId } = life.attempt;
  life.attempt = undefined;
  clearTimeout(timer);
  const initMs = life.isInitReported ? undefined : life.initMs;
  life.isInitReported = true;
  const logTail = output.end({ requestId, memoryMb: spec.memoryMb, heapMb, initMs });
  settle({ payload, failed, timedOut: life.timedOut, logTail });
}

/** An answer that comes after the end of the thread was decided is too late: the thread must not get the next event. */
function answer(running: Running, payload: string, failed: boolean, heapMb: number): void {
  if (running.life.failure === undefined) finish(running, payload, failed, heapMb);
}

function end(running: Running): void {
  const { life, settings } = running;
  running.stopImportTimer();
  fail(life, 'Runtime.ExitError', exitMessage(0));
  if (!life.retired) print(running, `${life.failure!}\n`);
  finish(running, life.failure!, true, settings.spec.memoryMb);
  running.reportStart(false);
  settings.onEnd();
}

type Receive = {
  readonly [K in FromWorker[0]]: (
    running: Running,
    message: Extract<FromWorker, readonly [K, ...unknown[]]>,
  ) => void;
};

const RECEIVE: Receive = {
  ready({ life, begun, stopImportTimer, reportStart }) {
    stopImportTimer();
    life.initMs = performance.now() - begun;
    reportStart(true);
  },
  broken({ life }, [, payload]) {
    life.failure ??= payload;
  },
  output: (running, [, text]) => print(running, text),
  done: (running, [, payload, heapMb]) => answer(running, payload, false, heapMb),
  failed: (running, [, payload, heapMb]) => answer(running, payload, true, heapMb),
  crashed({ life }, [, payload]) {
    life.failure ??= payload;
  },
};

function listen(thread: Worker, running: Running): void {
  const { life } = running;
  const printChunk = (chunk: Buffer) => print(running, chunk.toString('utf8'));
  thread.on('message', (message: FromWorker) =>
    (RECEIVE[message[0]] as (running: Running, message: FromWorker) => void)(running, message),
  );
  thread.stdout.on('data', printChunk); // what goes around the redirected streams of the thread
  thread.stderr.on('data', printChunk);
  thread.on('error', (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
      fail(life, 'Runtime.OutOfMemory', 'Error: Runtime exited with error: signal: killed');
    } else {
      fail(life, 'Runtime.ExitError', `Error: ${(error as Error).message}`);
    }
  });
  thread.on('exit', (code) => {
    if (code !== 0) fail(life, 'Runtime.ExitError', exitMessage(code));
    end(running);
  });
}

function begin(running: Running): void {
  const { life, settings } = running;
  try {
    life.worker = startWorker(settings);
    listen(life.worker, running);
  } catch (error) {
    // Such as a NODE_OPTIONS in the template that a thread does not take.
    fail(life, 'Runtime.InvalidEntrypoint', (error as Error).message);
    queueMicrotask(() => end(running));
  }
}

/** Ends the thread when a time is over. */
function startTimer(life: Life, ms: number, onTime: () => void): NodeJS.Timeout {
  return setTimeout(() => {
    onTime();
    void life.worker?.terminate();
  }, ms);
}

const secondsOf = (ms: number) => (ms / 1_000).toFixed(2);

const startImportTimer = (life: Life) =>
  startTimer(life, IMPORT_LIMIT_MS, () =>
    fail(life, 'Sandbox.Timedout', `Error: Init phase timed out after ${secondsOf(IMPORT_LIMIT_MS)} seconds`),
  );

const startTaskTimer = (life: Life, timeoutSeconds: number) =>
  startTimer(life, timeoutSeconds * 1_000, () => {
    life.timedOut = true;
    fail(life, 'Sandbox.Timedout', `Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`);
  });

/**
 * Starts the thread at once.
 *
 * Time limits are real time, not the clock of the stack: they bound work that takes real time.
 */
export function createEnvironment(settings: EnvironmentSettings): Environment {
  const { spec, onLine } = settings;
  const life: Life = { isInitReported: false, timedOut: false, retired: false };
  let reportStart: (started: boolean) => void = () => {};
  const started = new Promise<boolean>((resolve) => (reportStart = resolve));
  const importTimer = startImportTimer(life);
  const stopImportTimer = () => clearTimeout(importTimer);
  begin({
    ...{ settings, life, stopImportTimer, reportStart },
    ...{ initOutput: createOutput(onLine), begun: performance.now() },
  });

  async function close(): Promise<void> {
    stopImportTimer();
    fail(life, 'Runtime.ExitError', 'Error: the local cloud is stopping');
    await life.worker?.terminate();
  }

  return {
    started,
    failure: () => life.failure,
    run(requestId, payload, caller) {
      return new Promise((settle) => {
        const output = createOutput(onLine);
        output.start(requestId);
        const timer = startTaskTimer(life, spec.timeoutSeconds);
        life.attempt = { requestId, output, timer, settle };
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
        life.worker!.postMessage([requestId, payload, caller] satisfies ToWorker, memoryOf(payload));
      });
    },
    close,
    retire() {
      life.retired = life.attempt === undefined;
      return close();
    },
  };
}
