// Reads the bytes of a payload that is not a JSON object: an array, a bare value, or nearly JSON as small firmware prints it.

import { parseJson, parseWithDigits } from './json-digits.ts';

/** What was found, or why the payload is not usable and where it breaks. */
export type FoundPayload =
  | ({ readonly kind: 'json' } & FoundJson)
  /** A single number, switch or word. */
  | ({ readonly kind: 'scalar' } & FoundJson)
  /** Text of another kind, such as line protocol. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'none'; readonly detail: string };

interface FoundJson {
  readonly value: unknown;
  /** The value with all digits of its numbers, to be stored. */
  readonly sent: () => unknown;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin = new TextDecoder('windows-1252');
const STRING = '"(?:[^"\\\\\\n]|\\\\.)*"';
/** What `printf` writes for a float that is not a number, where JSON expects a value. */
const NOT_A_NUMBER = new RegExp(`${STRING}|(?<=[:,[]\\s*)[+-]?(?:nan|inf(?:inity)?)\\b(?=\\s*[,}\\]])`, 'gi');
const TRAILING_COMMA = new RegExp(`${STRING}|,(?=\\s*[}\\]])`, 'g');
const LINE_BREAK = /\r?\n/;
/** A measurement and a field, after optional comments; `\` escapes a space, a comma or an equals sign in a name. */
const LINE_PROTOCOL = /^(?:#.*\n\s*)*(?:\\.|[^\s,{["'#\\])(?:\\.|[^\s\\])* (?:\\.|[^\s=,\\])+=\S/;
const MAX_SCALAR_LENGTH = 64;
/** Such as `21.5 °C`. */
const NUMBER_AND_UNIT = /^[+-]?\d+(?:\.\d+)? [^\s\d,;]{1,6}$/;

/** Reads the bytes of a whole payload. Never throws. */
export function readPayload(bytes: Uint8Array): FoundPayload {
  if (bytes.length === 0) return { kind: 'none', detail: 'the payload is empty' };
  const text = textOf(bytes);
  if (text === undefined)
    return { kind: 'none', detail: 'the payload is neither text in UTF-8 nor JSON: it needs a decoder' };
  if (text === '') return { kind: 'none', detail: 'the payload is empty' };
  const json = jsonOf(text) ?? linesOf(text);
  if (json) return { kind: isScalar(json.value) ? 'scalar' : 'json', ...json };
  if (/^[{[]/.test(text)) return { kind: 'none', detail: whereJsonStops(text) };
  if (LINE_PROTOCOL.test(text)) return { kind: 'text', text };
  if (text.length <= MAX_SCALAR_LENGTH && (!/[\s,;]\S/.test(text) || NUMBER_AND_UNIT.test(text)))
    return { kind: 'scalar', value: text, sent: () => text };
  const shown = JSON.stringify(text.slice(0, 24));
  return {
    kind: 'none',
    detail: `the payload ${shown} is not JSON: send an object such as {"temperature": 4.2}`,
  };
}

/**
 * The text without a byte order mark and without C's terminating zero. JSON that is not UTF-8 is mostly Latin text, such as
 * a degree sign of one byte. Undefined if it is not text.
 */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes).replace(/\0+$/, '').trim();
  } catch {
    return bytes[0] === 0x7b || bytes[0] === 0x5b
      ? latin.decode(bytes).replace(/\0+$/, '').trim()
      : undefined;
  }
}

/** The JSON value of the bytes, otherwise their text, otherwise their base64. */
export function valueOf(bytes: Buffer): unknown {
  const found = readPayload(bytes);
  if (found.kind === 'json' || found.kind === 'scalar') return found.value;
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes.toString('base64');
  }
}

const isScalar = (value: unknown) => typeof value !== 'object' || value === null;

/** JSON as it is, or with `nan` and `inf` as values, or with an extra comma before a closing bracket. */
function jsonOf(text: string): FoundJson | undefined {
  const found = parse(text);
  if (found || !/^[{[]/.test(text)) return found;
  const numbers = text.replace(NOT_A_NUMBER, (token) => (token.startsWith('"') ? token : '"nan"'));
  return parse(numbers.replace(TRAILING_COMMA, (token) => (token.startsWith('"') ? token : '')));
}

/** Newline-delimited JSON: the readings of several lines. */
function linesOf(text: string): FoundJson | undefined {
  if (!text.startsWith('{') || !LINE_BREAK.test(text)) return undefined;
  const lines: FoundJson[] = [];
  for (const line of text.split(LINE_BREAK)) {
    if (line.trim() === '') continue;
    const found = jsonOf(line);
    if (!found) return undefined;
    lines.push(found);
  }
  return { value: lines.map(({ value }) => value), sent: () => lines.map(({ sent }) => sent()) };
}

function parse(text: string): FoundJson | undefined {
  try {
    return { value: parseJson(text), sent: () => parseWithDigits(text) };
  } catch {
    return undefined;
  }
}

/** Uses the engine's message and its position; if the message only quotes a character, the position is searched. */
function whereJsonStops(text: string): string {
  const fault = faultOf(text);
  if (!fault) return 'the payload is not a JSON object';
  if (fault.position === undefined && fault.isEnd)
    return `the payload stops being JSON at its end, after ${text.length} characters`;
  const position = fault.position ?? firstFault(text);
  const shown = JSON.stringify(text.slice(Math.max(0, position - 12), position + 1));
  return `the payload stops being JSON at character ${position + 1}, after ${shown}: ${fault.message}`;
}

/** How many characters of the text are a valid start of JSON; undefined if it is JSON. */
export function jsonStopsAt(text: string): number | undefined {
  const fault = faultOf(text);
  return fault && (fault.position ?? (fault.isEnd ? text.length : firstFault(text)));
}

/** The engine's message; undefined if the text is JSON. */
function faultOf(text: string) {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    const [, what, position] = /^(.*?) in JSON at position (\d+)/.exec(message) ?? [];
    if (what !== undefined) return { message: what, position: Number(position), isEnd: false };
    return {
      message: message.split(', ')[0]!,
      position: undefined,
      isEnd: /end of JSON input/.test(message),
    };
  }
}

/** The first character at which the text cannot be the start of JSON any more, found by bisection. */
function firstFault(text: string): number {
  let [whole, broken] = [0, text.length];
  while (broken - whole > 1) {
    const middle = (whole + broken) >> 1;
    const fault = faultOf(text.slice(0, middle));
    if (fault && !fault.isEnd && (fault.position ?? 0) < middle) broken = middle;
    else whole = middle;
  }
  return whole;
}
