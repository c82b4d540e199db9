// The endpoints of subscriptions: the protocols that the local cloud delivers by, and the valid addresses of each.

import type { Protocol } from './message.ts';

const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** An address of RFC 5321, without quotes, comments or address literals. */
export function isEmailAddress(text: string): boolean {
  if (text.length > 254) return false;
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  if (at < 1 || local.length > 64 || !LOCAL_PART.test(local)) return false;
  return text
    .slice(at + 1)
    .split('.')
    .every((part) => LABEL.test(part));
}

/** E.164, SNS's format of phone numbers. */
export const isPhoneNumber = (text: string): boolean => /^\+[1-9]\d{6,14}$/.test(text);

interface EndpointKind {
  /** For error messages: what the endpoint must be. */
  readonly describe: string;
  readonly accepts: (endpoint: string) => boolean;
}

const KINDS: Readonly<Record<Protocol, EndpointKind>> = {
  email: { describe: 'an email address such as ops@example.com', accepts: isEmailAddress },
  sms: { describe: 'a phone number such as +12065550100', accepts: isPhoneNumber },
  sqs: {
    describe: 'the ARN of a queue',
    accepts: (text) => /^arn:aws:sqs:[\w-]+:\d{12}:[\w-]{1,80}$/.test(text),
  },
  lambda: {
    describe: 'the ARN of a function',
    accepts: (text) => /^arn:aws:lambda:[\w-]+:\d{12}:function:[\w-]{1,64}$/.test(text),
  },
};

const listOf = (words: readonly string[]) => `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
const isProtocol = (text: string): text is Protocol => Object.hasOwn(KINDS, text);

/** @returns the protocol, or the problem of it or the endpoint, and the remedy. */
export function checkEndpoint(
  protocol: string,
  endpoint: string,
): { readonly protocol: Protocol } | { readonly problem: 'Protocol' | 'Endpoint'; readonly remedy: string } {
  if (!isProtocol(protocol)) {
    const remedy = `the local cloud delivers by ${listOf(Object.keys(KINDS))} only`;
    return { problem: 'Protocol', remedy };
  }
  const { accepts, describe } = KINDS[protocol];
  return accepts(endpoint) ? { protocol } : { problem: 'Endpoint', remedy: `it must be ${describe}` };
}
