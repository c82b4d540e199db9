// Reads the last windows before a notification when it is sent, so that they need not be stored in the outbox.

import type { Notification } from '../core/alert-state.ts';
import { hasValues, MAX_VALUES } from '../core/recent-values.ts';
import type { Window } from '../core/window.ts';
import type { DeliveryEvents } from './deliver-events.ts';
import type { WindowStore } from './ports.ts';

/**
 * Oldest first, up to the window that decided; for a reminder, up to now. None if no statistic was judged. Never
 * rejects: a notification without its last values is better than none, and `onWithoutWindows` gets the error.
 */
export type RecentWindows = (
  notification: Notification,
  events: Pick<DeliveryEvents, 'onWithoutWindows'>,
) => Promise<readonly Window[]>;

export function createRecentWindows(parts: {
  readonly windows: Pick<WindowStore, 'before'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): RecentWindows {
  const { windows, now } = parts;
  return async (notification, { onWithoutWindows }) => {
    if (!hasValues(notification)) return [];
    const { deviceId, transition, windowStart } = notification;
    const isReminder = transition === 'repeated' || transition === 'escalated';
    const before = Math.max(windowStart, isReminder ? now() : 0) + 1;
    try {
      return await windows.before(deviceId, before, MAX_VALUES);
    } catch (error) {
      onWithoutWindows?.(notification, error);
      return [];
    }
  };
}
