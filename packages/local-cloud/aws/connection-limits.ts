// Keeps an HTTP port free for clients that send whole requests: slow and half-sent requests time out, and are closed first when the port is full.

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

const DEFAULTS: ConnectionLimits = {
  connections: 1_000,
  headMs: 10_000,
  bodyMs: 30_000,
  bodyBytesPerSecond: 1_000,
  idleMs: 65_000,
  unreadMs: 60_000,
};

/** An HTTP port gets a quarter of the descriptors that the MQTT port leaves; files and functions need the others. */
export const defaultConnectionLimits: ConnectionLimits = {
  ...DEFAULTS,
  connections: httpConnectionsWithin(descriptorLimit(), DEFAULTS.connections),
};

export function httpConnectionsWithin(descriptors: number, wanted: number): number {
  if (descriptors === Infinity) return wanted;
  return Math.max(16, Math.min(wanted, Math.floor((descriptors - connectionsWithin(descriptors)) / 4)));
}

/** A connection that was upgraded to another protocol has limits of its own. */
interface Connection {
  /** When it began to wait for the head of a request: at its start, or after an answer. */
  since: number;
  hasServed: boolean;
  isUpgraded: boolean;
  /** Requests whose head has come, and whose answer has not ended. */
  readonly requests: Map<IncomingMessage, { readonly since: number; readonly bytesBefore: number }>;
  /** Bytes of answers that the client has taken, and when it last took any. */
  gone: number;
  goneAt: number;
}

/** Overdue connections are looked for so many times within `headMs`. */
const SWEEPS_PER_HEAD = 4;
/** A new connection gets this long to begin to send. */
const GRACE_MS = 1_000;
/** An answer to a refused upgrade has been sent by then. */
const FAREWELL_MS = 2_000;

const TIMEOUT_ANSWER = 'HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';

type Cut = (reason: string) => void;

/** How long a request body has been coming, and how fast, in bytes a second; undefined when none is coming. */
function incomingOf(socket: Socket, { requests }: Connection, now: number) {
  for (const [request, { since, bytesBefore }] of requests) {
    if (request.complete) continue;
    const bytes = socket.bytesRead - bytesBefore;
    return { forMs: now - since, bytes, rate: (bytes * 1_000) / Math.max(GRACE_MS, now - since) };
  }
  return undefined;
}

/** The reason of a kept-alive connection that got no further request. Clients expect its end, so it is not logged. */
const IDLE = '';

/** Why a connection is overdue, in words for the log; undefined where it is not. */
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

/** The order in which connections are closed for a new one, the smallest first; undefined for one that is being served. */
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

/** The connections of a server, and what ends one of them. */
interface Connections {
  readonly open: Map<Socket, Connection>;
  readonly limits: ConnectionLimits;
  readonly cut: Cut;
}

function end({ open, cut }: Connections, socket: Socket, connection: Connection, reason: string): void {
  open.delete(socket);
  if (reason !== IDLE) cut(reason);
  // No part of an answer was sent while a request is not whole; an answer that is not read is cut off.
  const mayAnswer = connection.requests.size === 0 ? !connection.hasServed : connection.gone === 0;
  if (mayAnswer && !connection.isUpgraded && socket.writable)
    socket.end(TIMEOUT_ANSWER, () => socket.destroy());
  else socket.destroy();
}

/** Makes room for a new connection: ends the one with the lowest rank, or the new one when every other is being served. */
function makeRoom(connections: Connections, newest: Socket): void {
  const { open, limits } = connections;
  const now = performance.now();
  let victim: readonly [Socket, Connection, readonly [number, number]] | undefined;
  for (const [socket, connection] of open) {
    const [group, value] = (socket !== newest && rank(socket, connection, now)) || [Infinity, Infinity];
    if (group === Infinity) continue;
    const [best, least] = victim?.[2] ?? [Infinity, Infinity];
    if (group < best || (group === best && value < least)) victim = [socket, connection, [group, value]];
  }
  if (victim) end(connections, victim[0], victim[1], 'the port is full, and others send whole requests');
  else end(connections, newest, open.get(newest)!, `${limits.connections} connections are in use`);
}

/** Registers new connections; a timer ends overdue ones as long as there are any. */
function followConnections(server: Server, connections: Connections): void {
  const { open, limits } = connections;
  let timer: NodeJS.Timeout | undefined;
  const sweep = () => {
    const now = performance.now();
    for (const [socket, connection] of open) {
      const reason = overdue(socket, connection, limits, now);
      if (reason !== undefined) end(connections, socket, connection, reason);
    }
    if (open.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
  server.on('connection', (socket: Socket) => {
    const now = performance.now();
    const requests: Connection['requests'] = new Map();
    open.set(socket, { since: now, hasServed: false, isUpgraded: false, requests, gone: 0, goneAt: now });
    socket.once('close', () => open.delete(socket));
    timer ??= setInterval(sweep, Math.min(1_000, limits.headMs / SWEEPS_PER_HEAD)).unref();
    if (open.size > limits.connections) makeRoom(connections, socket);
  });
}

function followRequests(server: Server, open: ReadonlyMap<Socket, Connection>): void {
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
  // With no other listener, Node refuses upgrades by itself; a listener here would leave them unanswered.
  if (server.listenerCount('upgrade') === 0) return;
  server.on('upgrade', (request: IncomingMessage) => {
    const connection = open.get(request.socket);
    if (connection) Object.assign(connection, { isUpgraded: true, since: performance.now() });
  });
}

/**
 * Holds the connections of `server` to `limits`, in place of Node's own timeouts, which count in steps of 30 seconds and never for a
 * server that is handed its sockets.
 *
 * @param server with its listener for upgrades, if it takes any.
 * @param cut called with the reason why a connection was closed before its time.
 */
export function limitConnections(server: Server, limits: ConnectionLimits, cut: Cut): void {
  const connections: Connections = { open: new Map(), limits, cut };
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  server.keepAliveTimeout = limits.idleMs; // announced to clients
  followConnections(server, connections);
  followRequests(server, connections.open);
}
