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

/** Only the newest message of a topic is kept. Each may keep a network buffer of 64 KB in memory. */
const MOST_TOPICS = 256;

interface Recent {
  message: InboundMessage;
  /** Counts up with each message. */
  at: number;
}

export function keepRecentMessages(engine: RulesEngine): RecentMessages {
  const byTopic = new Map<string, Recent>();
  let count = 0;
  const newestFirst = () => [...byTopic].sort(([, a], [, b]) => b.at - a.at);
  /** In one go for many messages: a topic costs nothing to look up when the next message comes. */
  const forgetOldest = () => {
    for (const [topic] of newestFirst().slice(MOST_TOPICS)) byTopic.delete(topic);
  };
  return {
    engine: {
      ...engine,
      match(message) {
        count += 1;
        const known = byTopic.get(message.topic);
        if (known) {
          known.message = message;
          known.at = count;
        } else byTopic.set(message.topic, { message, at: count });
        if (byTopic.size >= 2 * MOST_TOPICS) forgetOldest();
        return engine.match(message);
      },
    },
    find: (topic) => byTopic.get(topic)?.message,
    topics: () => newestFirst().map(([topic]) => topic),
  };
}
