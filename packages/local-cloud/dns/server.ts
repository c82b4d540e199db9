// The DNS port: one socket for UDP and one for TCP, which pass on each message and send back the response.

import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Log } from '../log.ts';
import { plainAddress } from '../plain-address.ts';
import type { Sender } from './message.ts';

export interface DnsServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface DnsServerOptions {
  readonly host: string;
  /** 0 picks one that is free for both. */
  readonly port: number;
  /** Returns undefined for a message that must not be answered. */
  readonly respond: (message: Buffer, sender: Sender) => Buffer | undefined;
  readonly log: Log;
}

/** How long a connection may be idle (RFC 7766, 6.2.3), and how many connections there may be. */
const IDLE_MS = 10_000;
const MOST_CONNECTIONS = 256;
/** Bytes that a client may leave unread. */
const MOST_UNREAD = 262_144;
/** Number of free ports that are tried: a port that is free for TCP may not be free for UDP. */
const TRIES = 20;
/** The length before each message on TCP (RFC 1035, 4.2.2). */
const PREFIX = 2;

/** A fault of ours must not end the server: it is logged, and the sender repeats the query. */
function guarded({ respond, log }: DnsServerOptions): DnsServerOptions['respond'] {
  return (message, sender) => {
    try {
      return respond(message, sender);
    } catch (error) {
      log.error('a DNS query failed', { reason: (error as Error).stack });
      return undefined;
    }
  };
}

function serveConnection(socket: Socket, respond: DnsServerOptions['respond']): void {
  let waiting = Buffer.alloc(0);
  const address = plainAddress(socket.remoteAddress ?? '');
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy()); // the client is gone
  socket.on('data', (bytes: Buffer) => {
    waiting = Buffer.concat([waiting, bytes]);
    while (waiting.length >= PREFIX && waiting.length >= PREFIX + waiting.readUInt16BE(0)) {
      const end = PREFIX + waiting.readUInt16BE(0);
      const response = respond(waiting.subarray(PREFIX, end), { address, transport: 'TCP' });
      waiting = waiting.subarray(end);
      if (!response) {
        socket.destroy();
        return;
      }
      const length = Buffer.alloc(PREFIX);
      length.writeUInt16BE(response.length);
      socket.write(Buffer.concat([length, response]));
      if (socket.writableLength > MOST_UNREAD) socket.destroy();
    }
  });
}

async function listenTcp(
  { host, port }: DnsServerOptions,
  respond: DnsServerOptions['respond'],
): Promise<{ readonly server: Server; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveConnection(socket, respond);
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(port, host);
  await once(server, 'listening');
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { server, close };
}

async function listenUdp(
  host: string,
  port: number,
  respond: DnsServerOptions['respond'],
): Promise<UdpSocket> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' });
  socket.on('message', (message, { address, port: from }) => {
    const response = respond(message, { address: plainAddress(address), transport: 'UDP' });
    if (response) socket.send(response, from, address);
  });
  socket.bind(port, host);
  await once(socket, 'listening');
  return socket;
}

/** @throws the system's error, such as EADDRINUSE, when the port cannot be opened. */
export async function createDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { host, log } = options;
  const respond = guarded(options);
  for (let tries = 1; ; tries += 1) {
    const tcp = await listenTcp(options, respond);
    const { port } = tcp.server.address() as AddressInfo;
    try {
      const udp = await listenUdp(host, port, respond);
      for (const server of [udp, tcp.server])
        server.on('error', (error: Error) => log.error('the DNS port failed', { reason: error.message }));
      return {
        port,
        async close() {
          await new Promise<void>((resolve) => udp.close(() => resolve()));
          await tcp.close();
        },
      };
    } catch (error) {
      await tcp.close();
      if (options.port !== 0 || tries >= TRIES) throw error;
    }
  }
}
