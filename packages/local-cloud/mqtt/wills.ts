// The last words of clients that went without saying so, at once or after the delay that MQTT 5 lets them ask for.

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Hub } from './hub.ts';
import type { InboundMessage } from './message.ts';

/** A will as CONNECT gave it; the message gets its time and trace when it is published. */
export interface Will {
  readonly message: Omit<InboundMessage, 'receivedAt' | 'traceId'>;
  readonly delaySeconds: number;
}

export interface Wills {
  /**
   * Publishes the will, after its delay or the session's end, whichever is first. CONNECT has judged it: a certificate that
   * was revoked since, or a policy that was changed, does not hold it back, as IoT Core sends it on AUTH_ERROR too.
   */
  release(will: Will, sessionExpirySeconds: number): void;
  /** Takes back a will that waits, because its session goes on. */
  cancel(clientId: string): void;
  /** Publishes a will that waits, because its session ends. */
  hasten(clientId: string): void;
  /** Publishes all that wait. */
  hastenAll(): void;
}

export interface WillsDeps {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
}

export function createWills({ hub, clock, log, newId }: WillsDeps): Wills {
  const waiting = new Map<string, { cancel: () => void; publish: () => void }>();

  const publish = ({ message }: Will) => {
    const { clientId, topic } = message;
    hub.publish({ ...message, receivedAt: clock.now(), traceId: newId() }).catch((error: unknown) => {
      log.error('will lost: the disk refused it', { client: clientId, topic, reason: String(error) });
    });
  };
  const take = (clientId: string) => {
    const found = waiting.get(clientId);
    found?.cancel();
    waiting.delete(clientId);
    return found;
  };

  return {
    release(will, sessionExpirySeconds) {
      const seconds = Math.min(will.delaySeconds, sessionExpirySeconds);
      if (seconds === 0) {
        publish(will);
        return;
      }
      const { clientId } = will.message;
      take(clientId)?.publish();
      const publishNow = () => {
        waiting.delete(clientId);
        publish(will);
      };
      waiting.set(clientId, { cancel: clock.after(seconds * 1000, publishNow), publish: publishNow });
    },
    cancel: (clientId) => void take(clientId),
    hasten: (clientId) => take(clientId)?.publish(),
    hastenAll() {
      for (const clientId of waiting.keys()) take(clientId)?.publish();
    },
  };
}
