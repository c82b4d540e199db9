// Judges one rule on one window of a device, and writes each step, whatever others write meanwhile.

import { type LimitRule } from '../core/alert-rule.ts';
import { judge, type Recent } from '../core/alert.ts';
import type { AlertState, Moment } from '../core/alert-state.ts';
import { isAlarm, withNewerJudged } from '../core/alert-step.ts';
import { needsClosedWindows } from '../core/statistic.ts';
import type { Window } from '../core/window.ts';
import type { Outbox } from './deliver.ts';
import type { EarlierWindows } from './earlier-windows.ts';
import { stepsSince } from './newer-windows.ts';
import type { AlertStore, WindowStore } from './ports.ts';

export interface JudgePorts {
  readonly alerts: Pick<AlertStore, 'load' | 'transition'>;
  readonly windows: Pick<WindowStore, 'before'>;
  readonly outbox: Pick<Outbox, 'record'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** History entries are written once so many have gathered: an event may have hundreds. */
const RECORDED_BETWEEN = 20;

async function reload(
  { alerts }: Pick<JudgePorts, 'alerts'>,
  deviceId: string,
  ruleId: string,
): Promise<AlertState | undefined> {
  const { states, unreadable } = await alerts.load(deviceId);
  const fault = unreadable?.get(ruleId);
  if (fault) throw fault;
  return states.get(ruleId);
}

/** Judges a rule on one window. */
export function createJudgeWindow({ alerts, outbox, now }: Omit<JudgePorts, 'windows'>) {
  return async function judgeWindow(
    rule: LimitRule,
    from: AlertState | undefined,
    current: Window,
    options: {
      readonly earlierWindows: EarlierWindows;
      readonly isClosed: boolean;
      readonly moment: Omit<Moment, 'now'>;
    },
  ): Promise<AlertState | undefined> {
    const { earlierWindows, isClosed, moment } = options;
    const { deviceId, windowStart: start } = current;
    const looksBack = (rule.forWindows ?? 1) > 1 || needsClosedWindows(rule);
    let state = from;
    // The window before may have been the newest of an earlier event, and open then: it is judged first.
    const views: readonly ((before: readonly Window[]) => Recent)[] = isClosed
      ? [(closed) => ({ closed }), (before) => ({ closed: [...before, current] })]
      : [(closed) => ({ closed, current })];
    for (const view of views) {
      for (;;) {
        const isOpen = state !== undefined && isAlarm(state);
        const before =
          looksBack || isOpen
            ? await earlierWindows(rule, { deviceId, start, current, isAlarm: isOpen })
            : [];
        const next = judge(rule, state, view(before), { ...moment, now: now() });
        if (next === undefined || next === state) break;
        const written: boolean = await alerts.transition(state, next);
        state = written ? next : await reload({ alerts }, deviceId, rule.id);
        if (state && state.unrecorded.length >= RECORDED_BETWEEN) state = await outbox.record(state);
      }
    }
    return state;
  };
}

/** Judges the windows newer than the one that improved the state, again if another writer was faster. */
export function createJudgeNewer({ alerts, windows, outbox, now }: JudgePorts) {
  return async function judgeNewer(
    rule: LimitRule,
    from: AlertState | undefined,
    moment: Omit<Moment, 'now'>,
  ): Promise<AlertState | undefined> {
    let state = from;
    while (state?.newerUnjudged) {
      const step = await stepsSince(rule, state, windows);
      for (;;) {
        const next = step(state, { ...moment, now: now() });
        const isLast = next === undefined || next === state;
        const written: AlertState = isLast ? withNewerJudged(state) : next;
        if (!(await alerts.transition(state, written))) {
          state = await reload({ alerts }, written.deviceId, rule.id);
          break;
        }
        state = written.unrecorded.length >= RECORDED_BETWEEN ? await outbox.record(written) : written;
        if (isLast || !state) return state;
      }
    }
    return state;
  };
}
