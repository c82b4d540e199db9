// Judges changed windows: each transition is written together with its notification, which is then sent and cleared.

import {
  appliesTo,
  isLimitRule,
  needsRegistry,
  windowsBefore,
  type AlertRule,
  type LimitRule,
} from '../core/alert-rule.ts';
import { isSuspect } from '../core/alert.ts';
import type { AlertState, Moment } from '../core/alert-state.ts';
import type { Device } from '../core/device.ts';
import { needsClosedWindows } from '../core/statistic.ts';
import { inParallel } from '../core/in-parallel.ts';
import { createRecent } from '../core/recent.ts';
import { unitsOf, type Units } from '../core/unit.ts';
import type { Window } from '../core/window.ts';
import type { DeliveryEvents } from './deliver-events.ts';
import type { Outbox } from './deliver.ts';
import { createEarlierWindows, type EarlierWindows } from './earlier-windows.ts';
import { createJudgeNewer, createJudgeWindow, type JudgePorts } from './judge-window.ts';
import type { AlertStore, Snooze, WindowStore } from './ports.ts';

/**
 * Judges windows of one device and sends the pending notifications, of these windows and of an earlier run that failed.
 * `sender` names the event. Rejects when a rule could not be judged or a notification could not be sent, after
 * everything else was judged and written: a retry of the event sends what is pending, at once, or a minute later if this
 * run was killed.
 */
export type JudgeWindows = (
  windows: readonly Window[],
  sender: string,
  options?: DeliveryEvents & {
    /** Called for each stored state that cannot be read: its rule does not judge the device until the state is repaired. */
    readonly onUnreadable?: (error: Error) => void;
    /** The windows that arrived late, which only rules with `judgeLate` judge. */
    readonly late?: ReadonlySet<Window>;
    /** From the messages of these windows. */
    readonly units?: Units | undefined;
  },
) => Promise<void>;

const MAX_CALM_DEVICES = 10_000;

/** Devices that were read as calm a short while ago. */
function createCalmDevices(now: () => number, calmFor: number) {
  /** When they were last read. */
  const calm = createRecent<number>(MAX_CALM_DEVICES);
  return {
    has(deviceId: string): boolean {
      const age = now() - (calm.get(deviceId) ?? -Infinity);
      return age >= 0 && age < calmFor; // negative once the clock stepped back
    },
    add: (deviceId: string, readAt: number) => calm.set(deviceId, readAt),
    delete: (deviceId: string) => calm.delete(deviceId),
  };
}

const momentOf = (known: Device | undefined, snooze: Snooze | undefined, units: Units | undefined) => ({
  ...(snooze && { snoozedUntil: snooze.until }),
  units: unitsOf({ ...known, units: { ...known?.units, ...units } }),
  ...(known?.timeZone !== undefined && { timeZone: known.timeZone }),
});

/** @returns a function that judges one rule on windows in their order, and keeps its state in `states` */
function createJudgeRule(ports: JudgePorts) {
  const judgeWindow = createJudgeWindow(ports);
  const judgeNewer = createJudgeNewer(ports);
  return async (
    rule: LimitRule,
    windows: readonly Window[],
    states: Map<string, AlertState>,
    options: {
      readonly earlierWindows: EarlierWindows;
      readonly isClosed: (window: Window) => boolean;
      readonly moment: Omit<Moment, 'now'>;
    },
  ): Promise<void> => {
    const { earlierWindows, isClosed, moment } = options;
    for (const window of windows) {
      const view = { earlierWindows, isClosed: isClosed(window), moment };
      const state = await judgeWindow(rule, states.get(rule.id), window, view);
      if (state) states.set(rule.id, state);
    }
    const judged = await judgeNewer(rule, states.get(rule.id), moment);
    if (judged) states.set(rule.id, judged);
  };
}

/** The newest window of each device that was judged, for rules that wait for windows to close. */
function createNewestWindows() {
  const newest = createRecent<number>(MAX_CALM_DEVICES);
  return {
    /** When the newest of these windows, or of those judged before, starts. */
    startWith: (deviceId: string, windows: readonly Window[]) =>
      Math.max(newest.get(deviceId) ?? 0, ...windows.map(({ windowStart }) => windowStart)),
    /** Whether this environment sees the window for the first time; a new window closes the one before it. */
    isNew: ({ deviceId, windowStart }: Window) => windowStart > (newest.get(deviceId) ?? -Infinity),
    set: (deviceId: string, windowStart: number) => newest.set(deviceId, windowStart),
  };
}

