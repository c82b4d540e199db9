// One HTTP request and its answer as objects, as far as the AWS SDK writes and the AWS port reads them.

import { EventEmitter } from 'node:events';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { chooseFault, type CallFault } from './faults.ts';
import { serverAt } from './node-net.ts';
import { currentLife, inLife, later, world } from './runtime.ts';

export type Headers = Record<string, string | string[]>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Milliseconds that a request and its answer are on their way, at most. */
const WAY_MS = 1.5;

export const lowerCase = (headers: Readonly<Record<string, unknown>> = {}): Headers =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value as string | number)]),
  );

/** What clients use of a socket: that it is connected, and its time limit. */
function createSocket(): Socket {
  let cancel = () => {};
  const nothing = () => socket;
  const socket: EventEmitter = Object.assign(new EventEmitter(), {
    ...{ connecting: false, setKeepAlive: nothing, setNoDelay: nothing, ref: nothing, unref: nothing },
    remoteAddress: '127.0.0.1',
    setTimeout(ms: number, onTimeout?: () => void) {
      cancel();
      if (onTimeout) socket.once('timeout', onTimeout);
      if (ms > 0) cancel = later(ms, () => socket.emit('timeout'));
      return socket;
    },
    destroy() {
      cancel();
      return socket;
    },
  });
  return socket as Socket;
}

export function streamOf(body: Buffer): Readable {
  const stream = new Readable({ read() {} });
  if (body.length > 0) stream.push(body);
  stream.push(null);
  return stream;
}

function createIncoming(method: string, url: string, headers: Headers, body: Buffer): IncomingMessage {
  return Object.assign(streamOf(body), {
    ...{ method, url, headers, httpVersion: '1.1', complete: true, socket: createSocket() },
    rawHeaders: Object.entries(headers).flat(),
  }) as unknown as IncomingMessage;
}

/** The headers of a response, and what reads and removes them. */
function createHeaders() {
  const headers: Headers = {};
  return {
    headers,
    set(name: string, value: string | number | undefined): void {
      if (value !== undefined) headers[name.toLowerCase()] = String(value);
    },
    methods: {
      getHeader: (name: string) => headers[name.toLowerCase()],
      getHeaders: () => headers,
      hasHeader: (name: string) => name.toLowerCase() in headers,
      removeHeader: (name: string) => void delete headers[name.toLowerCase()],
      flushHeaders() {},
    },
  };
}

/** Collects what the server answers. */
function createResponse(req: IncomingMessage, done: (answer: Answer | undefined) => void) {
  const chunks: Buffer[] = [];
  const { headers, methods, ...fields } = createHeaders();
  const stream = new Writable({
    write(chunk: Buffer | string, encoding, next) {
      response.headersSent = true;
      chunks.push(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
      next();
    },
    final(next) {
      response.headersSent = true;
      done({ status: response.statusCode, headers, body: Buffer.concat(chunks) });
      next();
    },
    destroy(error, next) {
      if (!response.writableFinished) done(undefined);
      next(error);
    },
  });
  const response = Object.assign(stream, {
    ...{ req, statusCode: 200, statusMessage: '', headersSent: false, socket: req.socket },
    ...methods,
    setHeader(name: string, value: string | number) {
      fields.set(name, value);
      return response;
    },
    writeHead(status: number, ...given: unknown[]) {
      response.statusCode = status;
      const more = given.find((each) => typeof each === 'object') as
        Record<string, string | number> | undefined;
      for (const [name, value] of Object.entries(more ?? {})) fields.set(name, value);
      response.headersSent = true;
      return response;
    },
  });
  return response;
}

function createAnswer({ status, headers, body }: Answer): IncomingMessage {
  return Object.assign(streamOf(body), {
    ...{ statusCode: status, statusMessage: '', headers, httpVersion: '1.1', complete: true, trailers: {} },
    socket: createSocket(),
  }) as unknown as IncomingMessage;
}

function seen(from: string, method: string, url: string, headers: Headers, body: Buffer) {
  const credential = /Credential=([^,\s]+)/.exec(String(headers['authorization'] ?? ''))?.[1] ?? '';
  const service = credential.split('/').at(-2) ?? 'unsigned';
  const target = String(headers['x-amz-target'] ?? '')
    .split('.')
    .at(-1)!;
  const isForm = String(headers['content-type'] ?? '').includes('x-www-form-urlencoded');
  const action = isForm ? /(?:^|&)Action=(\w+)/.exec(body.toString('utf8'))?.[1] : undefined;
  return { from, service, operation: target || action || `${method} ${url.split('?', 1)[0]}` };
}

export function refusalOf(
  { status, code }: Extract<CallFault, { kind: 'refused' }>,
  headers: Headers,
): Answer {
  const isQuery = String(headers['content-type'] ?? '').includes('urlencoded');
  const message = 'The world refuses this call';
  const body = isQuery
    ? `<ErrorResponse><Error><Type>Receiver</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`
    : JSON.stringify({ __type: code, message });
  const type = isQuery ? 'text/xml' : 'application/x-amz-json-1.0';
  return { status, headers: { 'content-type': type, 'x-amzn-errortype': code }, body: Buffer.from(body) };
}

export interface Exchange {
  readonly port: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** @param done gets an error code instead where the connection breaks; is never called where no answer comes */
export function exchange(
  { port, method, url, headers, body }: Exchange,
  done: (answer: Answer | undefined, code?: string) => void,
): void {
  const life = currentLife();
  const answered = (answer: Answer | undefined, code?: string) =>
    inLife(life, () => void later(world.random().next() * WAY_MS, () => done(answer, code)));
  const fault = chooseFault(seen(life?.name ?? 'world', method, url, headers, body));
  if (fault?.kind === 'no-answer') return;
  if (fault?.kind === 'refused') {
    answered(refusalOf(fault, headers));
    return;
  }
  const listening = serverAt(port);
  if (!listening) {
    answered(undefined, 'ECONNREFUSED');
    return;
  }
  inLife(listening.life, () => {
    later(world.random().next() * WAY_MS, () => {
      const req = createIncoming(method, url, headers, body);
      const res = createResponse(req, (answer) =>
        answer && fault?.kind !== 'answer-lost' ? answered(answer) : answered(undefined, 'ECONNRESET'),
      );
      listening.server.emit('request', req, res);
    });
  });
}

/** As far as clients write a request. */
export function sendRequest(options: RequestOptions, onResponse?: (answer: IncomingMessage) => void) {
  const chunks: Buffer[] = [];
  const socket = createSocket();
  const headers = lowerCase(options.headers as Record<string, unknown>);
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
    final(done) {
      done();
      const { method = 'GET' } = options;
      const url = options.path ?? '/';
      exchange(
        { port: Number(options.port), method, url, headers, body: Buffer.concat(chunks) },
        (answer, code) => {
          if (stream.destroyed) return;
          if (answer) stream.emit('response', createAnswer(answer));
          else stream.destroy(Object.assign(new Error(`${code}: the connection broke`), { code }));
        },
      );
    },
    autoDestroy: false,
  });
  stream.once('close', () => socket.destroy());
  if (onResponse) stream.once('response', onResponse);
  const request: Writable = Object.assign(stream, {
    socket,
    setTimeout(ms: number, onTimeout?: () => void) {
      if (onTimeout) stream.once('timeout', onTimeout);
      socket.setTimeout(ms, () => stream.emit('timeout'));
      return request;
    },
    setHeader: (name: string, value: string) => void (headers[name.toLowerCase()] = value),
    setNoDelay: () => request,
    setSocketKeepAlive: () => request,
    abort: () => request.destroy(),
  });
  return request as ClientRequest;
}
