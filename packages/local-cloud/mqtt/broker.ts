// The MQTT broker: TLS with client certificates in front, one connection each behind, and what closes them from outside.

import type { Duplex } from 'node:stream';
import type { Server, TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import { plainAddress } from '../plain-address.ts';
import type { Identity } from './access.ts';
import type { BrokerContext } from './client.ts';
import { createThrottledWarning } from '../log-throttle.ts';
import { type Connections, createConnections, type Transport } from './connections.ts';
import { createCustomEnter, type CustomClients } from './custom-clients.ts';
import { openListener } from './listener.ts';
import { sniffProtocol } from './sniff-protocol.ts';
import { createTlsServer, versionProblem } from './tls-server.ts';

/** Who a certificate is. `thingName` only where a thing is attached to it exclusively. */
export type Identified =
  | { readonly principal: string; readonly thingName?: string; readonly validUntil?: number }
  | { readonly refused: string };

export interface BrokerDomain {
  readonly name: string;
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  readonly requiresTls13: boolean;
}

export interface BrokerOptions {
  readonly context: BrokerContext;
  /** PEM: the server's key and certificate, and the authorities that it names to clients. */
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string };
  /** Certificates for clients that ask for one of these names (SNI); every other client gets that of `tls`. */
  readonly domains?: readonly BrokerDomain[];
  /** Addresses of this machine. */
  readonly hosts: readonly string[];
  /** 0 picks a free one. */
  readonly port: number;
  readonly identify: (certificate: Buffer, socket: TLSSocket) => Identified;
  /** Serves a client whose certificate is good and that speaks HTTP; without, it is refused. */
  readonly serveHttps?: (socket: TLSSocket, identity: Identity) => void;
  /** Clients without a certificate, which are refused otherwise. */
  readonly custom?: CustomClients;
}

export interface Disconnection {
  readonly endSession: boolean;
  readonly withoutWill: boolean;
}

export interface Broker {
  readonly port: number;
  /** Serves a client that came another way. */
  accept(stream: Duplex, identity: Identity, over?: Transport): void;
  /** Closes the connection of a client ID; false when there is none. The session and the will go on unless `how` says otherwise. */
  disconnectClient(clientId: string, reason: string, how?: Disconnection): boolean;
  /** Closes every connection of a certificate and says how many. */
  disconnectPrincipal(principal: string, reason: string): number;
  /** Accepts nothing new, closes all, and resolves when all is closed. */
  close(): Promise<void>;
}

function authenticate(socket: TLSSocket, identify: BrokerOptions['identify']): Identified {
  const certificate = socket.getPeerX509Certificate();
  return certificate ? identify(certificate.raw, socket) : { refused: 'no client certificate' };
}

/** At the end, what clients sent is written and acknowledged for so long; a client that goes on sending could keep it up for ever. */
const LAST_WRITES_MS = 2_000;

export function createDisconnectClient(connected: BrokerContext['connected']): Broker['disconnectClient'] {
  return (clientId, reason, how) => {
    const client = connected.get(clientId);
    if (!client?.isOpen()) return false;
    if (how?.endSession) client.accepted.session.expirySeconds = 0;
    if (how?.withoutWill) client.accepted.will = undefined;
    client.close('administrative', reason);
    return true;
  };
}

/** Why a client was refused goes to the log, not too often for one address, and is counted. */
function createReport({ log, clock, count }: BrokerContext) {
  const warn = createThrottledWarning(log, clock);
  return (address: string | undefined, reason: string): void => {
    const ip = plainAddress(address ?? 'unknown');
    warn(`${ip} ${reason}`, 'refused', { action: 'TLS', ip, reason });
    count('mqtt.refused');
  };
}

type Refuse = (socket: Socket, reason: string) => void;

