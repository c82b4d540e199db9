// Lists the recipients of alerts: the subscriptions of the topic.

import { ListSubscriptionsByTopicCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { ListRecipients, Recipient } from '../pipeline/recipient-ports.ts';

/** Of 100 subscriptions each. */
const MAX_PAGES = 20;

export function createListRecipients({
  client,
  topicArn: TopicArn,
}: {
  readonly client: Pick<SNSClient, 'send'>;
  readonly topicArn: string;
}): ListRecipients {
  return async () => {
    const recipients: Recipient[] = [];
    let NextToken: string | undefined;
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = await client.send(new ListSubscriptionsByTopicCommand({ TopicArn, NextToken }));
      for (const { Protocol = '', Endpoint = '', SubscriptionArn = '' } of page.Subscriptions ?? [])
        recipients.push({
          ...{ channel: Protocol, address: Endpoint },
          isConfirmed: SubscriptionArn.startsWith('arn:'), // else `PendingConfirmation`
        });
      NextToken = page.NextToken;
      if (NextToken === undefined) break;
    }
    return recipients;
  };
}
