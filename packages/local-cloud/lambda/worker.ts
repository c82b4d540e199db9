// The inside of one function environment: a worker thread that imports the handler once and runs one event after another.

import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { getHeapStatistics } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import {
  errorDocument,
  eventOf,
  type FromWorker,
  PAYLOAD_LIMIT,
  type ToWorker,
  type WorkerSettings,
} from './protocol.ts';
import { requestTablesDirectly } from './table-requests.ts';

type Handler = (event: unknown, context: unknown) => unknown;

const settings = workerData as WorkerSettings;
const port = parentPort!;
const post = (message: FromWorker) => port.postMessage(message);

/** What one invocation may print; a handler that prints in a loop must not fill the memory of the process. */
const OUTPUT_LIMIT = 8 * 1024 * 1024;
let requestId = '';
let printed = 0;

function print(text: string): void {
  if (printed > OUTPUT_LIMIT) return;
  printed += text.length;
  post(['output', printed > OUTPUT_LIMIT ? `\noutput over ${OUTPUT_LIMIT} bytes is dropped\n` : text]);
}

function redirectOutput(): void {
  const write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    print(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') queueMicrotask(() => (callback as () => void)());
    return true;
  };
  process.stdout.write = write;
  process.stderr.write = write;
  const levels = { log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', debug: 'DEBUG', trace: 'TRACE' };
  for (const [method, level] of Object.entries(levels)) {
    console[method as keyof typeof levels] = (...values: unknown[]) => printLine(level, format(...values));
  }
}

/** The line that the Node runtime of Lambda makes of a console call. */
function printLine(level: string, text: string): void {
  print(`${new Date().toISOString()}\t${requestId || 'undefined'}\t${level}\t${text}\n`);
}

/** Errors may be anything that can be thrown, with getters and proxies that throw again. */
function describe(error: unknown, errorType?: string): string {
  try {
    if (!(error instanceof Error)) return errorDocument(errorType ?? typeof error, String(error), []);
    const trace = (error.stack ?? '').split('\n');
    return errorDocument(errorType ?? error.name, errorType ? String(error) : error.message, trace);
  } catch {
    return errorDocument(errorType ?? 'Error', 'An error that cannot be described', []);
  }
}

function memoryUsed(): number {
  const heap = getHeapStatistics();
  return Math.ceil((heap.used_heap_size + heap.external_memory) / 1_048_576);
}

function contextOf(id: string, started: number, caller: ToWorker[2]): object {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: '$LATEST',
    functionName: settings.functionName,
    memoryLimitInMB: String(settings.memoryMb),
    logGroupName: settings.logGroup,
    logStreamName: settings.logStream,
    clientContext: undefined,
    identity: caller && { ...caller },
    invokedFunctionArn: settings.functionArn,
    awsRequestId: id,
    getRemainingTimeInMillis: () =>
      Math.max(0, Math.round(settings.timeoutMs - (performance.now() - started))),
  };
}

function responseOf(result: unknown): FromWorker {
  let text: string | undefined;
  try {
    text = JSON.stringify(result === undefined ? null : result);
  } catch {
    text = undefined; // a cycle, a BigInt or a toJSON that throws
  }
  if (text === undefined) {
    return [
      'failed',
      errorDocument('Runtime.MarshalError', 'Unable to stringify response body'),
      memoryUsed(),
    ];
  }
  // A UTF-16 unit takes at most three bytes, so most responses need no counting.
  if (text.length > PAYLOAD_LIMIT / 3 && Buffer.byteLength(text) > PAYLOAD_LIMIT) {
    const message = `Response payload size exceeded maximum allowed payload size (${PAYLOAD_LIMIT} bytes).`;
    return ['failed', errorDocument('Function.ResponseSizeTooLarge', message), memoryUsed()];
  }
  return ['done', text, memoryUsed()];
}

async function run(handler: Handler, [id, payload, caller]: ToWorker): Promise<void> {
  const started = performance.now();
  requestId = id;
  printed = 0;
  try {
    post(responseOf(await handler(eventOf(payload), contextOf(id, started, caller))));
  } catch (error) {
    const document = describe(error);
    printLine('ERROR', `Invoke Error \t${document}`);
    post(['failed', document, memoryUsed()]);
  }
}

function exitOn(event: 'uncaughtException' | 'unhandledRejection', errorType?: string): void {
  process.on(event, (error: unknown) => {
    const document = describe(error, errorType);
    printLine('ERROR', `${errorType ?? 'Uncaught Exception'} \t${document}`);
    post(['crashed', document]);
    process.exit(event === 'uncaughtException' ? 129 : 128);
  });
}

async function load(): Promise<Handler | undefined> {
  let document: string;
  try {
    const module = (await import(pathToFileURL(settings.file).href)) as Record<string, unknown>;
    const exported = { ...(module['default'] as object | undefined), ...module };
    const handler = Object.hasOwn(exported, settings.handlerName)
      ? exported[settings.handlerName]
      : undefined;
    if (typeof handler === 'function' && handler.length < 3) return handler as Handler;
    document =
      typeof handler === 'function'
        ? errorDocument(
            'Runtime.CallbackHandlerDeprecated',
            `${settings.handlerName} takes a callback, which Node 24 in Lambda no longer calls: make it async`,
          )
        : errorDocument(
            'Runtime.HandlerNotFound',
            `${settings.handlerName} is undefined or not a function that ${settings.file} exports`,
          );
  } catch (error) {
    document = describe(error);
  }
  printLine('ERROR', `Init Error \t${document}`);
  post(['broken', document]);
  return undefined;
}

redirectOutput();
for (const name of settings.hidden) delete process.env[name];
if (settings.packageRoots.length > 0) {
  // Most functions need none, and pay nothing for it.
  const { findPackagesIn } = await import('./packages.ts');
  findPackagesIn(settings.packageRoots);
}
if (settings.tables) requestTablesDirectly(settings.tables);
exitOn('uncaughtException');
exitOn('unhandledRejection', 'Runtime.UnhandledPromiseRejection');
const handler = await load();
if (handler) {
  port.on('message', (message: ToWorker) => void run(handler, message));
  post(['ready']);
}
