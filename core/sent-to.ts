// To whom a notification went, as far as SNS says it: the confirmed subscriptions of its channels at that moment.

/** A confirmed subscription of the topic. */
export interface Subscriber {
  /** Its protocol, such as `email` or `sms`. */
  readonly channel: string;
  readonly address: string;
}

export interface SentTo {
  /** At most 50 of them, by channel. */
  readonly sentTo: readonly Subscriber[];
  /** How many more there were. */
  readonly sentToMore?: number;
}

/** An entry of the history stays small, however many subscribe. */
const MOST_NAMED = 50;

/** `confirmed`: all of the topic. Who subscribed with a filter of their own may have been left out by SNS. */
export function sentTo(
  { channels }: { readonly channels: readonly string[] },
  confirmed: readonly Subscriber[],
): SentTo {
  const reached = channels.flatMap((channel) => confirmed.filter((each) => each.channel === channel));
  const named = reached.slice(0, MOST_NAMED).map(({ channel, address }) => ({ channel, address }));
  const more = reached.length - named.length;
  return { sentTo: named, ...(more > 0 && { sentToMore: more }) };
}
