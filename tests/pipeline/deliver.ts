// Outbox over the tables of a test, with a list instead of SNS.

import { createAlertHistory } from '../../adapters/alert-history.ts';
import { createOutbox, type Outbox } from '../../pipeline/deliver.ts';
import type { Notification } from '../../core/alert-state.ts';
import type { Digest } from '../../core/digest.ts';
import type { Tables } from '../adapters/tables.ts';
import type { AlertStore } from '../../pipeline/ports.ts';

/** `notify` takes each notification, those of a digest too; `admit`: whether one more may be sent on its own. */
export function payingOf(
  tables: Pick<Tables, 'client'>,
  parts: {
    readonly alerts: Pick<AlertStore, 'load' | 'transition'>;
    readonly notify: (notification: Notification) => Promise<void>;
    readonly notifyAll?: (notifications: readonly Notification[]) => Promise<void>;
    readonly admit?: () => Promise<boolean>;
    readonly now: () => number;
  },
): Outbox {
  const { alerts, notify, admit = async () => true, now } = parts;
  const history = createAlertHistory({ client: tables.client, table: 'history', retentionDays: 30 });
  const { notifyAll = async (all) => void (await Promise.all(all.map(notify))) } = parts;
  const notifier = {
    notify: async (notification: Notification) => (await notify(notification), undefined),
    notifyAll: async ({ notifications }: Digest) => (await notifyAll(notifications), undefined),
  };
  const rateLimit = { admit, isFull: () => false };
  const windows = { before: async () => [] };
  const listRecipients = async () => [];
  return createOutbox({ alerts, history, notifier, listRecipients, rateLimit, windows, now });
}
