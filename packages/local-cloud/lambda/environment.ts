// One function environment: a worker thread with nothing of this machine's environment, which runs one event at a time.
import { getCompileCacheDir } from 'node:module';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Caller } from '../aws/wire.ts';
import type { FunctionSpec } from '../template/functions.ts';
import type { LayerRoot } from '../template/layers.ts';
import { createOutput, type Output } from './output.ts';
import { errorDocument, type FromWorker, type ToWorker, type WorkerSettings } from './protocol.ts';

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
  run(requestId: string, payload: string, caller?: Caller): Promise<Outcome>;
  close(): Promise<void>;
  /** The same for one that runs nothing, without a word in its log. */
  retire(): Promise<void>;
}

export interface EnvironmentSettings {
  readonly spec: FunctionSpec;
  readonly file: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly logStream: string;
  readonly onLine: (line: string) => void;
  /** The thread has ended, whatever the reason. */
  readonly onEnd: () => void;
}

/**
 * Lambda gives an import ten seconds outside the time limit of the first event, on a processor of its own. All functions
 * import at once here, and a small or busy machine takes longer than that.
 */
const importLimitMs = 60_000;

const COMPILE_CACHE = 'NODE_COMPILE_CACHE';

/** What an event leaves behind is collected every few events: without a limit it grows to 96 MB a thread, and is no faster. */
const youngGenerationMb = 16;

const exitMessage = (code: number) =>
  code === 0
    ? 'Error: Runtime exited without providing a reason'
    : `Error: Runtime exited with error: exit status ${code}`;

/** Those of layers; for code that is not built, also what was beside it before it was copied, and the AWS SDK from here. */
function packageRootsOf({ plain, layerRoots = [] }: FunctionSpec): readonly LayerRoot[] {
  if (!plain) return layerRoots;
  const beside = [...(plain.kind === 'folder' ? [plain.folder] : []), import.meta.dirname];
  return [...layerRoots, ...beside.map((folder) => ({ folder }))];
}

/**
 * The thread compiles what is in the cache neither from source nor, which takes 20 MiB, from TypeScript. Node reads the variable once, when
 * the thread begins; after that the function does not see it.
 */
function compileCacheOf(variables: EnvironmentSettings['variables']): Readonly<Record<string, string>> {
  const folder = getCompileCacheDir();
  if (folder === undefined || Object.hasOwn(variables, COMPILE_CACHE)) return {};
  return { [COMPILE_CACHE]: path.dirname(folder) }; // Node adds its version
}

function startWorker({ spec, file, variables, logStream }: EnvironmentSettings): Worker {
  const compileCache = compileCacheOf(variables);
  const settings: WorkerSettings = {
    file,
    handlerName: spec.handlerName,
    functionName: spec.name,
    functionArn: spec.arn,
    memoryMb: spec.memoryMb,
    timeoutMs: spec.timeoutSeconds * 1_000,
    logGroup: `/aws/lambda/${spec.name}`,
    logStream,
    packageRoots: packageRootsOf(spec),
    hidden: Object.keys(compileCache),
  };
  return new Worker(new URL('./worker.ts', import.meta.url), {
    name: spec.logicalId,
    workerData: settings,
    env: { ...variables, ...compileCache },
    execArgv: [],
    argv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: spec.memoryMb, maxYoungGenerationSizeMb: youngGenerationMb },
  });
}

interface Attempt {
  readonly requestId: string;
  readonly output: Output;
  readonly timer: NodeJS.Timeout;
  readonly settle: (outcome: Outcome) => void;
}

/**
 * Starts the thread at once.
 *
 * Time limits are real time, not the clock of the stack: they bound work that takes real time.
 */
