// What time alone brings about for one device: windows that close, silence, reminders, and alarms that no rule judges.

import { judgeAbsence, presenceOf, type Presence } from '../core/absence.ts';
import {
  appliesTo,
  isLimitRule,
  windowsBefore,
  type AbsenceRule,
  type AlertRule,
  type LimitRule,
} from '../core/alert-rule.ts';
import { isSuspect, judge } from '../core/alert.ts';
import type { AlertState, Moment } from '../core/alert-state.ts';
import { isAlarm } from '../core/alert-step.ts';
import { SIGHTING_MS, type Device } from '../core/device.ts';
import { needsClosedWindows } from '../core/figure.ts';
import { end, remind } from '../core/reminder.ts';
import { windowStartOf, type Window } from '../core/window.ts';
import { rescheduled } from '../core/withholding.ts';
import type { AlertStore } from '../adapters/alert-store.ts';
import { createLookBack, type LookBack } from './look-back.ts';
import type { WindowStore } from '../adapters/window-store.ts';

export interface DeviceSweepParts {
  readonly rules: readonly AlertRule[];
  /** Ids of rules that cannot be read: their alerts stay as they are. */
  readonly kept: ReadonlySet<string>;
  readonly alerts: Pick<AlertStore, 'load' | 'transition'>;
  readonly windows: Pick<WindowStore, 'before'>;
  readonly windowSeconds: number;
  /** Nobody looked before; epoch milliseconds. */
  readonly watchedSince: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Writes what is decided, and gives the states that may owe something. Rejects with the SDK's error. */
export type SweepDevice = (device: Device, open: readonly AlertState[]) => Promise<AlertState[]>;

type Step = (state: AlertState | undefined, moment: Moment) => AlertState | undefined;
/** Steps go through windows: each attempt takes them anew. */
type BeginSteps = () => Step;

/** How long after its end a window counts as closed though no newer one has readings; readings may still come late. */
const CLOSES_AFTER_MS = 60_000;
/** The last window of a device that fell silent is looked at for so long, should a sweep fail. */
const LOOKS_BACK_MS = 900_000;
/** Windows that were closed in the last sweeps are judged once more: late readings may have changed them. */
const CLOSED_LATELY_MS = 120_000;

export function createDeviceSweep(parts: DeviceSweepParts): SweepDevice {
  const { rules, kept, alerts, windows, windowSeconds, watchedSince, now } = parts;
  const size = windowSeconds * 1000;
  const usual =
    Math.max(0, ...rules.filter(isLimitRule).map(windowsBefore)) + Math.ceil(CLOSED_LATELY_MS / size);

  /** Writes step after step; undefined when another writer was faster, and will see to it. */
  async function advance(
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

  /** When the device was last heard of; its windows are asked only where that can matter. */
  async function heardAt(
    { deviceId, lastSeenAt }: Device,
    longest: number,
    isOpen: boolean,
  ): Promise<number | undefined> {
    const age = now() - (lastSeenAt ?? NaN);
    // Of an alarm that stands only whether the device is back matters, and this one cannot be.
    if (isOpen ? age > longest + SIGHTING_MS : age <= longest) return lastSeenAt;
    const [newest] = await windows.before(deviceId, now() + size, 1);
    const reading = newest && Math.min(newest.lastReadingAt, now());
    const known = [lastSeenAt, reading].filter((time) => time !== undefined);
    return known.length > 0 ? Math.max(...known) : undefined;
  }

  /** What the rule makes of the device's state now; undefined when there is nothing to look at. */
  async function stepOf(
    rule: AlertRule,
    device: Device,
    standing: AlertState | undefined,
    lookBack: LookBack,
  ): Promise<BeginSteps | undefined> {
    if (!isLimitRule(rule)) return absenceStep(rule, device, standing !== undefined);
    return standing || needsClosedWindows(rule) ? limitStep(rule, device, standing, lookBack) : undefined;
  }

  async function absenceStep(
    rule: AbsenceRule,
    device: Device,
    isOpen: boolean,
  ): Promise<BeginSteps | undefined> {
    const heard = rule.absence === 'silent' ? await heardAt(device, rule.longest, isOpen) : undefined;
    const presence = presenceOf(rule, device, heard, { now: now(), watchedSince });
    const isGone = ({ lastAt }: Presence) => now() - lastAt > rule.longest;
    if (!presence || !(isOpen || isGone(presence))) return undefined;
    return () => (state, moment) => judgeAbsence(rule, state, device, presence, moment);
  }

  /** Judges the windows that time closed lately, one after the other. */
  async function limitStep(
    rule: LimitRule,
    device: Device,
    standing: AlertState | undefined,
    lookBack: LookBack,
  ): Promise<BeginSteps | undefined> {
    const { deviceId, lastSeenAt = -Infinity } = device;
    if (!standing && now() - lastSeenAt > size + LOOKS_BACK_MS) return undefined;
    // A window begins at a multiple of its size, so all rules of a device look from the same place.
    const start = windowStartOf(now() - CLOSES_AFTER_MS, windowSeconds);
    const isOpen = standing !== undefined && isAlarm(standing);
    const closed = await lookBack(rule, { deviceId, start, isAlarm: isOpen });
    const isNews = (window: Window) =>
      (rule.judgeLate || now() - window.windowStart < size + LOOKS_BACK_MS) &&
      (rule.perMinute || isSuspect(rule, window));
    const lately = closed.filter(
      ({ windowStart }, index) => windowStart >= start - CLOSED_LATELY_MS || index === closed.length - 1,
    );
    if (lately.length === 0 || !(standing || lately.some(isNews))) return undefined;
    return () => {
      let at = closed.length - lately.length;
      return (state, moment) => {
        for (; at < closed.length; at += 1) {
          const next = judge(rule, state, { closed: closed.slice(0, at + 1) }, moment);
          if (next !== undefined && next !== state && (at === closed.length - 1 || tells(state, next)))
            return next;
        }
        return state;
      };
    };
  }

  /** Whether the state would change, snoozed or not: only then is it worth a look at what is stored. */
  function wouldChange(rule: AlertRule, state: AlertState, begin: BeginSteps | undefined): boolean {
    const moment = { now: now() };
    return (begin?.()(state, moment) ?? state) !== state || remind(rule, state, moment) !== state;
  }

  /** What is left of a rule that was removed. */
  const ruleOf = (ruleId: string, state: AlertState): Pick<AlertRule, 'id' | 'channels' | 'quietHours'> =>
    rules.find(({ id }) => id === ruleId) ?? { id: ruleId, channels: state.alarm?.told.channels ?? [] };

  return async (device, open) => {
    const { deviceId } = device;
    const lookBack = createLookBack(windows, usual);
    let loading: ReturnType<AlertStore['load']> | undefined;
    const load = () => (loading ??= alerts.load(deviceId));
    const moment = async (): Promise<Moment> => {
      const { snooze } = await load();
      return { now: now(), ...(snooze && { snoozedUntil: snooze.until }) };
    };
    // What is open only because it owes something.
    const owing = new Map(open.map((state) => [state.ruleId, state]));
    const standing = new Map(
      open.filter(({ state }) => state !== 'ok').map((state) => [state.ruleId, state]),
    );
    const settle = (ruleId: string, state: AlertState | undefined) =>
      state ? owing.set(ruleId, state) : owing.delete(ruleId);

    for (const rule of rules.filter((each) => appliesTo(each, device, now()))) {
      const known = standing.get(rule.id);
      standing.delete(rule.id);
      const begin = await stepOf(rule, device, known, lookBack);
      if (known ? !wouldChange(rule, known, begin) : !begin) continue;
      const [{ states }, at] = [await load(), await moment()];
      const step = begin?.();
      const judged = await advance(states.get(rule.id), (state) => (step ? step(state, at) : state));
      settle(rule.id, judged && (await advance(judged, (state) => state && remind(rule, state, at))));
    }
    for (const [ruleId, state] of standing) {
      if (kept.has(ruleId)) continue;
      const at = await moment();
      settle(ruleId, await advance(state, (current) => current && end(ruleOf(ruleId, current), current, at)));
    }
    for (const [ruleId, state] of owing) {
      if (kept.has(ruleId) || state.pending.every(({ notBefore }) => notBefore === undefined)) continue;
      const at = await moment();
      settle(
        ruleId,
        await advance(state, (current) => current && rescheduled(ruleOf(ruleId, current), current, at)),
      );
    }
    return [...owing.values()];
  };
}

/** Whether people are told of something, or it would be told but for quiet hours; not of a beginning of a row of windows. */
function tells(before: AlertState | undefined, after: AlertState): boolean {
  return after.unfiled.length > (before?.unfiled.length ?? 0);
}
