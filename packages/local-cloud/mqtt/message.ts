// A publish that passed its policy, as the broker hands it to the rules engine and to subscribers.

import type { Journal } from '../journal/journal.ts';

/** The principal of messages that the cloud itself publishes: events, answers, and what rules republish. */
export const OWN_PRINCIPAL = 'local-cloud';

export interface InboundMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** `n/a` where the message did not come over MQTT. */
  readonly clientId: string;
  /** Certificate ID (SHA-256 fingerprint, hex) of an MQTT client, or `OWN_PRINCIPAL`. */
  readonly principal: string;
  readonly sourceIp: string;
  /** Epoch milliseconds at which the broker took the message. */
  readonly receivedAt: number;
  /** UUID, unique per publish, what `traceid()` gives. */
  readonly traceId: string;
  /** What an MQTT 5 publisher said beside topic and payload. */
  readonly properties?: MessageProperties;
  /** Whether it is the last will of a client: services of reserved topics pass it over. */
  readonly isWill?: true;
}

/** Properties of an MQTT 5 PUBLISH that travel with the message; binary data as base64, so that JSON carries them. */
export interface MessageProperties {
  readonly payloadFormatIndicator?: boolean;
  /** Seconds from `receivedAt` after which nobody gets the message any more. */
  readonly messageExpiryInterval?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: string;
  /** Name and value in the order sent; names may repeat. */
  readonly userProperties?: readonly (readonly [string, string])[];
}

/** True once the publisher's message expiry interval has passed. */
export function isExpired(message: InboundMessage, now: number): boolean {
  const seconds = message.properties?.messageExpiryInterval;
  return seconds !== undefined && now >= message.receivedAt + seconds * 1000;
}

/** All but the payload, as JSON keeps it. Written out, because a copy of the rest of an object takes a call of the runtime. */
export const metaOf = (message: InboundMessage): Omit<InboundMessage, 'payload'> => ({
  topic: message.topic,
  qos: message.qos,
  retain: message.retain,
  clientId: message.clientId,
  principal: message.principal,
  sourceIp: message.sourceIp,
  receivedAt: message.receivedAt,
  traceId: message.traceId,
  ...(message.properties && { properties: message.properties }),
  ...(message.isWill && { isWill: message.isWill }),
});

/** A message as the journal keeps it: all but the payload in `meta`. */
export async function readMessage(journal: Journal, seq: number): Promise<InboundMessage | undefined> {
  const entry = await journal.read(seq);
  return entry && { ...(entry.meta as Omit<InboundMessage, 'payload'>), payload: entry.payload };
}
