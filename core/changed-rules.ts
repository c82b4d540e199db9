// A new or stricter rule must also judge windows that existed before it: a device that is already warm may send nothing more.

import { isLimitRule, type AlertRule, type LimitRule } from './alert-rule.ts';
import { fingerprint } from './fingerprint.ts';

/** What a sweep knows about a limit rule. */
export interface KnownRule {
  /** Fingerprint of all that it judges by. */
  readonly print: string;
  /** When a sweep first saw it in this form, epoch milliseconds; absent once the last windows of all devices were judged by it. */
  readonly since?: number;
}

/** By rule id. */
export type KnownRules = ReadonlyMap<string, KnownRule>;

/**
 * How long the last windows are judged: until the windows that functions may have judged by the old rule are closed.
 * Functions see a change after 30 seconds, and a window counts as closed 60 seconds after its end.
 */
const JUDGED_FOR_MS = 90_000;

/** The present rules: new ones, and those that judge something else than before, have `since`. */
export function knownNow(known: KnownRules, rules: readonly AlertRule[], now: number): KnownRules {
  return new Map(
    rules.filter(isLimitRule).map((rule) => {
      const [before, print] = [known.get(rule.id), printOf(rule, now)];
      return [rule.id, before?.print === print ? before : { print, since: now }];
    }),
  );
}

/** Ids of the rules that the last windows of all devices are judged by now. */
export const changedRules = (known: KnownRules): ReadonlySet<string> =>
  new Set([...known].flatMap(([id, { since }]) => (since === undefined ? [] : [id])));

/** The rules once a sweep that began at `now` has visited all devices. `size`: length of a window in milliseconds. */
export function knownAfter(known: KnownRules, now: number, size: number): KnownRules {
  const isOver = (since: number) => Math.abs(now - since) >= JUDGED_FOR_MS + size;
  return new Map(
    [...known].map(([id, { print, since }]) => [
      id,
      since === undefined || isOver(since) ? { print } : { print, since },
    ]),
  );
}

export const areSame = (a: KnownRules, b: KnownRules) => JSON.stringify([...a]) === JSON.stringify([...b]);

/** Without the fields that decide only who is notified and when. */
function printOf(rule: LimitRule, now: number): string {
  const { enabled = true, enabledFrom = -Infinity, enabledUntil = Infinity } = rule;
  const { metric, stat, anySpelling, perMinute, levels, match, forWindows, judgeLate } = rule;
  const isOn = enabled && enabledFrom <= now && now < enabledUntil;
  const judged = [metric, stat, anySpelling, perMinute, levels, match, forWindows, judgeLate];
  return fingerprint(JSON.stringify([isOn, ...judged]));
}
