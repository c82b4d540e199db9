// Says in the log, once a minute, which clients lost messages, how many and why.

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';

export interface Drops {
  add(clientId: string, reason: string, messages?: number): void;
  /** Logs what was not logged yet. */
  close(): void;
}

/** From the first lost message to its line, so that a burst is one line. */
const FIRST_LINE_MS = 1_000;
const PAUSE_MS = 60_000;
/** Lines at a time; the clients beyond share one. */
const MAX_LINES = 20;

interface Loss {
  readonly clientId: string;
  readonly reason: string;
  messages: number;
}

export function createDrops(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
}): Drops {
  const { clock, log, count } = deps;
  const losses = new Map<string, Loss>();
  let ofOthers = 0;
  let lastLinesAt = -Infinity;
  let cancel: (() => void) | undefined;

  const writeLines = () => {
    cancel?.();
    cancel = undefined;
    if (losses.size === 0) return;
    lastLinesAt = clock.elapsed();
    for (const { clientId, messages, reason } of losses.values())
      log.warn('messages dropped', { client: clientId, messages, reason });
    if (ofOthers > 0) log.warn('messages dropped', { client: 'others', messages: ofOthers });
    losses.clear();
    ofOthers = 0;
  };

  return {
    add(clientId, reason, messages = 1) {
      count('mqtt.dropped', messages);
      const key = JSON.stringify([clientId, reason]);
      const known = losses.get(key);
      if (known) known.messages += messages;
      else if (losses.size < MAX_LINES) losses.set(key, { clientId, reason, messages });
      else ofOthers += messages;
      const dueMs = Math.max(FIRST_LINE_MS, lastLinesAt + PAUSE_MS - clock.elapsed());
      cancel ??= clock.after(dueMs, writeLines);
    },
    close: writeLines,
  };
}
