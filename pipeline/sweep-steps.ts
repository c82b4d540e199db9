// The changes that time alone may cause for one rule of a device: windows that closed lately, silence, and outlooks.

import { judgeSilence, presenceOf, type Presence } from '../core/silence.ts';
import {
  isInsightRule,
  isLimitRule,
  windowsBefore,
  type SilenceRule,
  type AlertRule,
  type InsightRule,
  type LimitRule,
} from '../core/alert-rule.ts';
import { isSuspect } from '../core/alert.ts';
import type { AlertState } from '../core/alert-state.ts';
import { isAlarm } from '../core/alert-step.ts';
import { LAST_SEEN_LAG_MS, type Device } from '../core/device.ts';
import { hasStatistic, needsClosedWindows } from '../core/statistic.ts';
import { isForeign } from '../core/active-alarm.ts';
import type { Recent } from '../core/recent.ts';
import { endForeign } from '../core/reminder.ts';
import { judgeOutlook } from '../core/outlook.ts';
import { windowStartOf, type Window } from '../core/window.ts';
import { outlooksOf, type ForesightParts } from './foresee.ts';
import type { EarlierWindows } from './earlier-windows.ts';
import { metricPresence, withLastSeen, type MetricLastSeen } from './metric-silence.ts';
import { stepThrough, type Step } from './newer-windows.ts';
import type { AlertStore, DeviceAlerts, WindowStore } from './ports.ts';

