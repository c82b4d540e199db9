// What time alone may change about one rule of a device: windows that closed lately, and silence.

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
import { SIGHTING_MS, type Device } from '../core/device.ts';
import { hasStatistic, needsClosedWindows } from '../core/statistic.ts';
import { isForeign } from '../core/active-alarm.ts';
import type { Recent } from '../core/recent.ts';
import { endForeign } from '../core/reminder.ts';
import { judgeOutlook } from '../core/outlook.ts';
import { windowStartOf, type Window } from '../core/window.ts';
import { outlooksOf, type ForesightParts } from './foresee.ts';
import type { EarlierWindows } from './earlier-windows.ts';
import { metricPresence, withSighting, type MetricSighting } from './metric-silence.ts';
import { stepThrough, type Step } from './newer-windows.ts';
import type { AlertStore, DeviceAlerts, WindowStore } from './ports.ts';

export interface DeviceSweepParts {
  readonly rules: readonly AlertRule[];
  /** Ids of rules that cannot be read: their alerts stay as they are. */
  readonly kept: ReadonlySet<string>;
  readonly alerts: Pick<AlertStore, 'load' | 'transition'>;
  readonly windows: Pick<WindowStore, 'before'>;
  readonly windowSeconds: number;
  /** When metrics were there that rules wait for, remembered from sweep to sweep. */
  readonly sightings: Recent<MetricSighting>;
  readonly foresight: ForesightParts;
  /** Ids of limit rules by which the last windows of all devices are judged, as they are new or were changed. */
  readonly changed: ReadonlySet<string>;
  /** Nobody looked before; epoch milliseconds. */
  readonly watchedSince: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Steps go through windows: each attempt takes them anew. */
export type BeginSteps = () => Step;

/** One rule that applies to a device, and the state of its alarm where one stands. */
export interface Case<Rule = AlertRule> {
  readonly rule: Rule;
  readonly device: Device;
  readonly standing: AlertState | undefined;
  readonly earlierWindows: EarlierWindows;
  /** Those before `start` (epoch milliseconds) that events still judge, and some before them, read once a visit. */
  readonly inTimeWindows: (start: number) => Promise<readonly Window[]>;
  /** The newest windows, also those that are open, read once a visit. */
  readonly newest: () => Promise<readonly Window[]>;
  /** What is stored, read once a visit. */
  readonly load: () => Promise<DeviceAlerts>;
}

/** How long after its end a window counts as closed though no newer one has readings; readings may still come late. */
const CLOSES_AFTER_MS = 60_000;
/** The last window of a device that fell silent is looked at for so long, should a sweep fail. */
const LOOKS_BACK_MS = 900_000;
/** Windows that were closed in the last sweeps are judged once more: late readings may have changed them. */
const CLOSED_LATELY_MS = 120_000;
/** Events judge windows whose readings come so long after their end. */
const IN_TIME_MS = 600_000;
/** Of windows of a second. */
const MAX_WINDOWS = 300;

/** A device's newest windows: those of the last two minutes, where it sends all the time. */
export const newestWindows = ({ windowSeconds }: DeviceSweepParts): number =>
  Math.ceil(CLOSED_LATELY_MS / (windowSeconds * 1000));

/** How many windows all rules of a device mostly look at. */
export const usualWindows = (parts: DeviceSweepParts): number => windowsOf(parts, CLOSED_LATELY_MS);

/** How many they look at where one of them may change something. */
export const windowsInTime = (parts: DeviceSweepParts): number =>
  Math.min(MAX_WINDOWS, windowsOf(parts, IN_TIME_MS));

function windowsOf({ rules, windowSeconds }: DeviceSweepParts, span: number): number {
  const longest = Math.max(0, ...rules.filter(isLimitRule).map(windowsBefore));
  return longest + Math.ceil(span / (windowSeconds * 1000));
}

/** What the rule makes of the device's state now; undefined when there is nothing to look at. Rejects with the SDK's error. */
export async function stepOf(parts: DeviceSweepParts, found: Case): Promise<BeginSteps | undefined> {
  const { rule, standing } = found;
  if (isForeign(rule, standing)) return () => (state, moment) => endForeign(rule, state, moment) ?? state;
  if (isInsightRule(rule)) return insightStep(parts, { ...found, rule });
  if (!isLimitRule(rule)) return silenceStep(parts, { ...found, rule });
  const isDue = standing || needsClosedWindows(rule) || (await isNewsByChange(parts, { ...found, rule }));
  return isDue ? limitStep(parts, { ...found, rule }) : undefined;
}

/**
 * Whether the rule is new or was changed, and the last window of the device is closed and beyond a limit. One that is open is
 * judged by a function that knows the rule, or by the next sweep.
 */
async function isNewsByChange(
  { changed, windowSeconds, now }: DeviceSweepParts,
  { rule, device, newest }: Case<LimitRule>,
): Promise<boolean> {
  if (!changed.has(rule.id) || isLongSilent(device, windowSeconds, now())) return false;
  const last = (await newest()).findLast((window) => hasStatistic(rule, window));
  return last !== undefined && last.windowStart < openFrom(windowSeconds, now()) && isSuspect(rule, last);
}

/** Too long for its last window to be news. */
const isLongSilent = ({ lastSeenAt = -Infinity }: Device, windowSeconds: number, now: number) =>
  now - lastSeenAt > windowSeconds * 1000 + LOOKS_BACK_MS + SIGHTING_MS;

/** The first window that may not be closed. One begins at a multiple of its size, so all rules of a device look from the same place. */
const openFrom = (windowSeconds: number, now: number) => windowStartOf(now - CLOSES_AFTER_MS, windowSeconds);

async function silenceStep(
  parts: DeviceSweepParts,
  found: Case<SilenceRule>,
): Promise<BeginSteps | undefined> {
  const { watchedSince, now } = parts;
  const { rule, device, standing } = found;
  if (rule.metric !== undefined)
    return metricStep(parts, { ...found, rule: { ...rule, metric: rule.metric } });
  const isOpen = standing !== undefined;
  const heard = rule.silence === 'silent' ? await heardAt(parts, device, rule.longest, isOpen) : undefined;
  const presence = presenceOf(rule, device, heard, { now: now(), watchedSince });
  const isGone = ({ lastAt }: Presence) => now() - lastAt > rule.longest;
  if (!presence || !(isOpen || isGone(presence))) return undefined;
  return () => (state, moment) => judgeSilence(rule, state, device, presence, moment);
}

async function metricStep(
  parts: DeviceSweepParts,
  found: Case<SilenceRule & { readonly metric: string }>,
): Promise<BeginSteps | undefined> {
  const { rule, device, standing } = found;
  const { deviceId } = device;
  const alarm = standing && isAlarm(standing) ? standing : undefined;
  const seen = await metricPresence(parts, { ...found, rule, deviceId, alarm });
  if (!seen) return undefined;
  const { presence, seenAt } = seen;
  return () => (state, moment) => {
    const noted = seenAt === undefined ? state : withSighting(rule, state, deviceId, seenAt);
    return noted === state ? judgeSilence(rule, state, device, presence, moment) : noted;
  };
}

/** Judges the minutes that are over and were not judged before, one after the other. */
async function insightStep(
  { foresight }: DeviceSweepParts,
  { rule, device, standing }: Case<InsightRule>,
): Promise<BeginSteps | undefined> {
  const outlooks = await outlooksOf(foresight, { rule, deviceId: device.deviceId, site: device.site });
  if (!standing && outlooks.every(({ ahead }) => ahead === undefined)) return undefined;
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

/** When the device was last heard of; its windows are asked only where that can matter. */
async function heardAt(
  { windows, windowSeconds, now }: DeviceSweepParts,
  { deviceId, lastSeenAt }: Device,
  longest: number,
  isOpen: boolean,
): Promise<number | undefined> {
  const age = now() - (lastSeenAt ?? NaN);
  // Of an alarm that stands only whether the device is back matters, and this one cannot be.
  if (isOpen ? age > longest + SIGHTING_MS : age <= longest) return lastSeenAt;
  const [newest] = await windows.before(deviceId, now() + windowSeconds * 1000, 1);
  const reading = newest && Math.min(newest.lastReadingAt, now());
  const known = [lastSeenAt, reading].filter((time) => time !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}

/** Judges the windows that time closed lately, one after the other. */
async function limitStep(
  parts: DeviceSweepParts,
  { rule, device, standing, earlierWindows, inTimeWindows }: Case<LimitRule>,
): Promise<BeginSteps | undefined> {
  const { windowSeconds, now } = parts;
  const size = windowSeconds * 1000;
  const { deviceId } = device;
  if (!standing && isLongSilent(device, windowSeconds, now())) return undefined;
  const start = openFrom(windowSeconds, now());
  const isOpen = standing !== undefined && isAlarm(standing);
  const closed = await earlierWindows(rule, { deviceId, start, isAlarm: isOpen });
  const isNews = (window: Window) =>
    (rule.judgeLate || now() - window.windowStart < size + LOOKS_BACK_MS) &&
    (rule.perMinute || isSuspect(rule, window));
  const lately = closed.filter(
    ({ windowStart }, index) => windowStart >= start - CLOSED_LATELY_MS || index === closed.length - 1,
  );
  if (lately.length === 0 || !(standing || lately.some(isNews))) return undefined;
  const begin = () => stepThrough(rule, closed, { first: closed.length - lately.length });
  if (begin()(standing, { now: now() }) === standing) return undefined;
  // An event with many windows may be judged just now: step through what it steps through, not past it.
  const found = await inTimeWindows(start);
  const all = found.length > closed.length ? found : closed;
  const inTime = all.filter(({ windowStart }) => windowStart >= start - IN_TIME_MS);
  return () => stepThrough(rule, all, { first: all.length - Math.max(1, inTime.length) });
}
