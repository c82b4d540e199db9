// QoS 0 messages that wait until a client's socket takes them: so many and no more, for nobody was promised them.

import type { Share } from './delivery-memory.ts';
import type { InboundMessage } from './message.ts';
import { createQueue } from './queue.ts';

export interface LooseItem {
  /** By which it is sent among the messages of QoS 1. */
  readonly order: number;
  readonly message: InboundMessage;
  readonly retain: boolean;
}

export interface LooseQueue {
  readonly length: number;
  isFull(): boolean;
  /** Why the message was not taken; undefined when it was. */
  push(item: LooseItem): string | undefined;
  first(): LooseItem | undefined;
  shift(): void;
  /** Drops all and returns how many there were. */
  clear(): number;
}

export function createLooseQueue(limits: {
  readonly waitingMessages: number;
  readonly waitingBytes: number;
  readonly share: Share;
}): LooseQueue {
  const { waitingMessages, waitingBytes, share } = limits;
  const items = createQueue<LooseItem>();
  let bytes = 0;
  const isFull = () => items.length >= waitingMessages || bytes >= waitingBytes;
  return {
    get length() {
      return items.length;
    },
    isFull,
    push(item) {
      if (isFull()) return 'it does not read them as fast as they come';
      if (!share.hold(item.message)) return 'too much waits for all clients together';
      bytes += item.message.payload.length;
      items.push(item);
      return undefined;
    },
    first: () => items.first(),
    shift() {
      const item = items.shift();
      if (!item) return;
      bytes -= item.message.payload.length;
      share.release(item.message);
    },
    clear() {
      const all = items.clear();
      bytes = 0;
      for (const { message } of all) share.release(message);
      return all.length;
    },
  };
}
