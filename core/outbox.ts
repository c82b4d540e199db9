// A notification is written down before it is sent; these steps see to it that it is sent, and by one sender at a time.

import type { AlertState, Debt, Notification } from './alert.ts';

/** Longer than any sender takes; after it, a sender that has said nothing has crashed. */
const HOLD_MS = 60_000;

/** Whether `payer` may send some notification of this state now: nobody holds it, or a run of its own that failed. */
export function isPayable(state: AlertState, payer: string, now: number): boolean {
  return state.pending.some((debt) => mayPay(debt, payer, now));
}

/** Takes every free debt for `payer`; to be written, on condition of the version, before anything is sent. */
export function claim(state: AlertState, payer: string, now: number): AlertState {
  return {
    ...state,
    version: state.version + 1,
    pending: state.pending.map((debt) =>
      mayPay(debt, payer, now) ? { ...debt, payer, heldUntil: now + HOLD_MS } : debt,
    ),
  };
}

/** What `payer` holds, oldest first. */
export function heldBy(state: AlertState, payer: string): Notification[] {
  return state.pending.filter((debt) => debt.payer === payer).map((debt) => debt.notification);
}

/** The state once a notification is known to be sent; undefined when it was not owed any more. */
export function settled(state: AlertState, alertId: string): AlertState | undefined {
  const pending = state.pending.filter((debt) => debt.notification.alertId !== alertId);
  return pending.length < state.pending.length
    ? { ...state, version: state.version + 1, pending }
    : undefined;
}

/** The state once `payer` knows that it could not send, so that the next to come may try at once. */
export function released(state: AlertState, payer: string): AlertState | undefined {
  if (!state.pending.some((debt) => debt.payer === payer)) return undefined;
  const pending = state.pending.map((debt) =>
    debt.payer === payer ? { ...debt, payer: '', heldUntil: 0 } : debt,
  );
  return { ...state, version: state.version + 1, pending };
}

function mayPay(debt: Debt, payer: string, now: number): boolean {
  // A hold that is longer than any can be was taken before the clock stepped back.
  return debt.payer === payer || debt.heldUntil <= now || debt.heldUntil > now + HOLD_MS;
}
