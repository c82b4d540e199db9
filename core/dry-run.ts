// When a rule would have told people: windows of the past go through the same machine as those of the present.

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
 * The notifications that the rule would have made of one device's stored windows, oldest first, without reminders and
 * whatever the hour. Each window is judged as it is stored, once it is closed; `decidedAt` is then. Of one that is still
 * open `until` then counts what more readings cannot take back.
 * Throws a RangeError for a rule about connections, of which there is no history.
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
  if (rule.silence === 'offline') throw new RangeError('There is no history of connections to runDry with');
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

/** The rule learns from these windows too: those of four days before the span that matters should be among them. */
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
  // Nothing changes but when readings come, of which the first and the last of a window are known, and when the last one
  // is long enough ago.
  const { longest, metric } = rule;
  const heard = timesOf(
    metric === undefined ? windows : windows.filter(({ metrics }) => metrics.has(metric)),
  );
  const others = metric === undefined ? [] : timesOf(windows);
  const times = new Set(heard.flatMap((time) => [time, time + longest, time + longest + 1]));
  const [{ deviceId, site } = { deviceId: '', site: '' }] = windows;
  let [passed, passedOthers] = [0, 0];
  for (const now of [...times].filter((time) => time <= until).sort((a, b) => a - b)) {
    while (heard[passed] !== undefined && heard[passed]! <= now) passed += 1;
    const lastAt = heard[passed - 1]!;
    while (others[passedOthers] !== undefined && others[passedOthers]! <= now) passedOthers += 1;
    const reportedAt = others[passedOthers - 1] ?? lastAt;
    const isReporting = reportedAt > lastAt && now - reportedAt <= longest;
    const presence = { lastAt, isBack: now - lastAt <= longest, isReporting };
    play.on((state) => judgeSilence(rule, state, { deviceId, site }, presence, { now }));
  }
  return play.notifications;
}

/** When the first and the last readings of these windows came, in order. */
function timesOf(windows: readonly Window[]): number[] {
  const times = windows.flatMap(({ firstReadingAt, lastReadingAt }) => [firstReadingAt, lastReadingAt]);
  return times.sort((a, b) => a - b);
}

/** A state that people are told of at once, so that nothing is ever owed. */
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
