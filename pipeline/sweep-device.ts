// Sweeps one device for changes that time alone causes: closing windows, silence, reminders, and alarms without a rule.

import { appliesTo, isLimitRule, type AlertRule } from '../core/alert-rule.ts';
import type { AlertState, Moment } from '../core/alert-state.ts';
import { withNewerJudged } from '../core/alert-step.ts';
import type { Device } from '../core/device.ts';
import { end, remind } from '../core/reminder.ts';
import type { Window } from '../core/window.ts';
import { rescheduled } from '../core/deferral.ts';
import { unitsOf } from '../core/unit.ts';
import { createEarlierWindows, type EarlierWindows } from './earlier-windows.ts';
import { stepsSince } from './newer-windows.ts';
import type { AlertStore, DeviceAlerts, WindowStore } from './ports.ts';
import {
  newestWindows,
  stepOf,
  usualWindows,
  windowsInTime,
  type BeginSteps,
  type DeviceSweepParts,
} from './sweep-steps.ts';

/**
 * Writes the decisions, and gives the states that may have something pending. Continues with the other rules when one
 * fails, and calls `onError` with the SDK's error, or with the error of a state that cannot be read.
 */
export type SweepDevice = (
  device: SweptDevice,
  open: readonly AlertState[],
  onError: (error: unknown) => void,
) => Promise<AlertState[]>;

/**
 * `isForgotten`: only its alerts are known, because it was removed. Its silence alerts end: only what it sends is
 * judged.
 */
export type SweptDevice = Device & { readonly isForgotten?: true };

/** The sweep of one device. */
interface Visit {
  readonly device: Device;
  readonly earlierWindows: EarlierWindows;
  readonly newest: () => Promise<readonly Window[]>;
  readonly inTimeWindows: (start: number) => Promise<readonly Window[]>;
  /** The device's stored alerts, read once, and only if something may change. */
  readonly load: () => Promise<DeviceAlerts>;
  /** Active alarms that no rule has judged yet, by rule id. */
  readonly active: Map<string, AlertState>;
  /** States that may have something pending, by rule id. */
  readonly states: Map<string, AlertState>;
}

export function createDeviceSweep(parts: DeviceSweepParts): SweepDevice {
  return async (device, open, onError) => {
    const visit = beginVisit(parts, device, open);
    const rules = parts.rules.filter(
      (rule) => (isLimitRule(rule) || !device.isForgotten) && appliesTo(rule, device, parts.now()),
    );
    for (const rule of rules) await judgeRule(parts, visit, rule).catch(onError);
    await endWithoutRule(parts, visit).catch(onError);
    await forgetUnjudged(parts, visit, rules).catch(onError);
    await rescheduleDeferred(parts, visit).catch(onError);
    return [...visit.states.values()];
  };
}

function beginVisit(parts: DeviceSweepParts, device: Device, open: readonly AlertState[]): Visit {
  const { alerts, windows, windowSeconds, now } = parts;
  let reading: ReturnType<WindowStore['before']> | undefined;
  const inTime = new Map<number, ReturnType<WindowStore['before']>>();
  let loading: ReturnType<AlertStore['load']> | undefined;
  return {
    device,
    earlierWindows: createEarlierWindows(windows, usualWindows(parts)),
    newest: () =>
      (reading ??= windows.before(device.deviceId, now() + windowSeconds * 1000, newestWindows(parts))),
    async inTimeWindows(start) {
      const known = inTime.get(start) ?? windows.before(device.deviceId, start, windowsInTime(parts));
      inTime.set(start, known);
      return known;
    },
    load: () => (loading ??= alerts.load(device.deviceId)),
    active: new Map(open.filter(({ state }) => state !== 'ok').map((state) => [state.ruleId, state])),
    // Also states that are open only because something is pending.
    states: new Map(open.map((state) => [state.ruleId, state])),
  };
}

/** Takes the steps that time causes for one rule, and reminds. */
async function judgeRule(parts: DeviceSweepParts, visit: Visit, rule: AlertRule): Promise<void> {
  const { device, earlierWindows, newest, inTimeWindows, load } = visit;
  const active = visit.active.get(rule.id);
  visit.active.delete(rule.id);
  const begin = await stepOf(parts, { rule, device, active, earlierWindows, newest, inTimeWindows, load });
  const isUnjudged = visit.states.get(rule.id)?.newerUnjudged === true;
  if (!isUnjudged && (active ? !wouldChange(rule, active, begin, parts.now()) : !begin)) return;
  const [{ states, unreadable }, moment] = [await load(), await momentOf(parts, visit)];
  const fault = unreadable?.get(rule.id);
  if (fault) throw fault;
  const step = begin?.();
  const stepped = await advance(parts, states.get(rule.id), (state) => (step ? step(state, moment) : state));
  const judged = stepped?.newerUnjudged ? await judgeNewer(parts, rule, stepped, moment) : stepped;
  const reminded = judged && (await advance(parts, judged, (state) => state && remind(rule, state, moment)));
  note(visit, rule.id, reminded);
}

