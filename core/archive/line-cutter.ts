// Chunks of an archive end where they will; here they are cut into lines, which are whole while they are read.

import { bytes, MAX_LINE_BYTES, PADDING, PIECE_BYTES } from './scan.ts';

/** Who takes lines. */
export interface LineTaker {
  /** Takes the line at `at` of `bytes`, line feed included; where the next one begins, or 0 when it will not take it so. */
  takeAt(at: number): number;
  /** Takes a line without its line feed, valid during the call only. */
  take(line: Uint8Array): void;
  /** Takes the first bytes of a line of over MAX_LINE_BYTES, valid during the call only. */
  takeTooLong(start: Uint8Array): void;
}

export interface LineCutter {
  /** Gives the taker every line that is complete. */
  add(chunk: Uint8Array): void;
  /** Gives it the last line, if that lacks its line feed. */
  end(): void;
}

/** Kept of a line that is too long. */
const KEPT_BYTES = 1 << 10;
const NEWLINE = 0x0a;

export function createLineCutter(taker: LineTaker): LineCutter {
  /** The line whose end is still to come. */
  let rest = new Uint8Array(0);
  /** Whether that one is too long, and its rest of no use. */
  let skipping = false;

  function addPiece(piece: Uint8Array): void {
    bytes.set(rest);
    bytes.set(piece, rest.length);
    const size = rest.length + piece.length;
    bytes.fill(0, size, size + PADDING);
    rest = bytes.slice(takeLines(size), size);
    if (rest.length <= MAX_LINE_BYTES) return;
    taker.takeTooLong(rest.subarray(0, KEPT_BYTES));
    skipping = true;
    rest = new Uint8Array(0);
  }

  /** Where the line begins that is not complete. */
  function takeLines(size: number): number {
    let at = 0;
    if (skipping) {
      at = lineEnd(0, size) + 1;
      if (at === 0) return size;
      skipping = false;
    }
    while (at < size) {
      const next = taker.takeAt(at);
      if (next > 0) {
        at = next;
        continue;
      }
      const end = lineEnd(at, size);
      if (end < 0) break;
      taker.take(bytes.subarray(at, end));
      at = end + 1;
    }
    return at;
  }

  return {
    add(chunk) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) addPiece(chunk.subarray(at, at + PIECE_BYTES));
    },
    end() {
      if (rest.length > 0) addPiece(Uint8Array.of(NEWLINE));
    },
  };
}

function lineEnd(at: number, size: number): number {
  const length = bytes.subarray(at, size).indexOf(NEWLINE);
  return length < 0 ? -1 : at + length;
}
