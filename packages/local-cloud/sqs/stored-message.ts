// The types of queues: stored messages, receives and their results, and the operations of a queue.

import type { Draft } from './message.ts';
import type { QueueSpec } from './queue-spec.ts';

/** As it is stored; it never changes. Times in epoch milliseconds. */
export interface StoredMessage extends Draft {
  readonly id: string;
  readonly sentAt: number;
  /** Of a message in a dead-letter queue: ARN of the queue in which it was received too often. */
  readonly source?: string;
}

/** The receives of a message; stored beside it, so that a receipt survives a restart. */
export interface Delivery {
  readonly receives: number;
  readonly firstAt: number;
  /** Of the last receive; empty before. */
  readonly receipt: string;
  readonly visibleAt: number;
}

export interface Received extends StoredMessage {
  readonly receipt: string;
  readonly receives: number;
  readonly firstAt: number;
}

export interface Receive {
  /** At most so many. */
  readonly most: number;
  readonly visibilityMs: number;
  /** Milliseconds to wait for a message; one that becomes visible ends the wait. */
  readonly waitMs?: number;
  /** Whether one more message fits; otherwise it stays in the queue. */
  readonly fits?: (message: StoredMessage) => boolean;
}

export interface Queue {
  readonly spec: QueueSpec;
  /** Resolves when all are on disk. @throws AwsError ServiceUnavailableException */
  send(messages: readonly { readonly message: StoredMessage; readonly delayMs: number }[]): Promise<void>;
  /** Adds messages that are on disk already. */
  accept(messages: readonly StoredMessage[]): void;
  /** The visible messages, oldest first; may be none. @throws AwsError ServiceUnavailableException */
  receive(wanted: Receive): Promise<Received[]>;
  /** The receipt of an earlier receive deletes nothing. @throws AwsError ReceiptHandleIsInvalid */
  remove(receipts: readonly string[]): Promise<void>;
  /** @throws AwsError ReceiptHandleIsInvalid, MessageNotInflight */
  hide(receipt: string, visibilityMs: number): Promise<void>;
  purge(): Promise<void>;
  /** Deletes messages older than the retention period. */
  expire(): Promise<void>;
  counts(): { readonly visible: number; readonly inFlight: number; readonly delayed: number };
  /** When the oldest message was sent, in epoch milliseconds. */
  oldestAt(): number | undefined;
  /** Ends the wait of receivers without a message; from then on nothing is received. The queue still accepts messages. */
  close(): void;
}