/** Judges the windows newer than the one that improved the state. */
async function judgeNewer(
  parts: DeviceSweepParts,
  rule: AlertRule,
  state: AlertState,
  moment: Moment,
): Promise<AlertState | undefined> {
  const step = isLimitRule(rule) ? await stepsSince(rule, state, parts.windows) : undefined;
  const judged = await advance(parts, state, (current) => step?.(current, moment) ?? current);
  if (!judged || !(await parts.alerts.transition(judged, withNewerJudged(judged)))) return undefined;
  return withNewerJudged(judged);
}

/** Whether the state would change, snoozed or not: only then the stored state is read. */
function wouldChange(
  rule: AlertRule,
  state: AlertState,
  begin: BeginSteps | undefined,
  now: number,
): boolean {
  return (begin?.()(state, { now }) ?? state) !== state || remind(rule, state, { now }) !== state;
}

/** Ends the alarms that no rule judges any more. */
async function endWithoutRule(parts: DeviceSweepParts, visit: Visit): Promise<void> {
  for (const [ruleId, state] of visit.active) {
    if (parts.kept.has(ruleId)) continue;
    const moment = await momentOf(parts, visit);
    const rule = ruleOf(parts, ruleId, state);
    note(visit, ruleId, await advance(parts, state, (current) => current && end(rule, current, moment)));
  }
}

/** Clears the mark for newer windows on states whose rules no longer judge the device. */
async function forgetUnjudged(
  parts: DeviceSweepParts,
  visit: Visit,
  rules: readonly AlertRule[],
): Promise<void> {
  const judged = new Set([...parts.kept, ...rules.map(({ id }) => id)]);
  for (const [ruleId, state] of visit.states) {
    const forget = (current: AlertState | undefined) =>
      current?.newerUnjudged ? withNewerJudged(current) : current;
    if (!judged.has(ruleId)) note(visit, ruleId, await advance(parts, state, forget));
  }
}

/** Gives deferred notifications the end of quiet hours that the rule has now. */
async function rescheduleDeferred(parts: DeviceSweepParts, visit: Visit): Promise<void> {
  for (const [ruleId, state] of visit.states) {
    if (parts.kept.has(ruleId) || state.pending.every(({ notBefore }) => notBefore === undefined)) continue;
    const moment = await momentOf(parts, visit);
    const rule = ruleOf(parts, ruleId, state);
    note(
      visit,
      ruleId,
      await advance(parts, state, (current) => current && rescheduled(rule, current, moment)),
    );
  }
}

/** Writes step after step; undefined when another writer was faster, and takes over. */
async function advance(
  { alerts }: DeviceSweepParts,
  from: AlertState | undefined,
  step: (state: AlertState | undefined) => AlertState | undefined,
): Promise<AlertState | undefined> {
  let state = from;
  for (;;) {
    const next = step(state);
    if (next === undefined || next === state) return state;
    if (!(await alerts.transition(state, next))) return undefined;
    state = next;
  }
}

async function momentOf({ now }: DeviceSweepParts, { load, device }: Visit): Promise<Moment> {
  const { snooze } = await load();
  const { timeZone } = device;
  return {
    now: now(),
    ...(snooze && { snoozedUntil: snooze.until }),
    units: unitsOf(device),
    ...(timeZone !== undefined && { timeZone }),
  };
}

function note({ states }: Visit, ruleId: string, state: AlertState | undefined): void {
  if (state) states.set(ruleId, state);
  else states.delete(ruleId);
}

/** The rule, or what the alarm still knows of a removed rule. */
function ruleOf(
  { rules }: DeviceSweepParts,
  ruleId: string,
  { alarm }: AlertState,
): Pick<AlertRule, 'id' | 'channels' | 'quietHours'> {
  return rules.find(({ id }) => id === ruleId) ?? { id: ruleId, channels: alarm?.announced.channels ?? [] };
}
