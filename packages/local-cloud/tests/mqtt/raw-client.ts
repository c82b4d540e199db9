// A client that sends packet by packet, so that a test can send packets that no library would.

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { generate, type IConnectPacket, type Packet, parser as createParser } from 'mqtt-packet';

export interface RawClient {
  readonly stream: Duplex;
  send(...packets: (Packet | Buffer)[]): void;
  /** The next packet, or 'closed'. Rejects after five seconds. */
  next(): Promise<Packet | 'closed'>;
  /** Sends CONNECT with these fields. @returns the answer */
  connect(fields?: Partial<IConnectPacket>): Promise<Packet | 'closed'>;
  /** A round trip: all that was sent before has been read by the broker. Gives what came before the answer. */
  ping(): Promise<Packet[]>;
  /** Ends the stream without a DISCONNECT. */
  drop(): Promise<void>;
}

export function createRawClient(stream: Duplex, protocolVersion: 4 | 5 = 4): RawClient {
  const parser = createParser({ protocolVersion });
  const received: (Packet | 'closed')[] = [];
  let wake = () => {};
  const add = (item: Packet | 'closed') => {
    received.push(item);
    wake();
  };
  parser.on('packet', add);
  stream.on('data', (chunk: Buffer) => parser.parse(chunk));
  stream.on('end', () => {
    add('closed');
    stream.end();
  });
  stream.on('error', () => add('closed'));

  const next = async () => {
    const deadline = Date.now() + 5000;
    while (received.length === 0) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error('the broker did not answer');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return received[0] === 'closed' ? 'closed' : received.shift()!;
  };
  const send = (...packets: (Packet | Buffer)[]) => {
    for (const packet of packets) {
      stream.write(Buffer.isBuffer(packet) ? packet : generate(packet, { protocolVersion }));
    }
  };
  return {
    stream,
    send,
    next,
    connect(fields = {}) {
      send({ cmd: 'connect', clientId: 'c1', protocolVersion, clean: true, keepalive: 60, ...fields });
      return next();
    },
    async ping() {
      send({ cmd: 'pingreq' });
      const before: Packet[] = [];
      for (;;) {
        const packet = await next();
        if (packet === 'closed') throw new Error('the broker closed the connection');
        if (packet.cmd === 'pingresp') return before;
        before.push(packet);
      }
    },
    async drop() {
      stream.destroy();
      if (!stream.closed) await once(stream, 'close');
    },
  };
}
