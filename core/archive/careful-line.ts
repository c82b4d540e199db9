// Parses a line of the archive, which is a message as the rule wrote it; the file may have been changed since then.

import type { Mapped } from '../mapping.ts';
import { parseMessage, type ParsedMessage } from '../message.ts';
import type { Fault, TimeLimits } from '../reading.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Parses the bytes of one line like `parseMessage`. Never throws: a line that is not JSON is rejected whole. */
export function parseArchiveLine(bytes: Uint8Array, limits: TimeLimits, mapped?: Mapped): ParsedMessage {
  const found = jsonOf(bytes);
  if (found) return parseMessage(found.value, limits, mapped);
  return rejectLine(bytes, { fault: 'not-json-object', detail: 'the line is not JSON text' });
}

/** The message in a line; undefined if the line is not JSON text. */
export const eventIn = (bytes: Uint8Array): unknown => jsonOf(bytes)?.value;

/** The result for a line that is rejected whole and kept as it came. */
export function rejectLine(bytes: Uint8Array, { fault: reason, detail }: Fault): ParsedMessage {
  const original = { data: Buffer.from(bytes).toString('base64') };
  return {
    accepted: [],
    rejected: [{ reason, detail, original }],
    skipped: [],
    rounded: 0,
    sourceOf: () => ({ original }),
    idOf: () => undefined,
  };
}

function jsonOf(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(utf8.decode(bytes)) };
  } catch {
    return undefined; // rejected with a reason
  }
}
