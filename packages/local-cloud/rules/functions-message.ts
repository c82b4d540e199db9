// Functions about the message rather than its payload.

import type { Evaluate } from './scope.ts';
import type { SqlFunction } from './sql-function.ts';
import type { MessageContext } from './message-context.ts';
import { toInt, type Value } from '../json/value.ts';

const about = (evaluate: Evaluate): SqlFunction => ({
  minimum: 0,
  maximum: 0,
  evaluate: (message) => evaluate({ message, element: undefined, variables: [] }),
  specialize: () => evaluate,
});

/** Segments count from 1; without argument the whole topic. */
function topic(message: MessageContext, ...args: Value[]): Value {
  if (args.length === 0) return message.topic;
  const segment = toInt(args[0]);
  return segment === undefined ? undefined : message.segments()[segment - 1];
}

function topicOf(...literals: Value[]): Evaluate | undefined {
  if (literals.length === 0) return ({ message }) => message.topic;
  const segment = toInt(literals[0]);
  return segment === undefined ? undefined : ({ message }) => message.segments()[segment - 1];
}

export const messageFunctions: Readonly<Record<string, SqlFunction>> = {
  topic: { minimum: 0, maximum: 1, evaluate: topic, specialize: topicOf },
  accountid: about(({ message: { environment } }) => environment.accountId),
  clientid: about(({ message: { message } }) => message.clientId),
  newuuid: about(({ message: { environment } }) => environment.newId()),
  principal: about(({ message: { message } }) => message.principal),
  rand: about(({ message: { environment } }) => environment.random()),
  sourceip: about(({ message: { message } }) => message.sourceIp),
  sql_version: about(() => '2016-03-23'),
  // The time when the broker accepted the message, so that a repetition after a crash gives the same event.
  timestamp: about(({ message: { message } }) => message.receivedAt),
  traceid: about(({ message: { message } }) => (message.clientId === 'n/a' ? undefined : message.traceId)),
};
