// All sessions: opens and resumes them, keeps those that outlive their connection on disk, ends them when their time is over.

import type { Clock } from '../clock.ts';
import type { RecordFile } from '../files/record-file.ts';
import type { Log } from '../log.ts';
import type { Identity } from './access.ts';
import { Refusal } from './refusal.ts';
import type { Debt } from './debt.ts';
import type { Link } from './link.ts';
import { createSession, type Session, type SessionDeps, type SessionRecord } from './session.ts';
import type { Version } from './shape.ts';
import { createSubscriptionIndex, type Match, type SubscriptionOptions } from './subscriptions.ts';
import { type Filter, parseFilter } from './topics.ts';

export interface Sessions {
  /**
   * Resumes the client's session, or begins one. `isPresent` tells which. A session of the other protocol version is
   * not resumed. Throws Refusal `quotaExceeded` when too many are kept.
   */
  open(client: {
    clientId: string;
    version: Version;
    clean: boolean;
    expirySeconds: number;
    identity: Identity;
  }): { session: Session; isPresent: boolean };
  /** Begins to send what the session is owed, and what waits for its groups, over `link`. */
  enter(session: Session, link: Link): void;
  /** Leaves a session that outlives its connection, or ends it; what it owes a group goes to members that are here. */
  leave(session: Session): void;
  /** Resolves when the subscription outlives a crash, if the session does. Rejects with Refusal when the disk refuses. */
  subscribe(session: Session, filter: Filter, text: string, options: SubscriptionOptions): Promise<void>;
  /** True when there was such a subscription. Rejects as `subscribe`. */
  unsubscribe(session: Session, text: string): Promise<boolean>;
  /** Gives a connected session what waits with members of the group of `shared` that are away. */
  takeOver(session: Session, shared: string): void;
  /** True when some member of the group keeps messages while it is away. */
  isKept(shared: string): boolean;
  /** Gives a debt of an earlier run to its session or another of its group; false when nobody is there for it. */
  owe(sessionId: string, debt: Debt): boolean;
  /** The session of a client ID, connected or kept. */
  of(clientId: string): Session | undefined;
  match(topic: string): Match<Session>[];
  /** Ends no session any more; resolves when all that was asked for is on disk. */
  close(): Promise<void>;
}

interface StoredSession extends SessionRecord {
  readonly subscriptions: [string, SubscriptionOptions][];
  /** Epoch milliseconds; null while connected. */
  readonly leftAt: number | null;
}

export interface SessionsDeps extends Omit<SessionDeps, 'now'> {
  readonly records: RecordFile;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxSessions: number;
  readonly newId: () => string;
}

const kind = 'session';

