// What happens while notifications are sent, and how the functions that send count it.

import type { HistoryEntry, Notification } from '../core/alert-state.ts';
import type { Counting } from './ports.ts';

export interface DeliveryEvents {
  /** Called after each notification, and each digest, that was sent. */
  readonly onSent?: () => void;
  /** Called with each `delivery-failed` of the history: SNS refused a notification, for the first time or finally. */
  readonly onFailed?: (entry: HistoryEntry) => void;
  /** Called when the last windows could not be read: the notification is sent without them. */
  readonly onWithoutWindows?: (notification: Notification, error: unknown) => void;
  /** Called when the time at which SNS accepted a notification could not be written to the history. */
  readonly onUnnoted?: (notification: Notification, error: unknown) => void;
  /** Called when the subscriptions could not be listed: the history does not say who received the notification. */
  readonly onWithoutRecipients?: (notification: Notification, error: unknown) => void;
}

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
    onWithoutRecipients({ deviceId, ruleId }, error) {
      const reason = error instanceof Error ? error.message : String(error);
      counting.warn('Notification sent, but the history does not say to whom', { deviceId, ruleId, reason });
    },
  };
}

/** The same for judging windows: stored states that cannot be read are counted and named too. */
export function countJudging(counting: Counting): DeliveryEvents & { onUnreadable(error: Error): void } {
  return {
    ...countDeliveries(counting),
    onUnreadable({ message }) {
      counting.count('AlertStatesUnreadable', 1);
      counting.warn('Alert not judged', { reason: message });
    },
  };
}
