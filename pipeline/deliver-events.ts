// What happens while notifications are sent, and how the functions that send count it.

import type { HistoryEntry, Notification } from '../core/alert-state.ts';
import type { Counting } from './ports.ts';

export interface DeliveryEvents {
  /** Called after each notification, and each digest, that was sent. */
  readonly onSent?: () => void;
  /** Called with each `delivery-failed` of the history: SNS refused a notification, the first time or for good. */
  readonly onFailed?: (entry: HistoryEntry) => void;
  /** Called where the last windows could not be read: the notification goes out without them. */
  readonly onWithoutWindows?: (notification: Notification, error: unknown) => void;
  /** Called where the history could not be told when SNS took a notification. */
  readonly onUnnoted?: (notification: Notification, error: unknown) => void;
  /** Called where the subscriptions could not be listed: the history does not say to whom the notification went. */
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
