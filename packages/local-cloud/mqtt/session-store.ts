// Keeps the sessions that outlive their connection on disk, so that a restart knows them.

import type { RecordFile } from '../files/record-file.ts';
import type { Log } from '../log.ts';
import { Refusal } from './refusal.ts';
import type { Session, SessionRecord } from './session.ts';
import type { SubscriptionOptions } from './subscriptions.ts';

export interface StoredSession extends SessionRecord {
  readonly subscriptions: [string, SubscriptionOptions][];
  /** Epoch milliseconds; null while connected. */
  readonly leftAt: number | null;
}

export interface SessionStore {
  /** Those that an earlier run left. */
  all(): Iterable<StoredSession>;
  /** Saves in the background; a failure is logged. */
  save(session: Session, leftAt: number | null): void;
  /** Saves what a confirmation promises, if the session outlives its connection. Rejects with Refusal when the disk refuses. */
  keep(session: Session): Promise<void>;
  /** Removes in the background. */
  remove(session: Session): void;
  /** Resolves when everything saved before is on disk or has failed. */
  written(): Promise<void>;
}

const KIND = 'session';

export function createSessionStore({ records, log }: { records: RecordFile; log: Log }): SessionStore {
  const stored = records.table<StoredSession>(KIND);
  let writing = Promise.resolve();

  const commit = (key: string, value: StoredSession | undefined) => {
    const done = records.commit([{ kind: KIND, key, value }]);
    writing = Promise.allSettled([writing, done]).then(() => {});
    return done;
  };
  const inBackground = (done: Promise<void>, session: Session) => {
    done.catch((error: unknown) => {
      log.warn('session not saved: a restart will not know its last state', {
        client: session.clientId,
        reason: error instanceof Error ? error.message : String(error),
      });
    });
  };
  const save = (session: Session, leftAt: number | null) => {
    const { id, clientId, version, expirySeconds, identity } = session;
    const subscriptions = [...session.subscriptions];
    return commit(clientId, { id, clientId, version, expirySeconds, identity, subscriptions, leftAt });
  };

  return {
    all: () => stored.values(),
    save: (session, leftAt) => inBackground(save(session, leftAt), session),
    async keep(session) {
      if (session.expirySeconds === 0) return;
      try {
        await save(session, null);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Refusal('serverError', `the session could not be put on disk: ${reason}`);
      }
    },
    remove(session) {
      if (stored.has(session.clientId)) inBackground(commit(session.clientId, undefined), session);
    },
    written: () => writing,
  };
}
