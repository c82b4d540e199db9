// What the journal knows of a QoS 1 message for a session: whose it is, and the group that shares it.

/** A message that must outlive this process until its receiver has acknowledged it. */
export interface Debt {
  /** The journal's number of the message. */
  readonly seq: number;
  /** Under which the journal has it. */
  readonly consumer: string;
  /** The filter of the shared subscription, `$share/...`, whose group any member may pay it to. */
  readonly shared?: string;
}

const kind = 'session:';

/** Session ids have no slash. */
export const consumerOf = (sessionId: string, shared?: string): string =>
  shared === undefined ? `${kind}${sessionId}` : `${kind}${sessionId}/${shared}`;

/** Undefined for what is no debt to a session. */
export function readConsumer(consumer: string): { sessionId: string; shared?: string } | undefined {
  if (!consumer.startsWith(kind)) return undefined;
  const rest = consumer.slice(kind.length);
  const slash = rest.indexOf('/');
  return slash < 0 ? { sessionId: rest } : { sessionId: rest.slice(0, slash), shared: rest.slice(slash + 1) };
}
