// When a rule would have notified people: past windows go through the same state machine as present ones.

import { judgeSilence } from './silence.ts';
import {
  isInsightRule,
  isLimitRule,
  type InsightRule,
  windowsBefore,
  type SilenceRule,
  type LimitRule,
  type AlertRule,
} from './alert-rule.ts';
import { judge } from './alert.ts';
import { beginLearning, observe } from './insight/observe.ts';
import { judgeOutlook } from './outlook.ts';
import { minutesOf } from './window-minutes.ts';
import type { AlertState, Notification } from './alert-state.ts';
import { hasStatistic } from './statistic.ts';
import type { Window } from './window.ts';

/** A minute is judged once it has been over for a minute, by the sweep after that. */
const JUDGED_AFTER_MS = 150_000;

/**
 * The notifications that the rule would have sent for one device's stored windows, oldest first, without reminders and
 * ignoring quiet hours. Each window is judged in its stored form at the time it closed, which is `decidedAt`. A window
 * still open at `until` is judged at `until`, and counts only if more readings cannot undo its breach.
 * Throws a RangeError for a rule about connections, because their history is not stored.
 */
export function runDry(
  rule: AlertRule,
  windows: readonly Window[],
  {
    windowSeconds,
    until,
  }: { readonly windowSeconds: number; /** Epoch milliseconds. */ readonly until: number },
): Notification[] {
  if (isLimitRule(rule))
    return runLimits({ ...rule, quietHours: undefined }, windows, windowSeconds * 1000, until);
  if (isInsightRule(rule)) return runInsight({ ...rule, quietHours: undefined }, windows, until);
  if (rule.silence === 'offline')
    throw new RangeError('A rule about connections has no dry run: their history is not stored');
  return runSilence({ ...rule, quietHours: undefined }, windows, until);
}

function runLimits(rule: LimitRule, windows: readonly Window[], size: number, until: number): Notification[] {
  const play = createPlay();
  const judged = windows.filter((window) => hasStatistic(rule, window));
  for (const [index, window] of judged.entries()) {
    const before = judged.slice(Math.max(0, index - windowsBefore(rule)), index);
    const end = window.windowStart + size;
    const recent = end > until ? { closed: before, current: window } : { closed: [...before, window] };
    play.on((state) => judge(rule, state, recent, { now: Math.min(end, until) }));
  }
  return play.notifications;
}

/** The rule learns from these windows too: they should include the four days before the span of interest. */
function runInsight(rule: InsightRule, windows: readonly Window[], until: number): Notification[] {
  const play = createPlay();
  const [{ deviceId, site } = { deviceId: '', site: '' }] = windows;
  let learned = beginLearning();
  for (const each of minutesOf(windows, rule)) {
    const seen = observe(rule, learned, each);
    learned = seen.learned;
    const now = Math.min(each.minute.at + JUDGED_AFTER_MS, until);
    play.on((state) => judgeOutlook(rule, state, { deviceId, site }, seen.outlook, { now }));
  }
  return play.notifications;
}

function runSilence(rule: SilenceRule, windows: readonly Window[], until: number): Notification[] {
  const play = createPlay();
  // The result can change only when readings arrive, of which the first and last of a window are known, and when the
  // last one is long enough ago.
  const { longest, metric } = rule;
  const arrivals = timesOf(
    metric === undefined ? windows : windows.filter(({ metrics }) => metrics.has(metric)),
  );
  const otherArrivals = metric === undefined ? [] : timesOf(windows);
  const times = new Set(arrivals.flatMap((time) => [time, time + longest, time + longest + 1]));
  const [{ deviceId, site } = { deviceId: '', site: '' }] = windows;
  let [passed, passedOthers] = [0, 0];
  for (const now of [...times].filter((time) => time <= until).sort((a, b) => a - b)) {
    while (arrivals[passed] !== undefined && arrivals[passed]! <= now) passed += 1;
    const lastAt = arrivals[passed - 1]!;
    while (otherArrivals[passedOthers] !== undefined && otherArrivals[passedOthers]! <= now)
      passedOthers += 1;
    const reportedAt = otherArrivals[passedOthers - 1] ?? lastAt;
    const isReporting = reportedAt > lastAt && now - reportedAt <= longest;
    const presence = { lastAt, isBack: now - lastAt <= longest, isReporting };
    play.on((state) => judgeSilence(rule, state, { deviceId, site }, presence, { now }));
  }
  return play.notifications;
}

/** The times of the first and last readings of these windows, in order. */
function timesOf(windows: readonly Window[]): number[] {
  const times = windows.flatMap(({ firstReadingAt, lastReadingAt }) => [firstReadingAt, lastReadingAt]);
  return times.sort((a, b) => a - b);
}

/** Runs steps with immediate delivery, so that nothing stays pending. */
function createPlay() {
  const notifications: Notification[] = [];
  let state: AlertState | undefined;
  return {
    notifications,
    on(step: (state: AlertState | undefined) => AlertState | undefined): void {
      for (;;) {
        const next = step(state);
        if (next === undefined || next === state) return;
        notifications.push(...next.pending.map(({ notification }) => notification));
        state = { ...next, pending: [], unrecorded: [] };
      }
    },
  };
}
