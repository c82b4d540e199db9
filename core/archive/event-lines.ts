// Cuts the bytes of an archived object into lines and reads their events, many at a time.

import { eventIn } from './careful-line.ts';

/** A line that is not an event. */
export interface BadLine {
  /** The first line is 1. */
  readonly line: number;
  readonly problem: string;
}

export interface Events {
  readonly events: readonly unknown[];
  readonly bad: readonly BadLine[];
}

export interface EventCutter {
  /** The events of all complete lines. */
  add(chunk: Uint8Array): Events;
  /** The event of the last line if it has no line feed. */
  end(): Events;
  /** How many lines were read, including empty ones. */
  lines(): number;
}

const NEWLINE = 10;
const RETURN = 13;
/** A message can have 128 KB, and more in base64. */
const MAX_LINE_BYTES = 1 << 20;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined for bytes that are not UTF-8. */
function textOf(block: Uint8Array): string | undefined {
  try {
    return UTF8.decode(block);
  } catch {
    return undefined;
  }
}

interface ReadLines extends Events {
  /** The number of the last line. */
  readonly last: number;
}

const notJson = (line: number): BadLine => ({ line, problem: 'the line is not JSON text' });

/** @param before the number of lines before these */
function readText(text: string, before: number): ReadLines {
  const events: unknown[] = [];
  const bad: BadLine[] = [];
  let last = before;
  for (const line of text.split('\n')) {
    last += 1;
    if (line === '' || line === '\r') continue;
    try {
      events.push(JSON.parse(line));
    } catch {
      bad.push(notJson(last));
    }
  }
  return { events, bad, last };
}

/** Reads lines of which some are not UTF-8, one at a time. */
function readBytes(block: Uint8Array, before: number): ReadLines {
  const events: unknown[] = [];
  const bad: BadLine[] = [];
  let last = before;
  for (let at = 0; at <= block.length;) {
    const found = block.indexOf(NEWLINE, at);
    const end = found < 0 ? block.length : found;
    last += 1;
    const event = eventIn(block.subarray(at, end));
    const isEmpty = end === at || (end === at + 1 && block[at] === RETURN);
    if (event !== undefined) events.push(event);
    else if (!isEmpty) bad.push(notJson(last));
    at = end + 1;
  }
  return { events, bad, last };
}

export function createEventCutter(): EventCutter {
  let rest: Uint8Array = new Uint8Array();
  let lines = 0;
  let isSkipping = false;

  function read(block: Uint8Array): Events {
    const text = textOf(block);
    const { events, bad, last } = text === undefined ? readBytes(block, lines) : readText(text, lines);
    lines = last;
    return { events, bad };
  }

  return {
    lines: () => lines,
    add(chunk) {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      if (isSkipping) {
        const end = bytes.indexOf(NEWLINE);
        if (end < 0) return { events: [], bad: [] };
        bytes = bytes.subarray(end + 1);
        isSkipping = false;
      }
      const end = bytes.lastIndexOf(NEWLINE);
      rest = Uint8Array.from(bytes.subarray(end + 1));
      const found = end < 0 ? { events: [], bad: [] } : read(bytes.subarray(0, end));
      if (rest.length <= MAX_LINE_BYTES) return found;
      lines += 1;
      rest = new Uint8Array();
      isSkipping = true;
      return { ...found, bad: [...found.bad, { line: lines, problem: 'the line is over 1 MiB' }] };
    },
    end() {
      const last = rest;
      rest = new Uint8Array();
      return last.length === 0 ? { events: [], bad: [] } : read(last);
    },
  };
}