/** How rules see the changed windows of a device, of which the newest starts at `newestStart`. */
function viewOf(newestStart: number, late: ReadonlySet<Window>) {
  const isJudged = (rule: LimitRule, window: Window) => rule.judgeLate || !late.has(window);
  const isClosed = (window: Window) => late.has(window) || window.windowStart < newestStart;
  /** Whether the window may breach the rule's limit. */
  const mayBreach = (rule: LimitRule, window: Window) =>
    isJudged(rule, window) && (isSuspect(rule, window) || (rule.perMinute && isClosed(window)));
  return { isJudged, isClosed, mayBreach };
}

interface AlertingOptions {
  readonly rules: () => Promise<readonly AlertRule[]>;
  readonly alerts: Pick<AlertStore, 'load' | 'transition'>;
  /** The registry's data about a device. */
  readonly device: (deviceId: string) => Promise<Device | undefined>;
  readonly windows: Pick<WindowStore, 'before'>;
  readonly outbox: Pick<Outbox, 'deliver' | 'record'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /**
   * Milliseconds for which a device that was read as calm (no alarm, nothing pending) counts as calm while no limit is
   * breached; 0 reads every time. An alarm that another environment raised meanwhile clears that much later at most,
   * with the device's first message after it. If this is at most one window, it clears no later at all: a clear needs a
   * closed window after the alarm's. It must be shorter than the minute after which Lambda retries a failed event, so
   * that the retry reads what the event left pending.
   */
  readonly calmFor: number;
}

async function rulesFor(
  { rules: readRules, device, now }: AlertingOptions,
  { deviceId, site }: Window,
): Promise<LimitRule[]> {
  const rules = (await readRules()).filter(isLimitRule);
  const known = rules.some(needsRegistry) ? await device(deviceId) : undefined;
  return rules.filter((rule) => appliesTo(rule, { ...known, deviceId, site }, now()));
}

/** Judges each rule on the windows of a device, and gives the errors of those that could not be judged. */
function createJudgeRules(options: AlertingOptions) {
  const judgeRule = createJudgeRule(options);
  return async (
    rules: readonly LimitRule[],
    changed: readonly Window[],
    states: Map<string, AlertState>,
    view: Pick<ReturnType<typeof viewOf>, 'isJudged' | 'isClosed'> & { readonly moment: Omit<Moment, 'now'> },
  ): Promise<unknown[]> => {
    const inOrder = [...changed].sort((a, b) => a.windowStart - b.windowStart || a.readings - b.readings);
    const most = Math.max(1, ...rules.map(windowsBefore));
    const earlierWindows = createEarlierWindows(options.windows, most);
    const faults: unknown[] = [];
    for (const rule of rules) {
      try {
        const judged = inOrder.filter((window) => view.isJudged(rule, window));
        await judgeRule(rule, judged, states, { ...view, earlierWindows });
      } catch (error) {
        faults.push(error); // the other rules are judged, and their notifications sent
      }
    }
    return faults;
  };
}

export function createAlerting(options: AlertingOptions): JudgeWindows {
  const { alerts, device, outbox, now, calmFor } = options;
  const calm = createCalmDevices(now, calmFor);
  const newest = createNewestWindows();
  const judgeRules = createJudgeRules(options);

  return async (changed, sender, { onUnreadable, late = new Set<Window>(), units, ...events } = {}) => {
    const [first] = changed;
    if (!first) return;
    const { deviceId } = first;
    const rules = await rulesFor(options, first);
    const view = viewOf(newest.startWith(deviceId, changed), late);
    const isBreached = changed.some((window) => rules.some((rule) => view.mayBreach(rule, window)));
    const closes = rules.some(needsClosedWindows) && changed.some(newest.isNew);
    if (!isBreached && !closes && calm.has(deviceId)) return;
    const readAt = now();
    const { states, snooze, unreadable = new Map<string, Error>() } = await alerts.load(deviceId);
    for (const error of unreadable.values()) onUnreadable?.(error);
    if (!isBreached && !closes && [...states.values()].every(isCalm)) {
      calm.add(deviceId, readAt);
      return;
    }
    calm.delete(deviceId);
    const moment = momentOf(await device(deviceId), snooze, units);
    const readable = rules.filter(({ id }) => !unreadable.has(id));
    const faults = await judgeRules(readable, changed, states, { ...view, moment });
    if (closes && faults.length === 0)
      newest.set(deviceId, Math.max(...changed.map(({ windowStart }) => windowStart)));
    await inParallel([...states.values()], 1, (state) => outbox.deliver(state, sender, events)).catch(
      (error: unknown) => faults.push(error),
    );
    if (faults.length > 0) throw faults[0];
  };
}

const isCalm = ({ state, pending, unrecorded, newerUnjudged }: AlertState) =>
  state === 'ok' && pending.length === 0 && unrecorded.length === 0 && !newerUnjudged;