export function createEnvironment(settings: EnvironmentSettings): Environment {
  const { spec, onLine } = settings;
  const begun = performance.now();
  const initOutput = createOutput(onLine);
  let initMs: number | undefined;
  let reported = false;
  let attempt: Attempt | undefined;
  /** Why the thread is ending: the first reason counts. */
  let failure: string | undefined;
  let timedOut = false;
  let retired = false;
  let worker: Worker | undefined;
  let reportStart: (started: boolean) => void = () => {};
  const started = new Promise<boolean>((resolve) => (reportStart = resolve));

  const fail = (errorType: string, message: string) => {
    const id = attempt ? `RequestId: ${attempt.requestId} ` : '';
    failure ??= errorDocument(errorType, id + message);
  };

  /** What the thread still says after its end was decided is too late: the next event must not be given to it. */
  function answer(payload: string, failed: boolean, heapMb: number): void {
    if (failure === undefined) finish(payload, failed, heapMb);
  }

  function finish(payload: string, failed: boolean, heapMb: number): void {
    if (!attempt) return;
    const { settle, output, timer, requestId } = attempt;
    attempt = undefined;
    clearTimeout(timer);
    const init = reported ? undefined : initMs;
    reported = true;
    const logTail = output.end({ requestId, memoryMb: spec.memoryMb, heapMb, initMs: init });
    settle({ payload, failed, timedOut, logTail });
  }

  function end(): void {
    clearTimeout(importTimer);
    fail('Runtime.ExitError', exitMessage(0));
    if (!retired) (attempt?.output ?? initOutput).print(`${failure!}\n`);
    finish(failure!, true, spec.memoryMb);
    reportStart(false);
    settings.onEnd();
  }

  const receive: {
    [K in FromWorker[0]]: (message: Extract<FromWorker, readonly [K, ...unknown[]]>) => void;
  } = {
    ready() {
      clearTimeout(importTimer);
      initMs = performance.now() - begun;
      reportStart(true);
    },
    broken([, payload]) {
      failure ??= payload;
    },
    output: ([, text]) => (attempt?.output ?? initOutput).print(text),
    done: ([, payload, heapMb]) => answer(payload, false, heapMb),
    failed: ([, payload, heapMb]) => answer(payload, true, heapMb),
    crashed([, payload]) {
      failure ??= payload;
    },
  };

  const importTimer = setTimeout(() => {
    fail(
      'Sandbox.Timedout',
      `Error: Init phase timed out after ${(importLimitMs / 1_000).toFixed(2)} seconds`,
    );
    void worker?.terminate();
  }, importLimitMs);

  function listen(thread: Worker): void {
    const print = (chunk: Buffer) => (attempt?.output ?? initOutput).print(chunk.toString('utf8'));
    thread.on('message', (message: FromWorker) =>
      (receive[message[0]] as (message: FromWorker) => void)(message),
    );
    thread.stdout.on('data', print); // what goes around the redirected streams of the thread
    thread.stderr.on('data', print);
    thread.on('error', (error) => {
      if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
        fail('Runtime.OutOfMemory', 'Error: Runtime exited with error: signal: killed');
      } else {
        fail('Runtime.ExitError', `Error: ${(error as Error).message}`);
      }
    });
    thread.on('exit', (code) => {
      if (code !== 0) fail('Runtime.ExitError', exitMessage(code));
      end();
    });
  }

  try {
    worker = startWorker(settings);
    listen(worker);
  } catch (error) {
    // Such as a NODE_OPTIONS in the template that a thread does not take.
    fail('Runtime.InvalidEntrypoint', (error as Error).message);
    queueMicrotask(end);
  }

  async function close(): Promise<void> {
    clearTimeout(importTimer);
    fail('Runtime.ExitError', 'Error: the local cloud is stopping');
    await worker?.terminate();
  }

  return {
    started,
    failure: () => failure,
    run(requestId, payload, caller) {
      return new Promise((settle) => {
        const output = createOutput(onLine);
        output.start(requestId);
        const timer = setTimeout(() => {
          timedOut = true;
          fail('Sandbox.Timedout', `Error: Task timed out after ${spec.timeoutSeconds.toFixed(2)} seconds`);
          void worker?.terminate();
        }, spec.timeoutSeconds * 1_000);
        attempt = { requestId, output, timer, settle };
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
        worker!.postMessage([requestId, payload, caller] satisfies ToWorker);
      });
    },
    close,
    retire() {
      retired = attempt === undefined;
      return close();
    },
  };
}
