// Looks after alerts that no message may come for: debts of a crash or an outage, and alarms of devices that went silent.

import { appliesTo, windowsBefore, type AlertRule } from '../core/alert-rule.ts';
import { judge, type AlertState } from '../core/alert.ts';
import type { AlertStore, OpenAlerts } from './alert-store.ts';
import { inParallel } from './in-parallel.ts';
import type { Pay } from './paying.ts';
import type { WindowStore } from './window-store.ts';

/**
 * Judges every open alarm by its device's closed windows and sends what is owed. Goes on with the others when one fails,
 * and rejects at the end with the first error: a repeat is safe. Calls `onSent` after each notification that was sent.
 */
export type Sweep = (payer: string, onSent?: () => void) => Promise<void>;

/** How long after its end a window counts as closed though no newer one has readings; readings may still come late. */
const CLOSES_AFTER_MS = 60_000;
const CALLS_AT_ONCE = 16;

export function createSweeping(options: {
  readonly rules: () => Promise<readonly AlertRule[]>;
  readonly alerts: AlertStore & OpenAlerts;
  readonly windows: Pick<WindowStore, 'before'>;
  readonly pay: Pay;
  readonly windowSeconds: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Sweep {
  const { rules, alerts, windows, pay, windowSeconds, now } = options;

  /** The state after the windows that are closed by now; undefined when another writer was faster and will see to it. */
  async function judgeClosed(rule: AlertRule, open: AlertState): Promise<AlertState | undefined> {
    const end = now() - windowSeconds * 1000 - CLOSES_AFTER_MS + 1;
    const closed = await windows.before(open.deviceId, end, windowsBefore(rule));
    const newest = closed.at(-1);
    if (!newest || !appliesTo(rule, newest)) return open;
    let state = open;
    for (;;) {
      const judgement = judge(rule, state, { closed }, now());
      if (!judgement.notification) return state;
      if (!(await alerts.transition(state, judgement.state))) return undefined;
      state = judgement.state;
    }
  }

  return async (payer, onSent) => {
    const byId = new Map((await rules()).map((rule) => [rule.id, rule]));
    const errors: unknown[] = [];
    const open: AlertState[] = [];
    for await (const state of alerts.listOpen()) open.push(state);
    await inParallel(open, CALLS_AT_ONCE, async (state) => {
      try {
        const rule = byId.get(state.ruleId);
        const judged = rule && state.state !== 'ok' ? await judgeClosed(rule, state) : state;
        if (judged) await pay(judged, payer, onSent);
      } catch (error) {
        errors.push(error);
      }
    });
    if (errors.length > 0) throw errors[0];
  };
}
