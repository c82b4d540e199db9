// Reads payloads as JSON without losing a digit, and classifies others: invalid UTF-8, too deep, or other text.

import { isUtf8 } from 'node:buffer';
import { numberOfText, type Value } from './value.ts';

export type Payload =
  | { readonly kind: 'json'; readonly value: Value }
  | { readonly kind: 'empty' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary' };

/** Arrays and objects nested deeper than this are not taken for JSON. AWS documents no limit. */
export const MAX_DEPTH = 512;

/** Runs of digits and points shorter than this, with a small exponent, are numbers that a double holds exactly. */
const LONG_RUN = 16;
const LONG_EXPONENT = /^[+-]?\d{3}/;

/** Checks text in strings too, which costs time, not exactness. A loop, because a pattern takes ten times as long. */
function needsExactNumbers(text: string): boolean {
  let run = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isDigit = code >= 0x30 && code <= 0x39;
    if (isDigit || code === 0x2e) {
      run++;
      if (run === LONG_RUN) return true;
    } else {
      const isExponent = run > 0 && (code === 0x65 || code === 0x45);
      if (isExponent && LONG_EXPONENT.test(text.slice(at + 1, at + 5))) return true;
      run = 0;
    }
  }
  return false;
}

const tooDeep = (text: string) => {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) inText = !inText;
    else if (inText) at += code === 0x5c ? 1 : 0;
    else if (code === 0x7b || code === 0x5b) {
      depth++;
      if (depth > MAX_DEPTH) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
};

// With the source text of each number as third argument (ECMAScript proposal "JSON.parse source text access").
const keepDigits = ((_name: string, value: unknown, { source }: { source?: string }) =>
  typeof value === 'number' && source !== undefined ? numberOfText(source) : value) as (
  this: unknown,
  name: string,
  value: unknown,
) => unknown;

/** The characters with which JSON may begin: an exception would cost more than everything else that a rule does with a message. */
const JSON_START = /^[\s{["\-\dtfn]/;

/**
 * Parses JSON text; of members with the same name the last one counts, `__proto__` is a name like any other.
 * @returns undefined unless `text` is JSON nested at most {@link MAX_DEPTH} deep
 */
export function parseJson(text: string): { value: Value } | undefined {
  if (!JSON_START.test(text)) return undefined;
  if (text.length > 2 * MAX_DEPTH && tooDeep(text)) return undefined;
  try {
    return { value: JSON.parse(text, needsExactNumbers(text) ? keepDigits : undefined) as Value };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function parsePayload(bytes: Buffer): Payload {
  if (bytes.length === 0) return { kind: 'empty' };
  if (!isUtf8(bytes)) return { kind: 'binary' };
  const text = bytes.toString('utf8');
  const json = parseJson(text);
  return json ? { kind: 'json', value: json.value } : { kind: 'text', text };
}
