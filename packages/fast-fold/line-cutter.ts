// Chunks of an archive end where they will; here they are cut into lines, which are whole while they are read.

/** Who takes lines. */
export interface LineTaker {
  /** INPUT_BYTES of room for what is to be read, until lines are taken. */
  input(): Uint8Array;
  /** Takes lines of the input from `at` up to one that it will not take so, or is not complete before `end`: where that begins. */
  takeLines(at: number, end: number): number;
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

/** Room for the longest line, one piece of a chunk and a zero after them. */
const MAX_LINE_BYTES = 1 << 20;
const PIECE_BYTES = 1 << 17;
export const INPUT_BYTES = MAX_LINE_BYTES + PIECE_BYTES + 1;
/** Kept of a line that is too long. */
const KEPT_BYTES = 1 << 10;
const NEWLINE = 0x0a;

export function createLineCutter(taker: LineTaker): LineCutter {
  /** How long the line is whose end is still to come; it is at the start of the input. */
  let rest = 0;
  /** Whether that one is too long, and its rest of no use. */
  let skipping = false;

  function addPiece(piece: Uint8Array): void {
    const size = rest + piece.length;
    const bytes = taker.input();
    bytes.set(piece, rest);
    bytes[size] = 0;
    const at = takeLines(size);
    const input = taker.input();
    input.copyWithin(0, at, size);
    rest = size - at;
    if (rest <= MAX_LINE_BYTES) return;
    taker.takeTooLong(input.subarray(0, KEPT_BYTES));
    skipping = true;
    rest = 0;
  }

  /** Where the line begins that is not complete. */
  function takeLines(size: number): number {
    let at = 0;
    if (skipping) {
      at = lineEnd(0, size) + 1;
      if (at === 0) return size;
      skipping = false;
    }
    for (;;) {
      at = taker.takeLines(at, size);
      const end = lineEnd(at, size);
      if (end < 0) return at;
      taker.take(taker.input().subarray(at, end));
      at = end + 1;
    }
  }

  function lineEnd(at: number, size: number): number {
    const length = taker.input().subarray(at, size).indexOf(NEWLINE);
    return length < 0 ? -1 : at + length;
  }

  return {
    add(chunk) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) addPiece(chunk.subarray(at, at + PIECE_BYTES));
    },
    end() {
      if (rest > 0) addPiece(Uint8Array.of(NEWLINE));
    },
  };
}
