// One message for all rules: parsed, split and encoded at most once, however many rules read it.

import { randomUUID } from 'node:crypto';
import type { InboundMessage } from '../mqtt/message.ts';
import type { Answers } from './lookups.ts';
import { parsePayload, type Payload } from '../json/json.ts';

/** What the functions of rules SQL use besides the message. */
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
  /** Answers of the services that SQL calls. */
  readonly answers: Answers;
  segments(): readonly string[];
  payload(): Payload;
  base64(): string;
}

/** For statements that call no service. */
const unasked: Answers = {
  ask(name) {
    throw new Error(`${name}() is evaluated where no service can be called`);
  },
};

/** @param topic the result of `topic()`; with Basic Ingest it differs from the message's own */
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
