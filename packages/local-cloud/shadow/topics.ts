// The reserved topics of shadows: for requests and for their answers.
// https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html#reserved-topics-shadow

import type { ShadowId } from './store.ts';

export type ShadowOperation = 'get' | 'update' | 'delete';

const REQUEST =
  /^\$aws\/things\/([a-zA-Z0-9:_-]{1,128})\/shadow(?:\/name\/([$a-zA-Z0-9:_-]{1,64}))?\/(get|update|delete)$/;

/** Undefined for a topic that is not a shadow request. */
export function parseRequestTopic(topic: string): { id: ShadowId; operation: ShadowOperation } | undefined {
  const [, thingName, shadowName, operation] = REQUEST.exec(topic) ?? [];
  if (thingName === undefined) return undefined;
  return { id: { thingName, shadowName }, operation: operation as ShadowOperation };
}

export type AnswerTopic =
  `${ShadowOperation}/accepted` | `${ShadowOperation}/rejected` | 'update/delta' | 'update/documents';

export function answerTopic({ thingName, shadowName }: ShadowId, answer: AnswerTopic): string {
  const name = shadowName === undefined ? '' : `/name/${shadowName}`;
  return `$aws/things/${thingName}/shadow${name}/${answer}`;
}
