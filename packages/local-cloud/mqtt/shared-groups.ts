// Passes the messages of a shared subscription on between the members of its group as they come and go.

import type { Session } from './session.ts';
import type { SubscriptionIndex } from './subscriptions.ts';
import { type Filter, parseFilter } from './topics.ts';

export interface SharedGroups {
  /** The members that subscribed with QoS 1; deliveries of QoS 0 are not kept. */
  membersOf(shared: string): Session[];
  /** Gives a connected session what waits with members of the group that are away. */
  takeOver(session: Session, shared: string): void;
  /** `takeOver` for each group of the session. */
  takeOverAll(session: Session): void;
  /** Passes what waits for the session to a member that is connected; when the session ends, else to one that is kept. */
  passOn(session: Session, isEnd: boolean): void;
}

const groupsOf = (session: Session) =>
  [...session.subscriptions.keys()].filter((text) => text.startsWith('$share/'));

export function createSharedGroups(index: Pick<SubscriptionIndex<Session>, 'members'>): SharedGroups {
  const membersOf = (shared: string) =>
    [...index.members(parseFilter(shared) as Filter)].flatMap(([member, { qos }]) =>
      qos > 0 ? [member] : [],
    );
  const takeOver = (session: Session, shared: string) => {
    const members = membersOf(shared);
    if (!members.includes(session)) return;
    for (const member of members) if (!member.isConnected()) session.enqueue(member.handOver(shared));
  };
  return {
    membersOf,
    takeOver,
    takeOverAll(session) {
      for (const shared of groupsOf(session)) takeOver(session, shared);
    },
    passOn(session, isEnd) {
      for (const shared of groupsOf(session)) {
        const others = membersOf(shared).filter((member) => member !== session);
        const heir =
          others.find((member) => member.isConnected()) ??
          (isEnd ? others.find(({ expirySeconds }) => expirySeconds > 0) : undefined);
        heir?.enqueue(session.handOver(shared));
      }
    },
  };
}
