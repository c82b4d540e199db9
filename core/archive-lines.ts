// Chunks of an archive end where they will, so they pass through one buffer, in which lines are whole and stay in their places.

import { PADDING, type Input } from './fast-scan.ts';

/** Who takes lines. */
export interface LineTaker {
  /** Takes the line at `at` of the input, line feed included; where the next one begins, or 0 when it will not take it so. */
  takeAt(at: number): number;
  /** Takes a line without its line feed, valid during the call only. */
  take(line: Uint8Array): void;
  /** Takes the first bytes of a line that is too long. */
  takeTooLong(start: Uint8Array): void;
}

export interface LineBuffer {
  readonly input: Input;
  /** Gives the taker every line that is complete. */
  add(chunk: Uint8Array, taker: LineTaker): void;
  /** Gives it the last line, if it lacks its line feed. */
  end(taker: LineTaker): void;
}

/** Far above what AWS IoT lets through; a longer line is no message, and must not fill the memory. */
export const MAX_LINE_BYTES = 1 << 20;
/** Kept of a line that is too long. */
const KEPT_BYTES = 1 << 10;
/** Small enough for a processor's cache. */
const PIECE_BYTES = 1 << 18;
const NEWLINE = 0x0a;

export function createLineBuffer(): LineBuffer {
  const bytes = new Uint8Array(MAX_LINE_BYTES + PIECE_BYTES + PADDING);
  const input = { bytes, view: new DataView(bytes.buffer) };
  let held = 0;
  /** Whether the rest of a line that is too long is still to come. */
  let skipping = false;

  function addPiece(piece: Uint8Array, taker: LineTaker): void {
    bytes.set(piece, held);
    held += piece.length;
    bytes.fill(0, held, held + PADDING);
    const rest = takeLines(taker);
    bytes.copyWithin(0, rest, held);
    held -= rest;
    if (held <= MAX_LINE_BYTES) return;
    if (!skipping) taker.takeTooLong(bytes.subarray(0, KEPT_BYTES));
    skipping = true;
    held = 0;
  }

  /** Where the line begins whose end is still to come. */
  function takeLines(taker: LineTaker): number {
    let at = skipping ? lineEnd(0) + 1 : 0;
    if (skipping && at === 0) return held;
    skipping = false;
    while (at < held) {
      const next = taker.takeAt(at);
      if (next > 0) {
        at = next;
        continue;
      }
      const end = lineEnd(at);
      if (end < 0) break;
      taker.take(bytes.subarray(at, end));
      at = end + 1;
    }
    return at;
  }

  function lineEnd(at: number): number {
    const length = bytes.subarray(at, held).indexOf(NEWLINE);
    return length < 0 ? -1 : at + length;
  }

  return {
    input,
    add(chunk, taker) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        addPiece(chunk.subarray(at, at + PIECE_BYTES), taker);
      }
    },
    end(taker) {
      if (held > 0) addPiece(Uint8Array.of(NEWLINE), taker);
    },
  };
}
