// Takes judgements to the people concerned: every transition is written with the notification it owes, then sent, then cleared.

import { judge, type AlertRule, type AlertState } from '../core/alert.ts';
import { claim, heldBy, isPayable, released, settled } from '../core/outbox.ts';
import type { Window } from '../core/window.ts';
import type { AlertStore } from './alert-store.ts';
import { inParallel } from './in-parallel.ts';
import type { Notify } from './notifier.ts';
import { createRecent } from './recent.ts';
import type { WindowStore } from './window-store.ts';

/**
 * Judges windows of one device and sends what is owed, by these windows or by a run before that failed. `payer` names
 * the event, so that a repeat of it goes on at once where it stopped. Rejects when a notification could not be sent,
 * after everything was judged and written down: a repeat of the event pays. Calls `onSent` after each that was sent.
 */
export type JudgeWindows = (windows: readonly Window[], payer: string, onSent?: () => void) => Promise<void>;

const MAX_CALM_DEVICES = 10_000;

export function createAlerting(options: {
  readonly rules: readonly AlertRule[];
  readonly alerts: AlertStore;
  readonly windows: Pick<WindowStore, 'closedBefore'>;
  readonly notify: Notify;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /**
   * Milliseconds for which a device that was read to be calm (no alarm, nothing owed) is taken for calm while no limit is
   * breached; 0 reads every time. An alarm that another environment raised meanwhile is cleared that much later at most,
   * by the device's first message after it, and not at all later if this is no longer than a window: a clear needs a
   * closed window after the alarm's. It must be shorter than the minute after which Lambda repeats a failed event, so that
   * the repeat reads what the event still owes.
   */
  readonly calmFor: number;
}): JudgeWindows {
  const { rules, alerts, windows, notify, now, calmFor } = options;
  /** When devices were read to be calm. */
  const calm = createRecent<number>(MAX_CALM_DEVICES);

  function isKnownCalm(deviceId: string): boolean {
    const age = now() - (calm.get(deviceId) ?? -Infinity);
    return age >= 0 && age < calmFor; // negative once the clock stepped back
  }

  /** Whether a window would raise an alarm of a device that has none. */
  function isBreached(window: Window): boolean {
    return rules.some((rule) => judge(rule, undefined, window, undefined, now()).notification);
  }

  async function reload(state: Pick<AlertState, 'deviceId' | 'ruleId'>): Promise<AlertState | undefined> {
    return (await alerts.load(state.deviceId)).get(state.ruleId);
  }

  /** Writes a change of the state, whatever others write meanwhile; gives what then is stored. */
  async function write(
    from: AlertState,
    change: (state: AlertState) => AlertState | undefined,
  ): Promise<AlertState | undefined> {
    let state: AlertState | undefined = from;
    while (state) {
      const next = change(state);
      if (!next) return state;
      if (await alerts.transition(state, next)) return next;
      state = await reload(from);
    }
    return undefined;
  }

  async function judgeWindow(
    rule: AlertRule,
    from: AlertState | undefined,
    window: Window,
  ): Promise<AlertState | undefined> {
    const { deviceId, windowStart } = window;
    let state = from;
    for (;;) {
      const mayClear = state?.state === 'alarm' && windowStart > state.windowStart;
      const closed = mayClear
        ? await windows.closedBefore(deviceId, windowStart, state!.windowStart)
        : undefined;
      const judgement = judge(rule, state, window, closed, now());
      if (!judgement.notification) return state;
      const written: boolean = await alerts.transition(state, judgement.state);
      state = written ? judgement.state : await reload({ deviceId, ruleId: rule.id });
    }
  }

  async function pay(owing: AlertState, payer: string, onSent?: () => void): Promise<void> {
    let state: AlertState | undefined = owing;
    for (const notification of heldBy(owing, payer)) {
      try {
        await notify(notification);
      } catch (error) {
        if (state) await write(state, (current) => released(current, payer));
        throw error;
      }
      onSent?.();
      state = state && (await write(state, (current) => settled(current, notification.alertId)));
    }
  }

  return async (changed, payer, onSent) => {
    const [first] = changed;
    if (!first) return;
    const { deviceId } = first;
    const breached = changed.some(isBreached);
    if (!breached && isKnownCalm(deviceId)) return;
    const readAt = now();
    const states = await alerts.load(deviceId);
    if (!breached && [...states.values()].every(isCalm)) {
      calm.set(deviceId, readAt);
      return;
    }
    calm.delete(deviceId);
    const inOrder = [...changed].sort((a, b) => a.windowStart - b.windowStart || a.readings - b.readings);
    for (const rule of rules) {
      let state = states.get(rule.id);
      for (const window of inOrder) state = await judgeWindow(rule, state, window);
      if (state) states.set(rule.id, state);
    }
    await inParallel([...states.values()], 1, async (state) => {
      if (!isPayable(state, payer, now())) return;
      const held = await write(state, (current) =>
        isPayable(current, payer, now()) ? claim(current, payer, now()) : undefined,
      );
      if (held) await pay(held, payer, onSent);
    });
  };
}

const isCalm = ({ state, pending }: AlertState) => state === 'ok' && pending.length === 0;
