// What a queue keeps of a message, what a receive asks for and gets, and what one can do with a queue.

import type { Draft } from './message.ts';
import type { QueueSpec } from './queue-spec.ts';

/** As it is stored; it never changes. Times in epoch milliseconds. */
export interface StoredMessage extends Draft {
  readonly id: string;
  readonly sentAt: number;
  /** ARN of the queue that it came from, of one that was received too often there. */
  readonly source?: string;
}

/** What becomes of a message; stored beside it, so that a receipt outlives a restart. */
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
  /** Milliseconds until none is the answer; a message that becomes visible meanwhile ends the wait. */
  readonly waitMs?: number;
  /** Whether there is room for one more, which is left in the queue otherwise. */
  readonly fits?: (message: StoredMessage) => boolean;
}

export interface Queue {
  readonly spec: QueueSpec;
  /** Resolves when all are on disk. @throws AwsError ServiceUnavailableException */
  send(messages: readonly { readonly message: StoredMessage; readonly delayMs: number }[]): Promise<void>;
  /** Takes up messages that are on disk already. */
  accept(messages: readonly StoredMessage[]): void;
  /** Those that are visible, oldest first; none is an answer. @throws AwsError ServiceUnavailableException */
  receive(wanted: Receive): Promise<Received[]>;
  /** A receipt of an earlier receive deletes nothing. @throws AwsError ReceiptHandleIsInvalid */
  remove(receipts: readonly string[]): Promise<void>;
  /** @throws AwsError ReceiptHandleIsInvalid, MessageNotInflight */
  hide(receipt: string, visibilityMs: number): Promise<void>;
  purge(): Promise<void>;
  /** Deletes what is older than the queue keeps messages. */
  expire(): Promise<void>;
  counts(): { readonly visible: number; readonly inFlight: number; readonly delayed: number };
  /** When the oldest message was sent, in epoch milliseconds. */
  oldestAt(): number | undefined;
  /** A receiver that waits gets no message, and nothing is received any more. What is sent is still taken. */
  close(): void;
}
