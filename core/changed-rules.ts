// A rule that is new or stricter must judge windows that were there before it: a device that is warm may say nothing more.

import { isLimitRule, type AlertRule, type LimitRule } from './alert-rule.ts';
import { fingerprint } from './fingerprint.ts';

/** What a sweep knows of a limit rule. */
export interface KnownRule {
  /** Of all that it judges by. */
  readonly print: string;
  /** When a sweep first saw it so, epoch milliseconds; absent once the last windows of all devices were judged by it. */
  readonly since?: number;
}

/** By rule id. */
export type KnownRules = ReadonlyMap<string, KnownRule>;

/**
 * The last windows are judged until those that functions may have judged by the rule as it was are closed: functions know a
 * change after 30 seconds, and a window counts as closed 60 seconds after its end.
 */
const JUDGED_FOR_MS = 90_000;

/** The rules as they are now: those that are new or judge by something else have `since`. */
export function knownNow(known: KnownRules, rules: readonly AlertRule[], now: number): KnownRules {
  return new Map(
    rules.filter(isLimitRule).map((rule) => {
      const [before, print] = [known.get(rule.id), printOf(rule, now)];
      return [rule.id, before?.print === print ? before : { print, since: now }];
    }),
  );
}

/** Ids of the rules by which the last windows of all devices are judged now. */
export const changedRules = (known: KnownRules): ReadonlySet<string> =>
  new Set([...known].flatMap(([id, { since }]) => (since === undefined ? [] : [id])));

/** The rules once a sweep that began at `now` has looked at all devices. `size`: of a window, in milliseconds. */
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

/** Without what people are told, and when. */
function printOf(rule: LimitRule, now: number): string {
  const { enabled = true, enabledFrom = -Infinity, enabledUntil = Infinity } = rule;
  const { metric, stat, anySpelling, perMinute, levels, match, forWindows, judgeLate } = rule;
  const isOn = enabled && enabledFrom <= now && now < enabledUntil;
  const judged = [metric, stat, anySpelling, perMinute, levels, match, forWindows, judgeLate];
  return fingerprint(JSON.stringify([isOn, ...judged]));
}
