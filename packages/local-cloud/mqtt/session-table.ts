// Finds sessions by client ID, session ID and subscription, and restores those that an earlier run left.

import type { Clock } from '../clock.ts';
import { createSession, type Session, type SessionDeps, type SessionRecord } from './session.ts';
import type { SessionStore } from './session-store.ts';
import { createSubscriptionIndex, type SubscriptionOptions } from './subscriptions.ts';
import { type Filter, parseFilter } from './topics.ts';

export type SessionTable = ReturnType<typeof createSessionTable>;

export function createSessionTable(deps: Omit<SessionDeps, 'now'> & { readonly clock: Clock }) {
  const byClient = new Map<string, Session>();
  const byId = new Map<string, Session>();
  const index = createSubscriptionIndex<Session>();
  return {
    byClient,
    byId,
    index,
    add(record: SessionRecord): Session {
      const session = createSession(record, { ...deps, now: () => deps.clock.now() });
      byClient.set(session.clientId, session);
      byId.set(session.id, session);
      return session;
    },
    remove(session: Session): void {
      for (const text of session.subscriptions.keys()) index.delete(parseFilter(text) as Filter, session);
      session.end();
      byClient.delete(session.clientId);
      byId.delete(session.id);
    },
    subscribe(session: Session, filter: Filter, text: string, options: SubscriptionOptions): void {
      session.subscriptions.set(text, options);
      index.set(filter, session, options);
    },
  };
}

/** Adds the sessions that an earlier run left; calls `expire` with the milliseconds that each has left. */
export function restoreSessions(
  store: SessionStore,
  table: SessionTable,
  expire: (session: Session, ms: number) => void,
  clock: Clock,
): void {
  for (const { subscriptions, leftAt, ...record } of store.all()) {
    const session = table.add(record);
    for (const [text, options] of subscriptions)
      table.subscribe(session, parseFilter(text) as Filter, text, options);
    const away = leftAt === null ? 0 : Math.max(0, clock.now() - leftAt); // the time may have been set back meanwhile
    expire(session, record.expirySeconds * 1000 - away);
  }
}
