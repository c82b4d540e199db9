// One message as rules see it: parsed, split and encoded at most once, however many rules look at it.
import { randomUUID } from 'node:crypto';
import type { InboundMessage } from '../mqtt/message.ts';
import type { Payload } from './json.ts';
import { parsePayload } from './json.ts';

/** What the functions of rules SQL take from outside the message. */
export interface Environment {
  readonly accountId: string;
  readonly newId: () => string;
  /** At least 0, less than 1. */
  readonly random: () => number;
}

export const defaultEnvironment: Environment = {
  accountId: '000000000000',
  newId: randomUUID,
  random: Math.random,
};

export interface MessageContext {
  readonly message: InboundMessage;
  /** Without the prefix of Basic Ingest. */
  readonly topic: string;
  readonly environment: Environment;
  segments(): readonly string[];
  payload(): Payload;
  base64(): string;
}

/** @param topic what `topic()` gives; differs from the message's own under Basic Ingest */
export function createMessageContext(
  message: InboundMessage,
  topic: string,
  environment: Environment,
): MessageContext {
  let segments: readonly string[] | undefined;
  let payload: Payload | undefined;
  let base64: string | undefined;
  return {
    message,
    topic,
    environment,
    segments: () => (segments ??= topic.split('/')),
    payload: () => (payload ??= parsePayload(message.payload)),
    base64: () => (base64 ??= message.payload.toString('base64')),
  };
}