export interface DeviceSweepParts {
  readonly rules: readonly AlertRule[];
  /** Ids of rules that cannot be read: their alerts stay as they are. */
  readonly kept: ReadonlySet<string>;
  readonly alerts: Pick<AlertStore, 'load' | 'transition'>;
  readonly windows: Pick<WindowStore, 'before'>;
  readonly windowSeconds: number;
  /** When devices last sent the metrics whose silence rules watch, remembered from sweep to sweep. */
  readonly metricsLastSeen: Recent<MetricLastSeen>;
  readonly foresight: ForesightParts;
  /** Ids of new or changed limit rules, which judge the last window of every device. */
  readonly changed: ReadonlySet<string>;
  /** Silence is watched since then; epoch milliseconds. */
  readonly watchedSince: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Begins the steps through the windows; each attempt begins again. */
export type BeginSteps = () => Step;

/** One rule that applies to a device, and the state of its active alarm, if any. */
export interface Case<Rule = AlertRule> {
  readonly rule: Rule;
  readonly device: Device;
  readonly active: AlertState | undefined;
  readonly earlierWindows: EarlierWindows;
  /** The windows before `start` (epoch milliseconds) that events still judge, and some before them, read once a visit. */
  readonly inTimeWindows: (start: number) => Promise<readonly Window[]>;
  /** The newest windows, also open ones, read once a visit. */
  readonly newest: () => Promise<readonly Window[]>;
  /** The stored alerts, read once a visit. */
  readonly load: () => Promise<DeviceAlerts>;
}

/** A window counts as closed this long after its end even without a newer one; readings may still come late. */
const CLOSES_AFTER_MS = 60_000;
/** The last window of a device that fell silent is judged for this long, in case a sweep fails. */
const LOOKS_BACK_MS = 900_000;
/** Windows that closed during the last sweeps are judged once more: late readings may have changed them. */
const CLOSED_LATELY_MS = 120_000;
/** Events judge windows whose readings come up to this long after their end. */
const IN_TIME_MS = 600_000;
/** A limit for one-second windows. */
const MAX_WINDOWS = 300;

/** A device's newest windows: those of the last two minutes, if it sends all the time. */
export const newestWindows = ({ windowSeconds }: DeviceSweepParts): number =>
  Math.ceil(CLOSED_LATELY_MS / (windowSeconds * 1000));

/** How many windows the rules of a device usually need. */
export const usualWindows = (parts: DeviceSweepParts): number => windowsOf(parts, CLOSED_LATELY_MS);

/** How many they need if one of them may change something. */
export const windowsInTime = (parts: DeviceSweepParts): number =>
  Math.min(MAX_WINDOWS, windowsOf(parts, IN_TIME_MS));

function windowsOf({ rules, windowSeconds }: DeviceSweepParts, span: number): number {
  const longest = Math.max(0, ...rules.filter(isLimitRule).map(windowsBefore));
  return longest + Math.ceil(span / (windowSeconds * 1000));
}

/**
 * The step that the rule takes from the device's state now; undefined if there is nothing to judge. Rejects with the
 * SDK's error.
 */
export async function stepOf(parts: DeviceSweepParts, found: Case): Promise<BeginSteps | undefined> {
  const { rule, active } = found;
  if (isForeign(rule, active)) return () => (state, moment) => endForeign(rule, state, moment) ?? state;
  if (isInsightRule(rule)) return insightStep(parts, { ...found, rule });
  if (!isLimitRule(rule)) return silenceStep(parts, { ...found, rule });
  const isDue = active || needsClosedWindows(rule) || (await isNewsByChange(parts, { ...found, rule }));
  return isDue ? limitStep(parts, { ...found, rule }) : undefined;
}

/**
 * Whether the rule is new or was changed, and the last window of the device is closed and beyond a limit. An open window
 * is judged by a function that has the new rule, or by the next sweep.
 */
async function isNewsByChange(
  { changed, windowSeconds, now }: DeviceSweepParts,
  { rule, device, newest }: Case<LimitRule>,
): Promise<boolean> {
  if (!changed.has(rule.id) || isLongSilent(device, windowSeconds, now())) return false;
  const last = (await newest()).findLast((window) => hasStatistic(rule, window));
  return last !== undefined && last.windowStart < openFrom(windowSeconds, now()) && isSuspect(rule, last);
}

/** Whether its last window is too old to be announced. */
const isLongSilent = ({ lastSeenAt = -Infinity }: Device, windowSeconds: number, now: number) =>
  now - lastSeenAt > windowSeconds * 1000 + LOOKS_BACK_MS + LAST_SEEN_LAG_MS;

/**
 * The first window that may still be open. Windows begin at multiples of their size, so all rules of a device start from
 * the same one.
 */
const openFrom = (windowSeconds: number, now: number) => windowStartOf(now - CLOSES_AFTER_MS, windowSeconds);

async function silenceStep(
  parts: DeviceSweepParts,
  found: Case<SilenceRule>,
): Promise<BeginSteps | undefined> {
  const { watchedSince, now } = parts;
  const { rule, device, active } = found;
  if (rule.metric !== undefined)
    return metricStep(parts, { ...found, rule: { ...rule, metric: rule.metric } });
  const isOpen = active !== undefined;
  const seen = rule.silence === 'silent' ? await lastSeenOf(parts, device, rule.longest, isOpen) : undefined;
  const presence = presenceOf(rule, device, seen, { now: now(), watchedSince });
  const isGone = ({ lastAt }: Presence) => now() - lastAt > rule.longest;
  if (!presence || !(isOpen || isGone(presence))) return undefined;
  return () => (state, moment) => judgeSilence(rule, state, device, presence, moment);
}

async function metricStep(
  parts: DeviceSweepParts,
  found: Case<SilenceRule & { readonly metric: string }>,
): Promise<BeginSteps | undefined> {
  const { rule, device, active } = found;
  const { deviceId } = device;
  const alarm = active && isAlarm(active) ? active : undefined;
  const seen = await metricPresence(parts, { ...found, rule, deviceId, alarm });
  if (!seen) return undefined;
  const { presence, seenAt } = seen;
  return () => (state, moment) => {
    const noted = seenAt === undefined ? state : withLastSeen(rule, state, deviceId, seenAt);
    return noted === state ? judgeSilence(rule, state, device, presence, moment) : noted;
  };
}

/** Judges the minutes that ended and were not judged before, one after the other. */
async function insightStep(
  { foresight }: DeviceSweepParts,
  { rule, device, active }: Case<InsightRule>,
): Promise<BeginSteps | undefined> {
  const outlooks = await outlooksOf(foresight, { rule, deviceId: device.deviceId, site: device.site });
  if (!active && outlooks.every(({ ahead }) => ahead === undefined)) return undefined;
  return () => {
    const left = [...outlooks];
    return (state, moment) => {
      for (;;) {
        const [outlook] = left;
        if (!outlook) return state;
        const next = judgeOutlook(rule, state, device, outlook, moment);
        if (next !== state) return next;
        left.shift();
      }
    };
  };
}

/** When the device last sent anything; its windows are read only if they can make a difference. */
async function lastSeenOf(
  { windows, windowSeconds, now }: DeviceSweepParts,
  { deviceId, lastSeenAt }: Device,
  longest: number,
  isOpen: boolean,
): Promise<number | undefined> {
  const age = now() - (lastSeenAt ?? NaN);
  // For an active alarm it only matters whether the device is back, and this one cannot be.
  if (isOpen ? age > longest + LAST_SEEN_LAG_MS : age <= longest) return lastSeenAt;
  const [newest] = await windows.before(deviceId, now() + windowSeconds * 1000, 1);
  const reading = newest && Math.min(newest.lastReadingAt, now());
  const known = [lastSeenAt, reading].filter((time) => time !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}

/** Judges the windows that closed lately, one after the other. */
async function limitStep(
  parts: DeviceSweepParts,
  { rule, device, active, earlierWindows, inTimeWindows }: Case<LimitRule>,
): Promise<BeginSteps | undefined> {
  const { windowSeconds, now } = parts;
  const size = windowSeconds * 1000;
  const { deviceId } = device;
  if (!active && isLongSilent(device, windowSeconds, now())) return undefined;
  const start = openFrom(windowSeconds, now());
  const isOpen = active !== undefined && isAlarm(active);
  const closed = await earlierWindows(rule, { deviceId, start, isAlarm: isOpen });
  const isNews = (window: Window) =>
    (rule.judgeLate || now() - window.windowStart < size + LOOKS_BACK_MS) &&
    (rule.perMinute || isSuspect(rule, window));
  const lately = closed.filter(
    ({ windowStart }, index) => windowStart >= start - CLOSED_LATELY_MS || index === closed.length - 1,
  );
  if (lately.length === 0 || !(active || lately.some(isNews))) return undefined;
  const begin = () => stepThrough(rule, closed, { first: closed.length - lately.length });
  if (begin()(active, { now: now() }) === active) return undefined;
  // An event with many windows may be in progress: step through the same windows as it does, not past them.
  const found = await inTimeWindows(start);
  const all = found.length > closed.length ? found : closed;
  const inTime = all.filter(({ windowStart }) => windowStart >= start - IN_TIME_MS);
  return () => stepThrough(rule, all, { first: all.length - Math.max(1, inTime.length) });
}