export function createSessions(deps: SessionsDeps): Sessions {
  const { records, clock, log } = deps;
  const byClient = new Map<string, Session>();
  const byId = new Map<string, Session>();
  const index = createSubscriptionIndex<Session>();
  const expiries = new Map<Session, () => void>();
  let writing = Promise.resolve();

  const commit = (key: string, value: StoredSession | undefined) => {
    const done = records.commit([{ kind, key, value }]);
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

  /** Before anything is confirmed that the session must remember. */
  const keep = async (session: Session) => {
    if (session.expirySeconds === 0) return;
    try {
      await save(session, null);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Refusal('serverError', `the session could not be put on disk: ${reason}`);
    }
  };

  const add = (record: SessionRecord) => {
    const session = createSession(record, { ...deps, now: () => clock.now() });
    byClient.set(session.clientId, session);
    byId.set(session.id, session);
    return session;
  };
  const cancelExpiry = (session: Session) => {
    expiries.get(session)?.();
    expiries.delete(session);
  };
  const membersOf = (shared: string) =>
    [...index.members(parseFilter(shared) as Filter)].flatMap(([member, { qos }]) =>
      qos > 0 ? [member] : [],
    );
  const groupsOf = (session: Session) =>
    [...session.subscriptions.keys()].filter((text) => text.startsWith('$share/'));
  const takeOver = (session: Session, shared: string) => {
    if (!membersOf(shared).includes(session)) return; // QoS 0 is not owed
    for (const member of membersOf(shared)) if (!member.isConnected()) session.owe(member.surrender(shared));
  };
  /** To a member that is connected; when the session ends, else to one that is kept. */
  const handOn = (session: Session, isEnd: boolean) => {
    for (const shared of groupsOf(session)) {
      const others = membersOf(shared).filter((member) => member !== session);
      const heir =
        others.find((member) => member.isConnected()) ??
        (isEnd ? others.find(({ expirySeconds }) => expirySeconds > 0) : undefined);
      heir?.owe(session.surrender(shared));
    }
  };

  const end = (session: Session) => {
    cancelExpiry(session);
    handOn(session, true);
    for (const text of session.subscriptions.keys()) index.delete(parseFilter(text) as Filter, session);
    session.end();
    byClient.delete(session.clientId);
    byId.delete(session.id);
    if (records.table(kind).has(session.clientId)) inBackground(commit(session.clientId, undefined), session);
  };
  const expireAfter = (session: Session, ms: number) => {
    expiries.set(
      session,
      clock.after(Math.max(0, ms), () => end(session)),
    );
  };

  for (const stored of records.table<StoredSession>(kind).values()) {
    const { subscriptions, leftAt, ...record } = stored;
    const session = add(record);
    for (const [text, options] of subscriptions) {
      session.subscriptions.set(text, options);
      index.set(parseFilter(text) as Filter, session, options);
    }
    const away = leftAt === null ? 0 : Math.max(0, clock.now() - leftAt); // the time may have been set back meanwhile
    expireAfter(session, record.expirySeconds * 1000 - away);
  }

  return {
    open({ clientId, version, clean, expirySeconds, identity }) {
      const earlier = byClient.get(clientId);
      const isPresent = earlier !== undefined && !clean && earlier.version === version;
      if (earlier && !isPresent) end(earlier);
      if (!isPresent && expirySeconds > 0 && byClient.size >= deps.maxSessions) {
        throw new Refusal('quotaExceeded', `more than ${deps.maxSessions} sessions are kept`);
      }
      const session = isPresent
        ? earlier
        : add({ id: deps.newId(), clientId, version, expirySeconds, identity });
      cancelExpiry(session);
      Object.assign(session, { expirySeconds, identity });
      if (expirySeconds > 0) inBackground(save(session, null), session);
      return { session, isPresent };
    },
    enter(session, link) {
      session.attach(link);
      for (const shared of groupsOf(session)) takeOver(session, shared);
    },
    leave(session) {
      session.detach();
      handOn(session, false);
      if (session.expirySeconds === 0) {
        end(session);
        return;
      }
      inBackground(save(session, clock.now()), session);
      expireAfter(session, session.expirySeconds * 1000);
    },
    async subscribe(session, filter, text, options) {
      session.subscriptions.set(text, options);
      index.set(filter, session, options);
      await keep(session);
    },
    async unsubscribe(session, text) {
      if (!session.subscriptions.delete(text)) return false;
      index.delete(parseFilter(text) as Filter, session);
      await keep(session);
      return true;
    },
    takeOver,
    isKept: (shared) => membersOf(shared).some(({ expirySeconds }) => expirySeconds > 0),
    owe(sessionId, debt) {
      const heirs = debt.shared === undefined ? [] : membersOf(debt.shared);
      const session = byId.get(sessionId) ?? heirs[0];
      session?.owe([debt]);
      return session !== undefined;
    },
    of: (clientId) => byClient.get(clientId),
    match: (topic) =>
      index.match(topic, (session) => {
        if (!session.isConnected() || !session.hasRoom()) return 'away';
        return session.isBehind() ? 'behind' : 'ready';
      }),
    async close() {
      for (const session of [...expiries.keys()]) cancelExpiry(session);
      await writing;
    },
  };
}
