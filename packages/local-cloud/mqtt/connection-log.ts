// Keeps on disk who is connected, so that after a crash the next run can end those connections, and publish their wills.

import type { RecordFile } from '../files/record-file.ts';
import type { Log } from '../log.ts';
import type { Departure, Lifecycle } from './lifecycle.ts';
import type { Accepted, ConnectedPeer } from './peer.ts';
import type { Will, Wills } from './wills.ts';

export interface ConnectionLog {
  entered(client: Pick<ConnectedPeer, 'identity' | 'accepted'>): void;
  /** `published` resolves when the disconnect event is on disk: before that a crash must not forget the connection. */
  left(accepted: Pick<Accepted, 'clientId' | 'sessionIdentifier'>, published: Promise<void>): void;
  /** Ends each connection that an earlier run left open: publishes the disconnect event and the will. Call once, after recovery. */
  endLeftOpen(): void;
  /** Resolves when all is written. */
  close(): Promise<void>;
}

interface StoredWill {
  /** The payload as base64. */
  readonly message: Omit<Will['message'], 'payload'> & { readonly payload: string };
  readonly delaySeconds: number;
}

interface StoredConnection extends Departure {
  readonly will?: StoredWill;
}

const KIND = 'connection';

const storedWill = ({ message, delaySeconds }: Will): StoredWill => ({
  message: { ...message, payload: message.payload.toString('base64') },
  delaySeconds,
});
const restoredWill = ({ message, delaySeconds }: StoredWill): Will => ({
  message: { ...message, payload: Buffer.from(message.payload, 'base64') },
  delaySeconds,
});

function storedConnection({
  identity,
  accepted,
}: Pick<ConnectedPeer, 'identity' | 'accepted'>): StoredConnection {
  const { clientId, versionNumber, sessionIdentifier, will, session } = accepted;
  return {
    clientId,
    identity,
    versionNumber,
    sessionIdentifier,
    will: will && storedWill(will),
    sessionExpirySeconds: session.expirySeconds,
  };
}

/** Writes that nobody waits for before the end; a failure is logged. */
function createBackgroundWrites(log: Log) {
  const writing = new Set<Promise<void>>();
  return {
    add(work: Promise<void>, clientId: string): void {
      const done = work.catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        log.warn('connection not logged to disk: after a crash its disconnect event would be missing', {
          client: clientId,
          reason,
        });
      });
      writing.add(done);
      void done.finally(() => writing.delete(done));
    },
    async written(): Promise<void> {
      while (writing.size > 0) await Promise.all(writing);
    },
  };
}

export function createConnectionLog(deps: {
  readonly records: RecordFile;
  readonly lifecycle: Lifecycle;
  readonly wills: Wills;
  readonly log: Log;
}): ConnectionLog {
  const { records, lifecycle, wills, log } = deps;
  const stored = records.table<StoredConnection>(KIND);
  const writes = createBackgroundWrites(log);

  const left: ConnectionLog['left'] = ({ clientId, sessionIdentifier }, published) => {
    const forget = async () => {
      await published;
      // The client may be here again, on another connection.
      if (stored.get(clientId)?.sessionIdentifier !== sessionIdentifier) return;
      await records.commit([{ kind: KIND, key: clientId, value: undefined }]);
    };
    writes.add(forget(), clientId);
  };

  return {
    left,
    entered(client) {
      const value = storedConnection(client);
      const { clientId } = value;
      writes.add(records.commit([{ kind: KIND, key: clientId, value }]), clientId);
    },
    endLeftOpen() {
      for (const { will, ...departure } of stored.values()) {
        if (will) wills.release(restoredWill(will), departure.sessionExpirySeconds);
        left(departure, lifecycle.disconnected(departure, 'SERVER_ERROR'));
      }
    },
    close: () => writes.written(),
  };
}
