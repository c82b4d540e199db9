// Who a notification was sent to, as far as SNS knows: the confirmed subscriptions of its channels at that moment.

/** A confirmed subscription of the topic. */
export interface Subscriber {
  /** Its protocol, such as `email` or `sms`. */
  readonly channel: string;
  readonly address: string;
}

export interface SentTo {
  /** At most 50 of them, by channel. */
  readonly sentTo: readonly Subscriber[];
  /** How many more there were, beyond those in `sentTo`. */
  readonly sentToMore?: number;
}

/** Keeps a history entry small, however many subscribers there are. */
const MOST_NAMED = 50;

/** `confirmed`: all confirmed subscriptions of the topic. SNS may have left out those with a filter of their own. */
export function sentTo(
  { channels }: { readonly channels: readonly string[] },
  confirmed: readonly Subscriber[],
): SentTo {
  const reached = channels.flatMap((channel) => confirmed.filter((each) => each.channel === channel));
  const named = reached.slice(0, MOST_NAMED).map(({ channel, address }) => ({ channel, address }));
  const more = reached.length - named.length;
  return { sentTo: named, ...(more > 0 && { sentToMore: more }) };
}
