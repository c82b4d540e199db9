// The open connections of the broker: what begins them, and what ends one, some or all of them from outside.

import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import type { Identity } from './access.ts';
import type { BrokerContext, Client } from './client.ts';
import { createConnection } from './connection.ts';
import type { EndingName } from './refusal.ts';

/** What only a WebSocket has. */
export interface Transport {
  /** How long the connection may last. */
  readonly lifetimeMs: number;
  /** Asked at the end of the stream: true when the client said that it would close. */
  readonly saidGoodbye: () => boolean;
}

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

export type Connections = ReturnType<typeof createConnections>;

export function createConnections(context: BrokerContext) {
  const open = new Map<Duplex, Client>();
  return {
    accept(stream: Duplex, identity: Identity, over?: Transport): Client {
      const client = createConnection(stream, identity, context, over?.saidGoodbye);
      open.set(stream, client);
      stream.once('close', () => open.delete(stream));
      if (!over) return client;
      stream.once(
        'close',
        context.clock.after(over.lifetimeMs, () => client.close('webSocketExpired')),
      );
      return client;
    },
    /** AWS documents only that an expired certificate does not connect; here it ends what is connected, too. */
    endAt(socket: TLSSocket, validUntil: number): void {
      const expire = () => {
        const client = open.get(socket);
        if (client)
          client.close('accessRevoked', `its certificate expired at ${new Date(validUntil).toISOString()}`);
        else socket.destroy();
      };
      socket.once('close', whenOver(validUntil, context.clock, expire));
    },
    closeWhere(matches: (client: Client) => boolean, ending: EndingName, reason: string): number {
      const found = [...open.values()].filter((client) => client.isOpen() && matches(client));
      for (const client of found) client.close(ending, reason);
      return found.length;
    },
    closeAll(): Promise<unknown> {
      for (const [stream, client] of open) {
        client.close('shuttingDown');
        if (stream.writableFinished) stream.destroy();
        else stream.once('finish', () => stream.destroy()); // what does not finish is given up by the connection
      }
      return Promise.all([...open.keys()].map(gone));
    },
  };
}
