// The port of the people who receive alerts: the subscriptions of the topic.

import type { Subscriber } from '../core/sent-to.ts';

/** A subscription of the alerts topic. */
export interface Recipient extends Subscriber {
  /** SNS sends nothing to a mail address until its owner has confirmed. */
  readonly isConfirmed: boolean;
}

/** Some thousands at most. Rejects with the SDK's error. */
export type ListRecipients = () => Promise<readonly Recipient[]>;
