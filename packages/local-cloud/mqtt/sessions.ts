// All sessions: opens and resumes them, keeps those that outlive their connection on disk, ends them when their time is over.

import type { Clock } from '../clock.ts';
import type { RecordFile } from '../files/record-file.ts';
import type { Log } from '../log.ts';
import type { Identity } from './access.ts';
import type { Link } from './link.ts';
import type { PendingDelivery } from './pending-delivery.ts';
import { Refusal } from './refusal.ts';
import type { Session, SessionDeps } from './session.ts';
import { createSessionStore, type SessionStore } from './session-store.ts';
import { createSessionTable, restoreSessions, type SessionTable } from './session-table.ts';
import type { Version } from './shape.ts';
import { createSharedGroups, type SharedGroups } from './shared-groups.ts';
import type { Match, SubscriptionOptions } from './subscriptions.ts';
import { type Filter, parseFilter } from './topics.ts';

export interface Sessions {
  /**
   * Resumes the client's session, or begins one. `isPresent` says which. A session of the other protocol version is
   * not resumed. Throws Refusal `quotaExceeded` when too many are kept.
   */
  open(client: {
    clientId: string;
    version: Version;
    clean: boolean;
    expirySeconds: number;
    identity: Identity;
  }): { session: Session; isPresent: boolean };
  /** Begins to send what waits for the session and for its groups over `link`. */
  enter(session: Session, link: Link): void;
  /** Leaves a session that outlives its connection, or ends it; what waits for it as a member of a group goes to connected members. */
  leave(session: Session): void;
  /** Resolves when the subscription outlives a crash, if the session does. Rejects with Refusal when the disk refuses. */
  subscribe(session: Session, filter: Filter, text: string, options: SubscriptionOptions): Promise<void>;
  /** True when there was such a subscription. Rejects as `subscribe`. */
  unsubscribe(session: Session, text: string): Promise<boolean>;
  /** Gives a connected session what waits with members of the group of `shared` that are away. */
  takeOver(session: Session, shared: string): void;
  /** True when some member of the group keeps messages while it is away. */
  isKept(shared: string): boolean;
  /** Gives a delivery of an earlier run to its session or another of its group; false when there is neither. */
  enqueue(sessionId: string, pending: PendingDelivery): boolean;
  /** The session of a client ID, connected or kept. */
  of(clientId: string): Session | undefined;
  match(topic: string): Match<Session>[];
  /** Ends no session any more; resolves when everything is on disk. */
  close(): Promise<void>;
}

export interface SessionsDeps extends Omit<SessionDeps, 'now'> {
  readonly records: RecordFile;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxSessions: number;
  readonly newId: () => string;
}

/** Ends sessions when their time is over. */
function createExpiries(clock: Clock, end: (session: Session) => void) {
  const cancels = new Map<Session, () => void>();
  const cancel = (session: Session) => {
    cancels.get(session)?.();
    cancels.delete(session);
  };
  return {
    cancel,
    start(session: Session, ms: number) {
      cancels.set(
        session,
        clock.after(Math.max(0, ms), () => end(session)),
      );
    },
    cancelAll() {
      for (const session of [...cancels.keys()]) cancel(session);
    },
  };
}

type Expiries = ReturnType<typeof createExpiries>;

/** Ends a session everywhere: its time, its place in groups, the table and the disk. */
type End = (session: Session) => void;

/** Resumes or begins the session of a client that connects. */
function createOpen(
  { maxSessions, newId }: SessionsDeps,
  { table, store, expiries }: { table: SessionTable; store: SessionStore; expiries: Expiries },
  end: End,
): Sessions['open'] {
  const { byClient } = table;
  return ({ clientId, version, clean, expirySeconds, identity }) => {
    const earlier = byClient.get(clientId);
    const isPresent = earlier !== undefined && !clean && earlier.version === version;
    if (earlier && !isPresent) end(earlier);
    if (!isPresent && expirySeconds > 0 && byClient.size >= maxSessions) {
      throw new Refusal('quotaExceeded', `more than ${maxSessions} sessions are kept`);
    }
    const session = isPresent
      ? earlier
      : table.add({ id: newId(), clientId, version, expirySeconds, identity });
    expiries.cancel(session);
    Object.assign(session, { expirySeconds, identity });
    if (expirySeconds > 0) store.save(session, null);
    return { session, isPresent };
  };
}

/** Changes subscriptions in the table, then on disk. */
function createSubscribing(
  table: SessionTable,
  store: SessionStore,
): Pick<Sessions, 'subscribe' | 'unsubscribe'> {
  return {
    async subscribe(session, filter, text, options) {
      table.subscribe(session, filter, text, options);
      await store.keep(session);
    },
    async unsubscribe(session, text) {
      if (!session.subscriptions.delete(text)) return false;
      table.index.delete(parseFilter(text) as Filter, session);
      await store.keep(session);
      return true;
    },
  };
}

/** Finds the sessions that a message or a delivery is for. */
function createRouting(
  { index, byId }: SessionTable,
  groups: SharedGroups,
): Pick<Sessions, 'isKept' | 'enqueue' | 'match'> {
  return {
    isKept: (shared) => groups.membersOf(shared).some(({ expirySeconds }) => expirySeconds > 0),
    enqueue(sessionId, pending) {
      const heirs = pending.shared === undefined ? [] : groups.membersOf(pending.shared);
      const session = byId.get(sessionId) ?? heirs[0];
      session?.enqueue([pending]);
      return session !== undefined;
    },
    match: (topic) =>
      index.match(topic, (session) => {
        if (!session.isConnected() || !session.hasRoom()) return 'away';
        return session.isBehind() ? 'behind' : 'ready';
      }),
  };
}

export function createSessions(deps: SessionsDeps): Sessions {
  const { clock } = deps;
  const store = createSessionStore(deps);
  const table = createSessionTable(deps);
  const groups = createSharedGroups(table.index);

  const end: End = (session) => {
    expiries.cancel(session);
    groups.passOn(session, true);
    table.remove(session);
    store.remove(session);
  };
  const expiries = createExpiries(clock, end);

  restoreSessions(store, table, (session, ms) => expiries.start(session, ms), clock);

  return {
    open: createOpen(deps, { table, store, expiries }, end),
    ...createSubscribing(table, store),
    ...createRouting(table, groups),
    enter(session, link) {
      session.attach(link);
      groups.takeOverAll(session);
    },
    leave(session) {
      session.detach();
      groups.passOn(session, false);
      if (session.expirySeconds === 0) {
        end(session);
        return;
      }
      store.save(session, clock.now());
      expiries.start(session, session.expirySeconds * 1000);
    },
    takeOver: (session, shared) => groups.takeOver(session, shared),
    of: (clientId) => table.byClient.get(clientId),
    async close() {
      expiries.cancelAll();
      await store.written();
    },
  };
}
