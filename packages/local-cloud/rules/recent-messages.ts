// Keeps the last message of each topic, so that a user can see why a rule did not fire.

import type { InboundMessage } from '../mqtt/message.ts';
import type { RulesEngine } from './engine.ts';

export interface RecentMessages {
  /** The same engine, which also keeps the last messages. */
  readonly engine: RulesEngine;
  find(topic: string): InboundMessage | undefined;
  /** The newest first. */
  topics(): string[];
}

/** Each may keep a network buffer of 64 KB in memory. */
const MOST_TOPICS = 256;

export function keepRecentMessages(engine: RulesEngine): RecentMessages {
  const byTopic = new Map<string, InboundMessage>();
  return {
    engine: {
      ...engine,
      match(message) {
        byTopic.delete(message.topic);
        byTopic.set(message.topic, message);
        if (byTopic.size > MOST_TOPICS) byTopic.delete(byTopic.keys().next().value!);
        return engine.match(message);
      },
    },
    find: (topic) => byTopic.get(topic),
    topics: () => [...byTopic.keys()].reverse(),
  };
}
