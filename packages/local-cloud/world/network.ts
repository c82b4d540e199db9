// The network between devices and ports: pairs of streams with a delay, which are cut, or go silent on one side.

import { Duplex } from 'node:stream';
import { serverAt } from './node-net.ts';
import { inLife, later, world, type Life } from './runtime.ts';

export interface Link {
  /** The device's end. */
  readonly stream: Duplex;
  /** Breaks both ends; what is on its way is lost. */
  cut(): void;
  /** From now on nothing arrives, and neither end learns of it. */
  silence(): void;
}

/** Milliseconds that bytes are on their way, at least and at most. */
const LEAST_WAY_MS = 1;
const MOST_WAY_MS = 40;
const FIRST_PORT = 40_000;

interface End {
  readonly life: Life | undefined;
  stream: Duplex;
  /** When the last bytes for this end arrive: bytes never overtake each other. */
  lastDue: number;
}

let lastPort = FIRST_PORT;

/** Far beyond what a stream holds before it stops its writer. */
const HIGH_WATER_MARK = 65_536;

function createEnd(life: Life | undefined, send: (chunk: Buffer | null) => void, ended: () => void): End {
  const stream = new Duplex({
    highWaterMark: HIGH_WATER_MARK,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      send(chunk);
      done();
    },
    final(done) {
      send(null);
      done();
    },
    destroy(error, done) {
      ended();
      done(error);
    },
  });
  stream.on('error', () => stream.destroy());
  return { life, stream, lastDue: 0 };
}

/** What the broker asks of a TLS socket. */
const socketFacts = (certificate: Buffer, address: string) => {
  lastPort += 1;
  const facts = { remoteAddress: address, remotePort: lastPort, localAddress: '127.0.0.1', localPort: 8883 };
  return {
    ...facts,
    ...{ alpnProtocol: false, servername: false, encrypted: true, authorized: true },
    getProtocol: () => 'TLSv1.3',
    getPeerX509Certificate: () => ({ raw: certificate }),
    setNoDelay() {},
    setKeepAlive() {},
    setTimeout() {},
  };
};

/** Carries bytes and ends to either side, until it is silent. */
function createLine() {
  let isSilent = false;
  return {
    carry(to: End, bytes: Buffer | null): void {
      const due = Math.max(to.lastDue, world.elapsed() + world.random().whole(LEAST_WAY_MS, MOST_WAY_MS));
      to.lastDue = due;
      inLife(to.life, () => {
        later(due - world.elapsed(), () => {
          if (!isSilent && !to.stream.destroyed) to.stream.push(bytes);
        });
      });
    },
    end: (to: End) => inLife(to.life, () => void later(MOST_WAY_MS, () => !isSilent && to.stream.destroy())),
    silence: () => void (isSilent = true),
  };
}

/**
 * Connects to a port of the machine; undefined where nothing listens.
 *
 * @param certificate the client's, DER
 */
export function connect(port: number, certificate: Buffer, address: string): Link | undefined {
  const listening = serverAt(port);
  if (!listening) return undefined;
  const line = createLine();
  const client: End = createEnd(
    undefined,
    (bytes) => line.carry(server, bytes),
    () => line.end(server),
  );
  const server: End = inLife(listening.life, () =>
    createEnd(
      listening.life,
      (bytes) => line.carry(client, bytes),
      () => line.end(client),
    ),
  );
  Object.assign(server.stream, socketFacts(certificate, address));
  inLife(
    listening.life,
    () => void later(LEAST_WAY_MS, () => listening.server.emit('connection', server.stream)),
  );
  return {
    stream: client.stream,
    cut() {
      client.stream.destroy();
      inLife(listening.life, () => void server.stream.destroy());
    },
    silence: () => line.silence(),
  };
}
