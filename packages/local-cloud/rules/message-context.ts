// One message as rules see it: parsed, split and encoded at most once, however many rules look at it.

import { randomUUID } from 'node:crypto';
import type { InboundMessage } from '../mqtt/message.ts';
import type { Answers } from './lookups.ts';
import { parsePayload, type Payload } from '../json/json.ts';

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
  /** Of the services that SQL asks. */
  readonly answers: Answers;
  segments(): readonly string[];
  payload(): Payload;
  base64(): string;
}

/** For statements that ask nobody. */
const unasked: Answers = {
  ask(name) {
    throw new Error(`${name}() is evaluated where nobody can be asked`);
  },
};

/** @param topic what `topic()` gives; differs from the message's own under Basic Ingest */
export function createMessageContext(
  message: InboundMessage,
  topic: string,
  environment: Environment,
  answers: Answers = unasked,
): MessageContext {
  let segments: readonly string[] | undefined;
  let payload: Payload | undefined;
  let base64: string | undefined;
  return {
    message,
    topic,
    environment,
    answers,
    segments: () => (segments ??= topic.split('/')),
    payload: () => (payload ??= parsePayload(message.payload)),
    base64: () => (base64 ??= message.payload.toString('base64')),
  };
}
