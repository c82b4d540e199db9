// Keeps the MQTT port from being filled by connections that begin a TLS handshake and do not end it.

import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import type { Limits } from './limits.ts';

/** Places left free for those who come at once, of all that there are. */
const SPARE = 16;
/** A handshake that takes a tenth of its limit has been given its chance where others need the place. */
const GRACE_SHARE = 10;

const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

interface Unfinished {
  readonly socket: Socket;
  readonly since: number;
}

/**
 * When nearly all places are taken, the oldest connections that are still in their handshake give way. Where none is, all have shown who
 * they are, and the server refuses what is beyond.
 */
export function keepRoom(
  server: Server,
  { connections, handshakeTimeoutMs }: Pick<Limits, 'connections' | 'handshakeTimeoutMs'>,
  refused: (ip: string | undefined, reason: string) => void,
): void {
  const most = Math.max(1, connections - Math.min(SPARE, Math.floor(connections / 4)));
  const graceMs = handshakeTimeoutMs / GRACE_SHARE;
  /** Oldest first. */
  const unfinished = new Map<string, Unfinished>();
  let open = 0;
  let timer: NodeJS.Timeout | undefined;

  const makeRoom = () => {
    const now = performance.now();
    let excess = open - most;
    for (const [name, { socket, since }] of unfinished) {
      if (excess <= 0) return;
      if (now - since < graceMs) {
        timer ??= setTimeout(() => {
          timer = undefined;
          makeRoom();
        }, graceMs).unref();
        return;
      }
      excess -= 1;
      unfinished.delete(name);
      refused(socket.remoteAddress, 'its TLS handshake was not finished when others needed its place');
      socket.destroy();
    }
  };

  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    open += 1;
    unfinished.set(name, { socket, since: performance.now() });
    socket.once('close', () => {
      open -= 1;
      if (unfinished.get(name)?.socket === socket) unfinished.delete(name);
    });
    makeRoom();
  });
  server.on('secureConnection', (socket: TLSSocket) => void unfinished.delete(nameOf(socket)));
}
