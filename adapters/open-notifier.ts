// Opens what sends alerts, and what lists to whom, with the SNS client that both need.

import type { TextSettings } from '../core/notification.ts';
import { createNotifier } from './notifier.ts';
import { createListRecipients } from './recipients.ts';
import { openSns } from './sns-client.ts';

export function openNotifier(topicArn: string, settings: TextSettings) {
  const client = openSns();
  return {
    notifier: createNotifier({ client, topicArn, settings }),
    listRecipients: createListRecipients({ client, topicArn }),
  };
}
