// Explains which rules the last message of a topic fired and why not others, on the running stack.

import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { explainRule } from './explain.ts';
import { lookupNames, type Lookups } from './lookups.ts';
import { defaultEnvironment } from './message-context.ts';
import type { RecentMessages } from './recent-messages.ts';
import type { RuleSpec } from './rule-spec.ts';

/** The answer of `/rules.json?topic=...` on the web port. */
export interface Why {
  /** Absent where the topic had no message since the start. */
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

/** Services are not called again: their answers may have changed, and functions would run. */
const NOT_ASKED: Lookups = Object.fromEntries(
  lookupNames.map((name) => [
    name,
    () => Promise.reject(new Error('it is not called again; use rule explain with --answers')),
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
      const { lines, fires } = await explainRule(spec, message, { environment, lookups: NOT_ASKED, clock });
      explained.push({ name: spec.name, fires, lines });
    }
    const { clientId, receivedAt, payload } = message;
    return { message: { clientId, receivedAt, bytes: payload.length }, rules: explained, topics };
  };
}
