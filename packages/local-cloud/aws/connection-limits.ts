// Keeps an HTTP port free for clients that send whole requests: slow and half-sent ones end in time, and give way when it is full.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { connectionsWithin, descriptorLimit } from '../mqtt/descriptors.ts';

export interface ConnectionLimits {
  readonly connections: number;
  /** From the connection to the end of the first request's head. */
  readonly headMs: number;
  /** From the head to the end of the body, and one second more for each `bodyBytesPerSecond` that have come. */
  readonly bodyMs: number;
  readonly bodyBytesPerSecond: number;
  /** From an answer to the end of the next request's head. */
  readonly idleMs: number;
  /** How long a client may read nothing of an answer that waits for it. */
  readonly unreadMs: number;
}

const defaults: ConnectionLimits = {
  connections: 1_000,
  headMs: 10_000,
  bodyMs: 30_000,
  bodyBytesPerSecond: 1_000,
  idleMs: 65_000,
  unreadMs: 60_000,
};

/** Descriptors beside those of the MQTT port are also for files and functions: a port gets a quarter of them. */
export const defaultConnectionLimits: ConnectionLimits = {
  ...defaults,
  connections: httpConnectionsWithin(descriptorLimit(), defaults.connections),
};

export function httpConnectionsWithin(descriptors: number, wanted: number): number {
  if (descriptors === Infinity) return wanted;
  return Math.max(16, Math.min(wanted, Math.floor((descriptors - connectionsWithin(descriptors)) / 4)));
}

/** What is changed to another protocol has limits of its own. */
interface Connection {
  /** When it began to wait for a head: at its beginning, or after an answer. */
  since: number;
  hasServed: boolean;
  isUpgraded: boolean;
  /** Requests whose head has come, and whose answer has not ended. */
  readonly requests: Map<IncomingMessage, { readonly since: number; readonly bytesBefore: number }>;
  /** Bytes of answers that have gone, and since when no more have. */
  gone: number;
  goneAt: number;
}

const PERIODS = 4;
/** Who has just come is about to send. */
const GRACE_MS = 1_000;
/** An answer to a refused change of protocol has gone by then. */
const FAREWELL_MS = 2_000;

const TIMEOUT_ANSWER = 'HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';

type Cut = (reason: string) => void;

/** The request whose body is still coming, and how fast, in bytes a second; undefined where none is. */
function incomingOf(socket: Socket, { requests }: Connection, now: number) {
  for (const [request, { since, bytesBefore }] of requests) {
    if (request.complete) continue;
    const bytes = socket.bytesRead - bytesBefore;
    return { forMs: now - since, bytes, rate: (bytes * 1_000) / Math.max(GRACE_MS, now - since) };
  }
  return undefined;
}

/** A connection that was kept for another request, and got none: clients know that it ends, and nothing is wrong. */
const IDLE = '';

/** What is wrong with a connection by now, in words for the log. */
function overdue(socket: Socket, connection: Connection, limits: ConnectionLimits, now: number) {
  const { since, hasServed, isUpgraded, requests } = connection;
  if (isUpgraded) return socket.writableEnded && now - since > FAREWELL_MS ? 'it was refused' : undefined;
  if (requests.size === 0) {
    if (hasServed) return now - since > limits.idleMs ? IDLE : undefined;
    return now - since > limits.headMs ? `no whole request within ${limits.headMs} ms` : undefined;
  }
  const incoming = incomingOf(socket, connection, now);
  if (incoming) {
    const allowed = limits.bodyMs + (incoming.bytes * 1_000) / limits.bodyBytesPerSecond;
    return incoming.forMs > allowed
      ? `a body slower than ${limits.bodyBytesPerSecond} bytes a second`
      : undefined;
  }
  const gone = socket.bytesWritten - socket.writableLength;
  if (gone !== connection.gone || socket.writableLength === 0)
    Object.assign(connection, { gone, goneAt: now });
  return now - connection.goneAt > limits.unreadMs
    ? `an answer not read for ${limits.unreadMs} ms`
    : undefined;
}

/** The order in which connections give way, the smallest first; undefined for one that is being served. */
function rank(socket: Socket, connection: Connection, now: number): readonly [number, number] | undefined {
  const { since, hasServed, isUpgraded, requests } = connection;
  if (isUpgraded) return undefined;
  if (requests.size > 0) {
    const incoming = incomingOf(socket, connection, now);
    return incoming && [2, incoming.rate];
  }
  if (hasServed) return [1, since];
  return [now - since > GRACE_MS ? 0 : 3, since];
}

/**
 * Holds the connections of `server` to `limits`, in place of Node's own timeouts, which count in steps of 30 seconds and never for a
 * server that is handed its sockets.
 *
 * @param server with its listener for upgrades, if it takes any.
 * @param cut called with the reason why a connection was closed before its time.
 */
export function limitConnections(server: Server, limits: ConnectionLimits, cut: Cut): void {
  const open = new Map<Socket, Connection>();
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  server.keepAliveTimeout = limits.idleMs; // announced to clients
  let timer: NodeJS.Timeout | undefined;

  const end = (socket: Socket, connection: Connection, reason: string) => {
    open.delete(socket);
    if (reason !== IDLE) cut(reason);
    // Nothing of an answer has gone where a request is not whole; one that is not read is cut off.
    const mayAnswer = connection.requests.size === 0 ? !connection.hasServed : connection.gone === 0;
    if (mayAnswer && !connection.isUpgraded && socket.writable)
      socket.end(TIMEOUT_ANSWER, () => socket.destroy());
    else socket.destroy();
  };

  const sweep = () => {
    const now = performance.now();
    for (const [socket, connection] of open) {
      const reason = overdue(socket, connection, limits, now);
      if (reason !== undefined) end(socket, connection, reason);
    }
    if (open.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };

  /** Room for one that has just come, at the cost of the one that deserves its place least. */
  const makeRoom = (newest: Socket) => {
    const now = performance.now();
    let victim: readonly [Socket, Connection, readonly [number, number]] | undefined;
    for (const [socket, connection] of open) {
      const [group, value] = (socket !== newest && rank(socket, connection, now)) || [Infinity, Infinity];
      if (group === Infinity) continue;
      const [best, least] = victim?.[2] ?? [Infinity, Infinity];
      if (group < best || (group === best && value < least)) victim = [socket, connection, [group, value]];
    }
    if (victim) end(victim[0], victim[1], 'the port is full, and others send whole requests');
    else end(newest, open.get(newest)!, `${limits.connections} connections are in use`);
  };

  server.on('connection', (socket: Socket) => {
    const now = performance.now();
    const requests: Connection['requests'] = new Map();
    open.set(socket, { since: now, hasServed: false, isUpgraded: false, requests, gone: 0, goneAt: now });
    socket.once('close', () => open.delete(socket));
    timer ??= setInterval(sweep, Math.min(1_000, limits.headMs / PERIODS)).unref();
    if (open.size > limits.connections) makeRoom(socket);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = open.get(request.socket);
    if (!connection) return;
    const now = performance.now();
    connection.requests.set(request, { since: now, bytesBefore: request.socket.bytesRead });
    connection.goneAt = now;
    response.once('close', () => {
      connection.requests.delete(request);
      connection.hasServed = true;
      connection.since = performance.now();
    });
  });
  // A listener would be all that such a request ever meets where nobody else listens.
  if (server.listenerCount('upgrade') === 0) return;
  server.on('upgrade', (request: IncomingMessage) => {
    const connection = open.get(request.socket);
    if (connection) Object.assign(connection, { isUpgraded: true, since: performance.now() });
  });
}
