// Publishes the messages of Republish actions to the broker, and stops rules that republish to each other without end.

import { AsyncLocalStorage } from 'node:async_hooks';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { defaultLimits } from '../mqtt/limits.ts';
import { OWN_PRINCIPAL, type InboundMessage } from '../mqtt/message.ts';
import { topicProblem } from '../mqtt/topics.ts';
import type { Republished } from './action.ts';

/** Rules in a row that republish one message; AWS has no such limit, and bills without end. */
export const MAX_DEPTH = 8;

export interface RepublishOptions {
  /** Resolves when the message is on disk. */
  readonly publish: (message: InboundMessage) => Promise<void>;
  /** Whether a service of the cloud reads requests on the reserved topic. */
  readonly serves: (topic: string) => boolean;
  readonly clock: Clock;
  /** A UUID. */
  readonly newId: () => string;
}

/**
 * The depth of a message is passed on with the work that it causes, through shadows too; a restart begins at zero.
 *
 * The function rejects with AwsError for a topic that nobody may publish to, and beyond {@link MAX_DEPTH}.
 */
export function createRepublisher(options: RepublishOptions): (message: Republished) => Promise<void> {
  const { publish, serves, clock, newId } = options;
  const depth = new AsyncLocalStorage<number>();
  const invalid = (message: string) => new AwsError('InvalidRequestException', message, 400);

  return async ({ topic, payload, qos, properties }) => {
    const level = (depth.getStore() ?? 0) + 1;
    if (level > MAX_DEPTH)
      throw invalid(`${MAX_DEPTH} rules have republished this message in a row: a loop?`);
    const problem = topicProblem(topic, serves);
    if (problem) throw invalid(`the topic is ${problem}`);
    if (payload.length > defaultLimits.payloadBytes) {
      throw invalid(`the payload is larger than ${defaultLimits.payloadBytes} bytes`);
    }
    const message: InboundMessage = {
      topic,
      payload,
      qos,
      retain: false,
      clientId: 'n/a',
      principal: OWN_PRINCIPAL,
      sourceIp: 'n/a',
      receivedAt: clock.now(),
      traceId: newId(),
      properties,
    };
    await depth.run(level, () => publish(message));
  };
}