/** @returns a function that serves an authenticated client by the protocol that it speaks; `others` has those that are not MQTT, or not yet known to be */
function createServe(
  { context, serveHttps }: BrokerOptions,
  connections: Connections,
  others: Set<TLSSocket>,
  refuse: Refuse,
) {
  const { clock, limits } = context;
  return (socket: TLSSocket, identity: Identity): void => {
    others.add(socket);
    socket.once('close', () => others.delete(socket));
    const begin = (isHttp: boolean) => {
      if (!isHttp) {
        others.delete(socket);
        connections.accept(socket, identity);
      } else if (serveHttps) serveHttps(socket, identity);
      else refuse(socket, 'HTTP, which is not served here');
    };
    const silent = () => refuse(socket, `nothing sent within ${limits.connectTimeoutMs} ms`);
    sniffProtocol(socket, { clock, timeoutMs: limits.connectTimeoutMs }, begin, silent);
  };
}

/** @returns a function that identifies a client whose TLS handshake is done, and serves or refuses it */
function createEnter(
  options: BrokerOptions,
  connections: Connections,
  others: Set<TLSSocket>,
  refuse: Refuse,
) {
  const { context, identify, domains, custom } = options;
  const accept = (socket: TLSSocket, identity: Identity) => connections.accept(socket, identity);
  const serve = createServe(options, connections, others, refuse);
  const enterCustom = custom && createCustomEnter({ context, custom, others, refuse, accept });
  return (socket: TLSSocket): void => {
    const problem = versionProblem(socket, domains);
    if (problem !== undefined) {
      refuse(socket, problem);
      return;
    }
    if (enterCustom?.(socket)) return;
    try {
      const identified = authenticate(socket, identify);
      if ('refused' in identified) refuse(socket, identified.refused);
      else {
        const { validUntil, ...identity } = identified;
        serve(socket, { ...identity, sourceIp: plainAddress(socket.remoteAddress ?? 'unknown') });
        if (validUntil !== undefined) connections.endAt(socket, validUntil);
      }
    } catch (error) {
      context.log.error('client not identified', { reason: String(error) });
      socket.destroy();
    }
  };
}

/** A TLS server that passes a client whose handshake is done to `enter`, and reports one whose handshake failed. */
function createServer(
  options: BrokerOptions,
  report: ReturnType<typeof createReport>,
  enter: (socket: TLSSocket) => void,
): Server {
  const server = createTlsServer(options, options.context.limits, report);
  server.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy()); // a connection logs its own; before it there is nothing to say
    enter(socket);
  });
  server.on('tlsClientError', (error: Error & { reason?: string }, socket) => {
    // The message names OpenSSL's own files.
    report(socket.remoteAddress, `TLS handshake failed: ${error.reason ?? error.message}`);
    socket.destroy();
  });
  return server;
}

/** Waits until what clients sent is written, so that it is still acknowledged, but not for ever. */
async function lastWrites({ clock, hub }: BrokerContext): Promise<void> {
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  const cancel = clock.after(LAST_WRITES_MS, end);
  await Promise.race([hub.written(), isOver]);
  cancel();
}

/** Listens, and rejects with the system's error when the port cannot be had. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const { context, hosts, port } = options;
  const { clock, log, limits } = context;
  const connections = createConnections(context);
  const others = new Set<TLSSocket>();
  let isClosing = false;

  const report = createReport(context);
  const refuse: Refuse = (socket, reason) => {
    report(socket.remoteAddress, reason);
    socket.destroy();
  };
  const enter = createEnter(options, connections, others, refuse);
  const server = createServer(options, report, (socket) => {
    if (isClosing)
      socket.destroy(); // it came before the end, and its handshake took longer
    else enter(socket);
  });
  const listener = await openListener({
    ...{ hosts, port, clock, limits, refuse },
    enter: (socket) => server.emit('connection', socket),
    failed: (error) => log.error('a connection could not be accepted', { reason: error.message }),
  });

  return {
    port: listener.port,
    accept: (stream, identity, over) => void connections.accept(stream, identity, over),
    disconnectClient: createDisconnectClient(context.connected),
    disconnectPrincipal: (principal, reason) =>
      connections.closeWhere((client) => client.identity.principal === principal, 'accessRevoked', reason),
    async close() {
      isClosing = true;
      const closed = listener.close();
      await lastWrites(context);
      const gone = connections.closeAll();
      for (const socket of others) socket.destroy();
      context.wills.hastenAll();
      await Promise.all([closed, gone]);
    },
  };
}
