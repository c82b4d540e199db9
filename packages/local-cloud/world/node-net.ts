// Replaces `node:net` and `node:tls` in a world: ports exist in the world only, and streams between them are pairs in memory.

import { EventEmitter } from 'node:events';
import { currentLife, type Life } from './runtime.ts';

export * from 'node:net';

type Listener = (socket: never) => void;

/** What arrives is served in the life that opened the port. */
export interface Listening {
  readonly server: EventEmitter;
  readonly life: Life | undefined;
}

const FIRST_PORT = 20_000;
const ports = new Map<number, Listening>();
let lastPort = FIRST_PORT;

/** What listens at a port of this world. */
export const serverAt = (port: number): Listening | undefined => ports.get(port);

/** After the machine has lost its power, or starts again. */
export function closeAllPorts(): void {
  ports.clear();
  lastPort = FIRST_PORT;
}

/** As far as the product uses a server of `node:net`, `node:tls` or `node:http`. */
export function openServer(event: string, listener: Listener | undefined) {
  const server = new EventEmitter();
  let port = 0;
  if (listener) server.on(event, listener as (...given: unknown[]) => void);
  return Object.assign(server, {
    listen(wanted: number, _host: string, done: () => void) {
      lastPort += 1;
      port = wanted === 0 ? lastPort : wanted;
      ports.set(port, { server, life: currentLife() });
      queueMicrotask(done);
      return server;
    },
    address: () => ({ port, address: '127.0.0.1', family: 'IPv4' }),
    close(done?: () => void) {
      if (ports.get(port)?.server === server) ports.delete(port);
      if (done) queueMicrotask(done);
      return server;
    },
    closeIdleConnections() {},
    closeAllConnections() {},
    addContext() {},
    ...{ headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0, maxConnections: 0 },
  });
}

export const createServer = (listener?: Listener) => openServer('connection', listener);
