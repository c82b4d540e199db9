// What a session sends, and the connection as the session sees it.

import type { InboundMessage } from './message.ts';

export interface Delivery {
  readonly message: InboundMessage;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly dup: boolean;
  /** With QoS 1 only. */
  readonly messageId?: number;
}

/** The connection, as its session sees it. */
export interface Link {
  /** Most QoS 1 messages that may wait for the client's acknowledgement. */
  readonly window: number;
  /** False while so many bytes wait in the socket. */
  isWritable(bytes: number): boolean;
  /** @returns bytes that went into the socket; 0 when the message is larger than the client takes. */
  send(delivery: Delivery): number;
  /** The client reads or acknowledges too slowly for what it subscribed to. */
  overflow(reason: string): void;
}
