// Why the last message of a topic set off the rules that it did, and no other: each rule explained on the stack that runs.

import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { explainRule } from './explain.ts';
import { lookupNames, type Lookups } from './lookups.ts';
import { defaultEnvironment } from './message-context.ts';
import type { RecentMessages } from './recent-messages.ts';
import type { RuleSpec } from './rule-spec.ts';

/** What `/rules.json?topic=...` of the web port says. */
export interface Why {
  /** Absent where no message of the topic came since the start. */
  readonly message?: { readonly clientId: string; readonly receivedAt: number; readonly bytes: number };
  readonly rules: readonly {
    readonly name: string;
    readonly fires: boolean;
    readonly lines: readonly string[];
  }[];
  /** Topics of the last messages, the newest first. */
  readonly topics: readonly string[];
}

const MOST_SHOWN = 20;

/** Functions that ask would ask again: their answers may have changed, and functions would run. */
const notAsked: Lookups = Object.fromEntries(
  lookupNames.map((name) => [
    name,
    () => Promise.reject(new Error('it is not asked again; use rule explain with --answers')),
  ]),
);

export function createWhy(options: {
  readonly recent: RecentMessages;
  readonly rules: () => readonly RuleSpec[];
  readonly accountId: string;
  readonly clock: Clock;
}): (topic: string) => Promise<Why> {
  const { recent, rules, accountId, clock } = options;
  return async (topic) => {
    const message = recent.find(topic);
    const topics = recent.topics().slice(0, MOST_SHOWN);
    if (!message) return { rules: [], topics };
    const environment = { ...defaultEnvironment, accountId, newId: randomUUID };
    const explained = [];
    for (const spec of rules()) {
      const { lines, fires } = await explainRule(spec, message, { environment, lookups: notAsked, clock });
      explained.push({ name: spec.name, fires, lines });
    }
    const { clientId, receivedAt, payload } = message;
    return { message: { clientId, receivedAt, bytes: payload.length }, rules: explained, topics };
  };
}
