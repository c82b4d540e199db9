// A stream record is the JSON text that a rule made of a message; anyone with write access to the stream may put anything there.

import { parseWithDigits } from './json-digits.ts';
import type { Mapped } from './mapping.ts';
import { parseMessage, type ParsedMessage } from './message.ts';
import type { TimeLimits } from './reading.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses the data of one Kinesis record: base64 of a message for `parseMessage`. Never throws: data that is not JSON text
 * is rejected whole, and kept as it came.
 */
export function parseStreamRecord(data: unknown, limits: TimeLimits, mapped?: Mapped): ParsedMessage {
  const found = jsonOf(data);
  if (found) return parseMessage(found.value, limits, mapped, () => parseWithDigits(found.text));
  const detail = 'the record is not JSON text in base64';
  return {
    accepted: [],
    rejected: [{ reason: 'not-json-object', detail, original: { data } }],
    skipped: [],
    rounded: 0,
    sourceOf: () => ({ original: { data } }),
    idOf: () => undefined,
  };
}

/** The message in a record; undefined if it is not JSON text. */
export const eventOf = (data: unknown): unknown => jsonOf(data)?.value;

function jsonOf(data: unknown): { readonly value: unknown; readonly text: string } | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const text = utf8.decode(Buffer.from(data, 'base64'));
    return { value: JSON.parse(text), text };
  } catch {
    return undefined; // rejected with a reason
  }
}
