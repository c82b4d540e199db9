// encode() and decode(): how rules reach payloads that are not JSON (AWS IoT developer guide, "Binary payloads").

import { parsePayload, type Payload } from '../json/json.ts';
import { toText, type Value } from '../json/value.ts';

export function encodeBase64(value: Value): Value {
  const text = toText(value);
  return text === undefined ? undefined : Buffer.from(text).toString('base64');
}

const DECODERS: { readonly [Kind in Payload['kind']]: (payload: Extract<Payload, { kind: Kind }>) => Value } =
  {
    json: ({ value }) => value,
    empty: () => '',
    text: ({ text }) => text,
    // No String holds these bytes: "NULL if the string cannot be decoded".
    binary: () => null,
  };

/** The value of JSON, other text as a String, Null for bytes that are not UTF-8. */
export function decodePayload(payload: Payload): Value {
  return (DECODERS[payload.kind] as (payload: Payload) => Value)(payload);
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Padding may be missing, as for Java's decoder. Undefined for a value that is not a String. */
export function decodeBase64(value: Value): Value {
  if (typeof value !== 'string') return undefined;
  if (!BASE64.test(value) || value.replace(/=+$/, '').length % 4 === 1) return null;
  return decodePayload(parsePayload(Buffer.from(value, 'base64')));
}
