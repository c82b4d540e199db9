// Opens the port on one or several addresses of this machine, and lets connections in no faster than they can be served.

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { plainAddress } from '../plain-address.ts';
import type { Limits } from './limits.ts';

export interface ListenerOptions {
  readonly hosts: readonly string[];
  /** 0 picks a free one, the same for all hosts. */
  readonly port: number;
  readonly clock: Clock;
  readonly limits: Pick<
    Limits,
    | 'connections'
    | 'arrivalBurst'
    | 'arrivalsPerSecond'
    | 'arrivalBurstOfAll'
    | 'arrivalsPerSecondOfAll'
    | 'handshakeTimeoutMs'
  >;
  readonly enter: (socket: Socket) => void;
  readonly refuse: (socket: Socket, reason: string) => void;
  readonly failed: (error: Error) => void;
}

export interface Listener {
  readonly port: number;
  /** Accepts nothing new; resolves when every connection is closed. */
  close(): Promise<void>;
}

/** Addresses whose rate is remembered; beyond it those that have been quiet are forgotten. */
const MAX_REMEMBERED = 1_000;

const MAX_ATTEMPTS = 5;

/** Gives each arrival the time, in milliseconds of `elapsed`, at which it may go on. */
function createRate(perSecond: number, burst: number) {
  const intervalMs = 1_000 / perSecond;
  let nextAt = -Infinity;
  return {
    take(now: number): number {
      nextAt = Math.max(nextAt, now - burst * intervalMs) + intervalMs;
      return nextAt;
    },
    giveBack: () => void (nextAt -= intervalMs),
    isQuiet: (now: number) => nextAt <= now - burst * intervalMs,
  };
}

/** An IPv4 address as it is, an IPv6 one by its network, of which one machine may have every address. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (!plain.includes(':')) return plain;
  const [left = '', right] = plain.split('::');
  const groupsOf = (text: string) => text.split(':').filter((group) => group !== '');
  const behind = groupsOf(right ?? '');
  const ahead = groupsOf(left);
  const zeros = Array.from({ length: Math.max(0, 8 - ahead.length - behind.length) }, () => '0');
  return [...ahead, ...zeros, ...behind].slice(0, 4).join(':');
}

const isLoopback = (address: string) => address === '::1' || plainAddress(address).startsWith('127.');

/** @returns a function that says how long an arrival has to wait, or undefined when that is longer than `mostMs`. */
export function createArrivals(limits: ListenerOptions['limits'], clock: Clock) {
  const ofAll = createRate(limits.arrivalsPerSecondOfAll, limits.arrivalBurstOfAll);
  const byNetwork = new Map<string, ReturnType<typeof createRate>>();
  return (address: string): number | undefined => {
    if (isLoopback(address)) return 0;
    const now = clock.elapsed();
    const network = networkOf(address);
    let own = byNetwork.get(network);
    if (!own) {
      if (byNetwork.size >= MAX_REMEMBERED)
        for (const [other, rate] of byNetwork) if (rate.isQuiet(now)) byNetwork.delete(other);
      own = createRate(limits.arrivalsPerSecond, limits.arrivalBurst);
      byNetwork.set(network, own);
    }
    const mineMs = own.take(now) - now;
    const allMs = mineMs > limits.handshakeTimeoutMs ? 0 : ofAll.take(now) - now;
    const waitMs = Math.max(0, mineMs, allMs);
    if (waitMs <= limits.handshakeTimeoutMs) return waitMs;
    own.giveBack();
    if (mineMs <= limits.handshakeTimeoutMs) ofAll.giveBack();
    return undefined;
  };
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  server.removeAllListeners('error');
}

/** @returns a function that lets a connection in, at once or after a wait, or refuses it */
function createArrive({ clock, limits, enter, refuse }: ListenerOptions) {
  const present = new Set<Socket>();
  const waitFor = createArrivals(limits, clock);
  return (socket: Socket): void => {
    socket.on('error', () => socket.destroy()); // before the handshake there is nothing to say
    if (present.size >= limits.connections) {
      refuse(socket, `${limits.connections} connections are open`);
      return;
    }
    const waitMs = waitFor(socket.remoteAddress ?? '');
    if (waitMs === undefined) {
      refuse(socket, 'too many connections a second from its address, or from other machines together');
      return;
    }
    present.add(socket);
    const cancel = waitMs > 0 ? clock.after(waitMs, () => enter(socket)) : () => {};
    socket.once('close', () => {
      cancel();
      present.delete(socket);
    });
    if (waitMs === 0) enter(socket);
  };
}

/** Rejects with the system's error when the port cannot be had. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { hosts, failed } = options;
  const servers: Server[] = [];
  const arrive = createArrive(options);

  const openAll = async () => {
    let { port } = options;
    for (const host of hosts) {
      const server = createServer(arrive);
      await listen(server, port, host);
      servers.push(server);
      server.on('error', failed);
      port = (server.address() as AddressInfo).port;
    }
    return port;
  };
  const close = async () => {
    const closed = servers
      .splice(0)
      .map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    await Promise.all(closed);
  };

  for (let attempt = 1; ; attempt += 1) {
    try {
      return { port: await openAll(), close };
    } catch (error) {
      // A port that is free on one address may be taken on the next.
      const mayRetry = options.port === 0 && attempt < MAX_ATTEMPTS && servers.length > 0;
      await close();
      if (!mayRetry) throw error;
    }
  }
}
