// What the journal knows of a QoS 1 message for a session: whose it is, and the group that shares it.

/** A delivery that must outlive this process until its receiver has acknowledged it. */
export interface PendingDelivery {
  /** The journal's number of the message. */
  readonly seq: number;
  /** Under which the journal has it. */
  readonly consumer: string;
  /** The filter of the shared subscription, `$share/...`: any member of its group may take the delivery. */
  readonly shared?: string;
}

const KIND = 'session:';

/** Session ids have no slash. */
export const consumerOf = (sessionId: string, shared?: string): string =>
  shared === undefined ? `${KIND}${sessionId}` : `${KIND}${sessionId}/${shared}`;

/** Undefined for a consumer that is not a session. */
export function readConsumer(consumer: string): { sessionId: string; shared?: string } | undefined {
  if (!consumer.startsWith(KIND)) return undefined;
  const rest = consumer.slice(KIND.length);
  const slash = rest.indexOf('/');
  return slash < 0 ? { sessionId: rest } : { sessionId: rest.slice(0, slash), shared: rest.slice(slash + 1) };
}
