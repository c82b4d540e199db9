// Publishes the answers of the shadow service: accepted, rejected, delta and documents.

import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { type InboundMessage, OWN_PRINCIPAL } from '../mqtt/message.ts';
import { deltaOf, type ShadowDocument } from './document.ts';
import { findToken } from './request.ts';
import { keyOf, type ShadowId } from './store.ts';
import { type AnswerTopic, answerTopic, type ShadowOperation } from './topics.ts';

export interface ShadowAnswers {
  /** Publishes one answer. Never rejects: the change is kept even when the answer cannot be written. */
  send(id: ShadowId, answer: AnswerTopic, text: string): Promise<void>;
  /** Publishes what an update changed, besides its acceptance; `previous` is null where there was no shadow. */
  announce(
    id: ShadowId,
    previous: ShadowDocument | null,
    current: ShadowDocument,
    clientToken?: string,
  ): Promise<void>;
  reject(operation: ShadowOperation, id: ShadowId, payload: Buffer, error: unknown): Promise<void>;
}

interface Deps {
  readonly publish: (message: InboundMessage) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
}

const messageOf = ({ clock, newId }: Deps, topic: string, text: string): InboundMessage => ({
  topic,
  payload: Buffer.from(text),
  qos: 1,
  retain: false,
  clientId: 'n/a',
  principal: OWN_PRINCIPAL,
  sourceIp: 'n/a',
  receivedAt: clock.now(),
  traceId: newId(),
});

export function createShadowAnswers(deps: Deps): ShadowAnswers {
  const { publish, clock, log } = deps;
  const seconds = () => Math.floor(clock.now() / 1000);

  const send: ShadowAnswers['send'] = async (id, answer, text) => {
    const topic = answerTopic(id, answer);
    await publish(messageOf(deps, topic, text)).catch((error: unknown) => {
      log.error('shadow message lost: the disk refused it', { topic, reason: String(error) });
    });
  };

  return {
    send,
    async announce(id, previous, current, clientToken) {
      const timestamp = seconds();
      const delta = deltaOf(current);
      if (delta) {
        const { version } = current;
        await send(id, 'update/delta', JSON.stringify({ version, timestamp, ...delta, clientToken }));
      }
      await send(id, 'update/documents', JSON.stringify({ previous, current, timestamp, clientToken }));
    },
    async reject(operation, id, payload, error) {
      const isRefusal = error instanceof AwsError;
      if (!isRefusal) {
        const reason = error instanceof Error ? error.stack : String(error);
        log.error('a shadow request failed', { shadow: keyOf(id), operation, reason });
      }
      const code = isRefusal ? error.status : 500;
      const message = isRefusal ? error.message : 'Internal service failure';
      const answer = { code, message, timestamp: seconds(), clientToken: findToken(payload) };
      await send(id, `${operation}/rejected`, JSON.stringify(answer));
    },
  };
}
