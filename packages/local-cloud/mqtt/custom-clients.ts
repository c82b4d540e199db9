// Clients without a certificate: reads their CONNECT, waits until an authorizer has decided, and serves them then.

import type { TLSSocket } from 'node:tls';
import type { IConnectPacket } from 'mqtt-packet';
import type { Identity } from './access.ts';
import type { BrokerContext, Client } from './client.ts';
import { createDecoder } from './decode.ts';
import { createFrameReader } from './frames.ts';
import { checkFirstByte } from './shape.ts';
import { sniffProtocol } from './sniff-protocol.ts';

export interface Admission {
  readonly identity: Identity;
  /** The connection may last so long. */
  readonly lastsMs: number;
}

export interface CustomClients {
  /** False while no client comes this way. */
  isUsed(): boolean;
  /** Rejects with the reason when the client is not let in. */
  ofConnect(packet: IConnectPacket, socket: TLSSocket): Promise<Admission>;
  /** Serves a client that speaks HTTP, each request of which is decided for itself. */
  serveHttps(socket: TLSSocket): void;
}

/** The first packet of the client, and all bytes that were read for it. */
interface Peeked {
  readonly packet: IConnectPacket;
  readonly bytes: Buffer;
}

/** Rejects when the first packet is not CONNECT. */
function peekConnect(socket: TLSSocket, { limits }: BrokerContext): Promise<Peeked> {
  const { promise, resolve, reject } = Promise.withResolvers<Peeked>();
  const frames = createFrameReader(limits.packetBytes, (first) => checkFirstByte(first, undefined));
  const chunks: Buffer[] = [];
  const look = () => {
    try {
      for (let chunk = socket.read() as Buffer | null; chunk; chunk = socket.read() as Buffer | null) {
        chunks.push(chunk);
        frames.push(chunk);
      }
      const frame = frames.next();
      if (!frame) return;
      socket.off('readable', look);
      const { packet } = createDecoder()(frame, undefined);
      if (packet.cmd === 'connect') resolve({ packet, bytes: Buffer.concat(chunks) });
      else reject(new Error(`${packet.cmd} before CONNECT`));
    } catch (error) {
      socket.off('readable', look);
      reject(error);
    }
  };
  socket.on('readable', look);
  socket.once('close', () => reject(new Error('gone before CONNECT')));
  look();
  return promise;
}

interface Deps {
  readonly context: BrokerContext;
  readonly custom: CustomClients;
  /** Connections that are not MQTT, or not yet served. */
  readonly others: Set<TLSSocket>;
  readonly refuse: (socket: TLSSocket, reason: string) => void;
  readonly accept: (socket: TLSSocket, identity: Identity) => Client;
}

/** @returns a function that takes on a client that presented no certificate; false for any other client */
export function createCustomEnter({ context, custom, others, refuse, accept }: Deps) {
  const { clock, limits } = context;
  const timeoutMs = limits.connectTimeoutMs;
  const enter = async (socket: TLSSocket): Promise<void> => {
    const silent = clock.after(timeoutMs, () => refuse(socket, `no CONNECT within ${timeoutMs} ms`));
    const { packet, bytes } = await peekConnect(socket, context).finally(silent);
    const { identity, lastsMs } = await custom.ofConnect(packet, socket);
    if (socket.destroyed) return;
    others.delete(socket);
    socket.unshift(bytes);
    const client = accept(socket, identity);
    socket.once(
      'close',
      clock.after(lastsMs, () => client.close('customAuthExpired')),
    );
  };
  return (socket: TLSSocket): boolean => {
    if (!custom.isUsed() || socket.getPeerX509Certificate()) return false;
    others.add(socket);
    socket.once('close', () => others.delete(socket));
    const begin = (isHttp: boolean) => {
      if (isHttp) custom.serveHttps(socket);
      else
        enter(socket).catch((error: Error) => {
          if (!socket.destroyed) refuse(socket, error.message);
        });
    };
    const silent = () => refuse(socket, `nothing sent within ${timeoutMs} ms`);
    sniffProtocol(socket, { clock, timeoutMs }, begin, silent);
    return true;
  };
}
