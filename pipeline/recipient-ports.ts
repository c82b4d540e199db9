// The port of what is known of the people whom alerts go to: the subscriptions of the topic.

import type { Subscriber } from '../core/sent-to.ts';

/** A subscription of the topic that alerts go to. */
export interface Recipient extends Subscriber {
  /** Nothing is sent to a mail address before its owner has confirmed. */
  readonly isConfirmed: boolean;
}

/** Some thousands at most. Rejects with the SDK's error. */
export type ListRecipients = () => Promise<readonly Recipient[]>;
