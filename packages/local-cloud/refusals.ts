// Keeps the last refusals of the log, for people who look in a browser: AWS does not report them, and a terminal is not always at hand.

import type { Clock } from './clock.ts';
import type { Fields, Log } from './log.ts';

export interface Refused {
  /** Number of the refusal, from 1. */
  readonly id: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Such as `publish refused`. */
  readonly message: string;
  /** Such as client, action, resource and reason, which names the statement of a policy that decided. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface Refusals {
  /** The same log, of which refusals are kept. */
  readonly log: Log;
  /** The newest first. */
  list: () => readonly Refused[];
}

const MOST = 200;
const LONGEST_VALUE = 500;
const IS_REFUSAL = /refused$|^connection closed$/;

const shortened = (fields: Fields) =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value).slice(0, LONGEST_VALUE)]],
    ),
  );

/** Keeps the newest in memory; a start begins with none. */
export function keepRefusals(log: Log, clock: Pick<Clock, 'now'>): Refusals {
  const kept: Refused[] = [];
  let id = 0;
  return {
    log: {
      ...log,
      warn(message, fields = {}, inWords) {
        log.warn(message, fields, inWords);
        if (!IS_REFUSAL.test(message)) return;
        id += 1;
        kept.push({ id, at: clock.now(), message, fields: shortened(fields) });
        if (kept.length > MOST) kept.shift();
      },
    },
    list: () => kept.toReversed(),
  };
}
