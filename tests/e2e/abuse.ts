// Shared parts of the tests of hostile clients: raw connections, and a device that keeps working meanwhile.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import path from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type Packet, parser as createParser } from 'mqtt-packet';
import { connectDevice, type Tidegate } from './tidegate.ts';

const quiet = <S extends Socket>(socket: S): S => socket.on('error', () => {}); // who is thrown out shows by `close`

function addressOf(tidegate: Tidegate): { host: string; port: number } {
  const { hostname, port } = new URL(tidegate.endpoints.mqtt);
  return { host: hostname, port: Number(port) };
}

export const openTcp = (tidegate: Tidegate): Socket => quiet(connectTcp(addressOf(tidegate)));

/** A TLS connection with the certificate of device `name`; resolves when the handshake is done. */
export async function openTls(tidegate: Tidegate, name: string, folder: string): Promise<TLSSocket> {
  const file = (of: string) => readFileSync(path.join(folder, of));
  const files = { ca: file('ca.pem'), cert: file(`${name}.cert.pem`), key: file(`${name}.key.pem`) };
  const socket = quiet(connectTls({ ...addressOf(tidegate), ...files }));
  const failed = once(socket, 'close').then(() => {
    throw new Error('the connection was closed before the handshake was done');
  });
  await Promise.race([once(socket, 'secureConnect'), failed]);
  failed.catch(() => {}); // it may close now
  return socket;
}

/** Resolves when the other side has closed `socket`. */
export const closed = (socket: Socket): Promise<unknown> =>
  socket.closed ? Promise.resolve() : once(socket.resume(), 'close');

/** All packets that come, as they come. */
export function packetsOf(socket: Socket, protocolVersion: 4 | 5 = 4): Packet[] {
  const packets: Packet[] = [];
  const parser = createParser({ protocolVersion });
  parser.on('packet', (packet) => packets.push(packet));
  socket.on('data', (bytes: Buffer) => parser.parse(bytes));
  return packets;
}

export interface SteadyDevice {
  /** Messages acknowledged so far. */
  acknowledged(): number;
  /** The longest time from publish to acknowledgement since the last call, in milliseconds. */
  longestWait(): number;
  /** Stops; throws if the connection was ever lost. */
  stop(): Promise<void>;
}

/** A good device that publishes a reading every 50 ms, one after the other is acknowledged. */
export async function startSteadyDevice(
  tidegate: Tidegate,
  name: string,
  folder: string,
): Promise<SteadyDevice> {
  const client = await connectDevice(tidegate, name, folder);
  let acknowledged = 0;
  let longest = 0;
  let stopping = false;
  let lost = false;
  client.on('close', () => (lost ||= !stopping));
  const publishing = (async () => {
    while (!stopping && !lost) {
      const begun = performance.now();
      const message = JSON.stringify({ id: `${name}-${acknowledged}`, temperature: 4 });
      await client.publishAsync(`telemetry/seattle/${name}`, message, { qos: 1 });
      acknowledged += 1;
      longest = Math.max(longest, performance.now() - begun);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return {
    acknowledged: () => acknowledged,
    longestWait() {
      const wait = longest;
      longest = 0;
      return wait;
    },
    async stop() {
      stopping = true;
      await publishing;
      await client.endAsync();
      if (lost) throw new Error(`${name} lost its connection`);
    },
  };
}

/** Resident memory of the program in MB; undefined if the system does not report it. */
export function residentMegabytes({ pid }: Tidegate): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
