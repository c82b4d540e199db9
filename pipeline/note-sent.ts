// Records in the history when SNS accepted a notification, and who was subscribed to its channels then.

import type { Notification } from '../core/alert-state.ts';
import type { DeliveryEvents } from './deliver-events.ts';
import type { AlertHistory } from './ports.ts';
import type { ListRecipients } from './recipient-ports.ts';

/** Never rejects: nothing waits for it. What cannot be read or written is reported, and is missing in the history. */
export type NoteSent = (
  sent: readonly Notification[],
  events: Pick<DeliveryEvents, 'onUnnoted' | 'onWithoutRecipients'>,
) => Promise<void>;

export function createNoteSent(options: {
  readonly history: Pick<AlertHistory, 'noteSent'>;
  readonly listRecipients: ListRecipients;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): NoteSent {
  const { history, listRecipients, now } = options;
  return async (sent, { onUnnoted, onWithoutRecipients }) => {
    const [first] = sent;
    if (!first) return;
    const at = now();
    const recipients = await listRecipients().catch((error: unknown) => {
      onWithoutRecipients?.(first, error);
      return undefined;
    });
    const confirmed = recipients?.filter(({ isConfirmed }) => isConfirmed);
    await history.noteSent(sent, at, confirmed).catch((error: unknown) => onUnnoted?.(first, error));
  };
}
