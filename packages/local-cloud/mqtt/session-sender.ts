// Sends what waits for one client in the order of arrival, as far as its socket and its window go.

import type { Share } from './delivery-memory.ts';
import type { Delivery, Link } from './link.ts';
import type { LooseQueue } from './loose-queue.ts';
import { type InboundMessage, isExpired } from './message.ts';
import type { QueuedItem, SessionQueue } from './session-queue.ts';

export interface SessionSender {
  /** Sends all that can be sent now. */
  pump(): void;
  /** Sends a message of QoS 0 at once. False when it has to wait. */
  sendAtOnce(message: InboundMessage, retain: boolean): boolean;
}

export interface SenderDeps {
  readonly queue: SessionQueue;
  readonly loose: LooseQueue;
  readonly share: Pick<Share, 'wrote'>;
  readonly socketBytes: () => number;
  /** The connection; undefined while the client is away. */
  readonly link: () => Link | undefined;
  readonly hasEnded: () => boolean;
  readonly drop: (messages: number, reason: string) => void;
  readonly now: () => number;
  readonly count: (name: string) => void;
  /** Reads a message that the journal has. */
  readonly read: (seq: number) => Promise<InboundMessage | undefined>;
}

const TOO_LARGE = 'larger than its maximum packet size';

/** @returns a function that sends one delivery, and says whether it was sent */
const createSend =
  ({ share, count, drop }: SenderDeps) =>
  (to: Link, delivery: Delivery): boolean => {
    const bytes = to.send(delivery);
    share.wrote(bytes);
    if (bytes > 0) count('mqtt.delivered');
    else drop(1, TOO_LARGE);
    return bytes > 0;
  };

/** @returns a function that sends the first of the queue, which is `message` */
function createSendFirst({ queue, now, count }: SenderDeps, send: ReturnType<typeof createSend>) {
  return (to: Link, message: InboundMessage): void => {
    const item = queue.shift()!;
    if (isExpired(message, now())) {
      count('mqtt.expired');
      queue.finish(item);
      return;
    }
    const dup = item.messageId !== undefined;
    const messageId = queue.send(item);
    if (send(to, { message, qos: 1, retain: item.retain, dup, messageId })) return;
    queue.unsend(item);
    queue.finish(item);
  };
}

/** @returns a function that sends the first message of QoS 0 */
const createSendLoose =
  ({ loose, now, count }: SenderDeps, send: ReturnType<typeof createSend>) =>
  (to: Link): void => {
    const { message, retain } = loose.first()!;
    loose.shift();
    if (isExpired(message, now())) count('mqtt.expired');
    else send(to, { message, qos: 0, retain, dup: false });
  };

function isWritable({ socketBytes }: SenderDeps, to: Link | undefined): to is Link {
  return to?.isWritable(socketBytes()) ?? false;
}

export function createSender(deps: SenderDeps): SessionSender {
  const { queue, loose, link } = deps;
  const send = createSend(deps);
  const sendFirst = createSendFirst(deps, send);
  const sendLoose = createSendLoose(deps, send);
  let isLoading = false;

  const useLoaded = (message: InboundMessage | undefined) => {
    const to = link();
    if (!message) queue.finish(queue.shift()!);
    else if (isWritable(deps, to) && queue.inflightSize() < to.window) sendFirst(to, message);
    else queue.hold(queue.first()!, message); // without memory for it, it is read once more
  };

  const load = async (item: QueuedItem) => {
    isLoading = true;
    const message = await deps.read(item.pending!.seq);
    isLoading = false;
    if (deps.hasEnded()) return;
    if (queue.first() === item) useLoaded(message);
    pump();
  };

  const pump = () => {
    for (let to = link(); isWritable(deps, to); to = link()) {
      const kept = !isLoading && queue.inflightSize() < to.window ? queue.first() : undefined;
      const unkept = loose.first();
      if (unkept && !(kept && kept.order < unkept.order)) sendLoose(to);
      else if (kept?.message) sendFirst(to, kept.message);
      else if (kept) void load(kept);
      else return;
    }
  };

  return {
    pump,
    sendAtOnce(message, retain) {
      const to = link();
      if (loose.length > 0 || !isWritable(deps, to)) return false;
      send(to, { message, qos: 0, retain, dup: false });
      return true;
    },
  };
}
