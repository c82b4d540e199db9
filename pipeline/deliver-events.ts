// Counts what was sent, and what SNS refused, for the functions that send.

import type { DeliveryEvents } from './deliver.ts';
import type { Counting } from './ports.ts';

export function countDeliveries(counting: Counting): DeliveryEvents {
  return {
    onSent: () => counting.count('AlertsSent', 1),
    onFailed({ deviceId, ruleId, reason = '' }) {
      counting.count('NotificationsFailed', 1);
      counting.warn('Notification not delivered', { deviceId, ruleId, reason });
    },
    onWithoutWindows({ deviceId, ruleId }, error) {
      const reason = error instanceof Error ? error.message : String(error);
      counting.warn('Notification sent without the last values', { deviceId, ruleId, reason });
    },
    onUnnoted({ deviceId, ruleId }, error) {
      const reason = error instanceof Error ? error.message : String(error);
      counting.warn('Notification sent, but the history does not say when', { deviceId, ruleId, reason });
    },
  };
}

/** The same where windows are judged: a stored state that cannot be read is counted and named, too. */
export function countJudging(counting: Counting): DeliveryEvents & { onUnreadable(error: Error): void } {
  return {
    ...countDeliveries(counting),
    onUnreadable({ message }) {
      counting.count('AlertStatesUnreadable', 1);
      counting.warn('Alert not judged', { reason: message });
    },
  };
}
