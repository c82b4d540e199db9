// Takes a function's HTTP requests for items to the table thread without HTTP: the AWS SDK, or other code that calls `http.request`, sees the
// same answers from the same address, and the function's code is what is deployed.

import { EventEmitter } from 'node:events';
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { threadId, type MessagePort } from 'node:worker_threads';
import { DIRECT_OPERATIONS, LOST, type DirectAnswer, type DirectCall } from '../dynamodb/direct.ts';
import type { TablesDoor } from './protocol.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Tables {
  /** Calls back exactly once. */
  request(operation: string, body: string, done: (answer: Answer) => void): void;
  isOpen(): boolean;
}

/** Larger requests go by HTTP, where DynamoDB's limit is. */
const MAX_BYTES = 4 * 1024 * 1024;
const TARGET = /^DynamoDB_20120810\.(\w+)$/;

/** The port holds the thread while a request is under way, as a socket would. */
function openTables(port: MessagePort): Tables {
  const waiting = new Map<number, (answer: Answer) => void>();
  let lastId = 0;
  let isOpen = true;

  function settle(id: number, answer: Answer): void {
    const done = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) port.unref();
    done?.(answer);
  }

  port.on('message', ([id, status, body]: DirectAnswer) => settle(id, { status, body }));
  // The table thread has ended. What comes later goes by HTTP, to the thread that took its place.
  port.on('close', () => {
    isOpen = false;
    for (const id of [...waiting.keys()]) settle(id, { status: 500, body: LOST });
  });
  port.unref();
  return {
    isOpen: () => isOpen,
    request(operation, body, done) {
      lastId += 1;
      if (waiting.size === 0) port.ref();
      waiting.set(lastId, done);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
      port.postMessage([lastId, operation, body] satisfies DirectCall);
    },
  };
}

/** What clients use of a socket: that it is connected, and its time limit. */
function createSocket() {
  let timer: NodeJS.Timeout | undefined;
  const nothing = () => socket;
  const socket: EventEmitter = Object.assign(new EventEmitter(), {
    ...{ connecting: false, setKeepAlive: nothing, setNoDelay: nothing, ref: nothing, unref: nothing },
    setTimeout(ms: number, onTimeout?: () => void) {
      clearTimeout(timer);
      if (onTimeout) socket.once('timeout', onTimeout);
      if (ms > 0) timer = setTimeout(() => socket.emit('timeout'), ms);
      return socket;
    },
    destroy() {
      clearTimeout(timer);
      return socket;
    },
  });
  return socket as Socket;
}

let answers = 0;

/** As far as clients read one. Most pipe it whole into a collector: that needs none of the machinery of a stream. */
function createAnswer({ status, body }: Answer, socket: Socket): IncomingMessage {
  const bytes = Buffer.from(body);
  const stream = new Readable({
    read() {
      stream.push(bytes);
      stream.push(null);
    },
  });
  const pipe = stream.pipe.bind(stream);
  answers += 1;
  return Object.assign(stream, {
    pipe<Target extends NodeJS.WritableStream>(target: Target, options?: { end?: boolean }): Target {
      if (stream.readableFlowing !== null || stream.readableDidRead || options?.end === false)
        return pipe(target, options);
      target.end(bytes);
      stream.destroy();
      return target;
    },
    ...{ socket, complete: true, httpVersion: '1.1', trailers: {} },
    ...{ statusCode: status, statusMessage: http.STATUS_CODES[status] ?? '' },
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': String(bytes.length),
      'x-amzn-requestid': `direct-${process.pid}-${threadId}-${answers}`,
    },
  }) as unknown as IncomingMessage;
}

/** The last argument of `write` and `end` may be a function. */
function callBack(given: readonly unknown[]): void {
  const callback = given.at(-1);
  if (typeof callback === 'function') process.nextTick(() => (callback as () => void)());
}

/** What a client writes, until it ends it. */
function createBody(onEnd: (body: string) => void) {
  const chunks: Buffer[] = [];
  let isEnded = false;
  const write = (chunk: Uint8Array | string, ...more: unknown[]): boolean => {
    const encoding = typeof more[0] === 'string' ? (more[0] as BufferEncoding) : undefined;
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk));
    callBack(more);
    return true;
  };
  return {
    write,
    end: (...given: unknown[]): void => {
      if (isEnded) return;
      isEnded = true;
      const [chunk, ...more] = given;
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) write(chunk, ...more);
      else callBack(given);
      onEnd(Buffer.concat(chunks).toString('utf8'));
    },
  };
}

/** As far as clients write one. */
function createRequest(operation: string, tables: Tables): ClientRequest {
  const socket = createSocket();
  let isDestroyed = false;
  function destroy(error?: Error): EventEmitter {
    if (isDestroyed) return request;
    isDestroyed = true;
    socket.destroy();
    process.nextTick(() => {
      if (error) request.emit('error', error);
      request.emit('close');
    });
    return request;
  }
  const { write, end } = createBody((body) =>
    tables.request(operation, body, (answer) => {
      if (isDestroyed) return;
      request.emit('response', createAnswer(answer, socket));
      destroy();
    }),
  );
  const request: EventEmitter = Object.assign(new EventEmitter(), {
    ...{ socket, writable: true, write, destroy, abort: () => destroy() },
    end(...given: unknown[]) {
      end(...given);
      return request;
    },
    setTimeout(ms: number, onTimeout?: () => void) {
      if (onTimeout) request.once('timeout', onTimeout);
      socket.setTimeout(ms, () => request.emit('timeout'));
      return request;
    },
    setNoDelay: () => request,
    setSocketKeepAlive: () => request,
  });
  return request as ClientRequest;
}

interface Address {
  readonly host: string;
  readonly port: string;
}

/** The operation of a request that may go past HTTP: signed by the function itself, which the AWS port does not check either. */
function operationOf(options: unknown, { host, port }: Address): string | undefined {
  if (typeof options !== 'object' || options === null || options instanceof URL) return undefined;
  const { headers, method, ...given } = options as RequestOptions;
  if (method !== 'POST' || !headers || Array.isArray(headers)) return undefined;
  if ((given.hostname ?? given.host) !== host || String(given.port) !== port) return undefined;
  const {
    'x-amz-target': target,
    authorization = '',
    ...others
  } = headers as Readonly<Record<string, unknown>>;
  if (!(Number(others['content-length']) <= MAX_BYTES)) return undefined;
  if (!/Credential=local\/\d+\/[\w-]+\/dynamodb\//.test(String(authorization))) return undefined;
  const operation = TARGET.exec(String(target))?.[1] ?? '';
  return DIRECT_OPERATIONS.has(operation) ? operation : undefined;
}

/** From now on, for all code that imports `node:http`. Everything but requests for items goes by HTTP as before. */
export function requestTablesDirectly({ endpoint, port }: TablesDoor): void {
  const { hostname, port: tcpPort } = new URL(endpoint);
  const address = { host: hostname, port: tcpPort };
  const tables = openTables(port);
  const byHttp = http.request;

  function request(...given: Parameters<typeof http.request>): ClientRequest {
    const [options, onResponse] = given as unknown as [unknown, unknown];
    const operation = tables.isOpen() ? operationOf(options, address) : undefined;
    if (operation === undefined) return byHttp(...given);
    const direct = createRequest(operation, tables);
    if (typeof onResponse === 'function')
      direct.once('response', onResponse as (answer: IncomingMessage) => void);
    return direct;
  }
  http.request = request as typeof http.request;
  syncBuiltinESMExports();
}
