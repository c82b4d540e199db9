// The MQTT broker: TLS with client certificates in front, one connection each behind, and what closes them from outside.

import type { Duplex } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { plainAddress } from '../plain-address.ts';
import type { Identity } from './access.ts';
import type { BrokerContext, Client } from './client.ts';
import { createThrottledWarning } from '../log-throttle.ts';
import { createConnection } from './connection.ts';
import { openListener } from './listener.ts';
import type { EndingName } from './refusal.ts';
import { keepRoom } from './handshakes.ts';
import { chooseProtocol, sniffProtocol } from './sniff-protocol.ts';

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
}

export interface Disconnection {
  readonly endSession: boolean;
  readonly withoutWill: boolean;
}

/** What a WebSocket has and a socket has not. */
export interface Transport {
  /** How long the connection may last. */
  readonly lifetimeMs: number;
  /** Asked at the end of the stream: true when the client said that it would close. */
  readonly saidGoodbye: () => boolean;
}

export interface Broker {
  readonly port: number;
  /** Serves a client that came another way. */
  accept(stream: Duplex, identity: Identity, over?: Transport): void;
  /** Closes the connection of a client ID; false when there is none. The session and the will go on unless told. */
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

/** At the end, what clients sent is written and acknowledged for so long; who goes on sending could keep it up for ever. */
const LAST_WRITES_MS = 2_000;

/** A timer holds no more than 24 days, and the machine's time may be set meanwhile. */
const LOOK_AGAIN_MS = 3_600_000;

/** Calls `then` when the clock reaches `at`, epoch milliseconds, unless the returned function is called before. */
function whenOver(at: number, clock: Clock, then: () => void): () => void {
  let cancel = () => {};
  const look = () => {
    const left = at - clock.now();
    if (left < 0) then();
    else cancel = clock.after(Math.min(left + 1, LOOK_AGAIN_MS), look);
  };
  look();
  return () => cancel();
}

function gone(stream: Duplex): Promise<void> {
  return new Promise((resolve) => void stream.once('close', resolve));
}

/** Listens, and rejects with the system's error when the port cannot be had. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const { context, tls, hosts, identify, serveHttps, domains = [] } = options;
  const { log, limits, count } = context;
  const open = new Map<Duplex, Client>();
  /** Those that are not MQTT, or not yet known to be. */
  const others = new Set<TLSSocket>();
  let isClosing = false;

  const warn = createThrottledWarning(log, context.clock);
  const report = (address: string | undefined, reason: string) => {
    const ip = plainAddress(address ?? 'unknown');
    warn(`${ip} ${reason}`, 'refused', { action: 'TLS', ip, reason });
    count('mqtt.refused');
  };
  const refuse = (socket: Socket, reason: string) => {
    report(socket.remoteAddress, reason);
    socket.destroy();
  };

  const accept = (stream: Duplex, identity: Identity, over?: Transport) => {
    const client = createConnection(stream, identity, context, over?.saidGoodbye);
    open.set(stream, client);
    stream.once('close', () => open.delete(stream));
    if (!over) return;
    stream.once(
      'close',
      context.clock.after(over.lifetimeMs, () => client.close('webSocketExpired')),
    );
  };

  const serve = (socket: TLSSocket, identity: Identity) => {
    others.add(socket);
    socket.once('close', () => others.delete(socket));
    const begin = (isHttp: boolean) => {
      if (!isHttp) {
        others.delete(socket);
        accept(socket, identity);
      } else if (serveHttps) serveHttps(socket, identity);
      else refuse(socket, 'HTTP, which is not served here');
    };
    const silent = () => refuse(socket, `nothing sent within ${limits.connectTimeoutMs} ms`);
    sniffProtocol(socket, { clock: context.clock, timeoutMs: limits.connectTimeoutMs }, begin, silent);
  };

  /** AWS documents only that an expired certificate does not connect; here it ends what is connected, too. */
  const endAt = (socket: TLSSocket, validUntil: number) => {
    const expire = () => {
      const client = open.get(socket);
      if (client)
        client.close('accessRevoked', `its certificate expired at ${new Date(validUntil).toISOString()}`);
      else socket.destroy();
    };
    socket.once('close', whenOver(validUntil, context.clock, expire));
  };

  const server = createServer({
    ...tls,
    minVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: false, // identify decides, so that the log can say why
    handshakeTimeout: limits.handshakeTimeoutMs,
    ALPNCallback: ({ protocols }) => chooseProtocol(protocols),
  });
  for (const { name, key, cert } of domains) server.addContext(name, { key, cert, ca: tls.ca });
  // Node settles the version before it knows the name.
  const isTooOld = (socket: TLSSocket) =>
    socket.getProtocol() !== 'TLSv1.3' &&
    domains.some(
      ({ name, requiresTls13 }) => requiresTls13 && name === String(socket.servername).toLowerCase(),
    );
  keepRoom(server, limits, report);
  server.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy()); // a connection logs its own; before it there is nothing to say
    if (isClosing) {
      socket.destroy(); // it came before the end, and its handshake took longer
      return;
    }
    if (isTooOld(socket)) {
      refuse(
        socket,
        `${String(socket.servername)} requires TLS 1.3, and the client speaks ${socket.getProtocol()}`,
      );
      return;
    }
    try {
      const identified = authenticate(socket, identify);
      if ('refused' in identified) refuse(socket, identified.refused);
      else {
        const { validUntil, ...identity } = identified;
        serve(socket, { ...identity, sourceIp: plainAddress(socket.remoteAddress ?? 'unknown') });
        if (validUntil !== undefined) endAt(socket, validUntil);
      }
    } catch (error) {
      log.error('client not identified', { reason: String(error) });
      socket.destroy();
    }
  });
  server.on('tlsClientError', (error: Error & { reason?: string }, socket) => {
    refuse(socket, `TLS handshake failed: ${error.reason ?? error.message}`); // the message names OpenSSL's own files
  });
  const listener = await openListener({
    hosts,
    port: options.port,
    clock: context.clock,
    limits,
    enter: (socket) => server.emit('connection', socket),
    refuse,
    failed: (error) => log.error('a connection could not be accepted', { reason: error.message }),
  });

  const closeWhere = (matches: (client: Client) => boolean, ending: EndingName, reason: string): number => {
    const found = [...open.values()].filter((client) => client.isOpen() && matches(client));
    for (const client of found) client.close(ending, reason);
    return found.length;
  };

  return {
    port: listener.port,
    accept,
    disconnectClient(clientId, reason, how) {
      const client = context.connected.get(clientId);
      if (!client?.isOpen()) return false;
      if (how?.endSession) client.accepted.session.expirySeconds = 0;
      if (how?.withoutWill) client.accepted.will = undefined;
      client.close('administrative', reason);
      return true;
    },
    disconnectPrincipal: (principal, reason) =>
      closeWhere((client) => client.identity.principal === principal, 'accessRevoked', reason),
    async close() {
      isClosing = true;
      const closed = listener.close();
      // So that what is on disk is still acknowledged.
      const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
      const cancel = context.clock.after(LAST_WRITES_MS, end);
      await Promise.race([context.hub.written(), isOver]);
      cancel();
      for (const [stream, client] of open) {
        client.close('shuttingDown');
        if (stream.writableFinished) stream.destroy();
        else stream.once('finish', () => stream.destroy()); // what does not finish is given up by the connection
      }
      for (const socket of others) socket.destroy();
      context.wills.hastenAll();
      await Promise.all([closed, ...[...open.keys()].map(gone)]);
    },
  };
}
