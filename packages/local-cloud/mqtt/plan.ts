// Plans what becomes of a message: which sessions receive it, which jobs it starts, and whether it is retained.

import type { Log } from '../log.ts';
import type { Access } from './access.ts';
import type { Drops } from './drops.ts';
import type { Job, Jobs } from './jobs.ts';
import type { InboundMessage } from './message.ts';
import { consumerOf } from './pending-delivery.ts';
import type { Retained } from './retained.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Match } from './subscriptions.ts';
import { isBasicIngest } from './topics.ts';

export interface Recipient extends Match<Session> {
  /** A QoS 1 delivery that must outlive this process. */
  readonly isKept: boolean;
}

export interface Plan {
  readonly message: InboundMessage;
  readonly recipients: readonly Recipient[];
  readonly jobs: readonly Job[];
  readonly retains: boolean;
}

export interface Planner {
  plan(message: InboundMessage): Plan;
  /** The connected session of `clientId`, if it has subscribed to the topic and may receive the message. */
  recipientOf(clientId: string, message: InboundMessage): Recipient | undefined;
}

export interface PlannerDeps {
  readonly sessions: Pick<Sessions, 'match' | 'isKept'>;
  readonly retained: Pick<Retained, 'hasRoom'>;
  readonly access: Access;
  readonly log: Log;
  readonly count: (name: string) => void;
  readonly drops: Pick<Drops, 'add'>;
}

/** Under which the journal has a message that is to be retained. */
export const RETAINED_CONSUMER = 'retained';

/** Under which the journal keeps the message; none where it need not outlive this process. */
export function consumersOf({ recipients, jobs, retains }: Plan): string[] {
  const consumers = jobs.map(({ consumer }) => consumer);
  for (const { isKept, subscriber, shared } of recipients)
    if (isKept) consumers.push(consumerOf(subscriber.id, shared));
  if (retains) consumers.push(RETAINED_CONSUMER);
  return consumers;
}

function mayReceive(
  access: Access,
  { subscriber, options }: Match<Session>,
  { topic, clientId }: InboundMessage,
): boolean {
  if (options.noLocal && subscriber.clientId === clientId) return false;
  return access.allows(subscriber.identity, {
    clientId: subscriber.clientId,
    action: 'iot:Receive',
    resource: `topic/${topic}`,
  });
}

export function createPlanner(deps: PlannerDeps & { readonly jobs: Jobs }): Planner {
  const { sessions, retained, access, log, jobs } = deps;

  const recipientsOf = (message: InboundMessage): Recipient[] => {
    const recipients: Recipient[] = [];
    for (const match of sessions.match(message.topic)) {
      const { subscriber, options, shared } = match;
      const outlives = subscriber.expirySeconds > 0 || (shared !== undefined && sessions.isKept(shared));
      const isKept = outlives && options.qos === 1 && message.qos === 1;
      if (!isKept && !subscriber.isConnected()) continue;
      if (!mayReceive(access, match, message)) continue;
      if (isKept && !subscriber.hasRoom()) deps.drops.add(subscriber.clientId, 'its session is full');
      else recipients.push({ ...match, isKept });
    }
    return recipients;
  };

  const retains = (message: InboundMessage) => {
    if (!message.retain || retained.hasRoom(message)) return message.retain;
    log.warn('not retained: no room for another retained message', { topic: message.topic });
    deps.count('mqtt.dropped');
    return false;
  };

  return {
    plan(message) {
      const basicIngest = isBasicIngest(message.topic);
      return {
        message,
        recipients: basicIngest ? [] : recipientsOf(message),
        jobs: jobs.of(message),
        retains: !basicIngest && retains(message),
      };
    },
    recipientOf(clientId, message) {
      const match = sessions.match(message.topic).find(({ subscriber }) => subscriber.clientId === clientId);
      if (!match?.subscriber.isConnected() || !mayReceive(access, match, message)) return undefined;
      return { ...match, isKept: false };
    },
  };
}
