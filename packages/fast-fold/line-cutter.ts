// Cuts the chunks of an archive, which end anywhere, into whole lines.

/** What takes the lines. */
export interface LineTaker {
  /** A buffer of INPUT_BYTES for input, valid until lines are taken. */
  input(): Uint8Array;
  /** Takes lines of the input from `at` on. @returns where the first line begins that it does not take, or that is not complete before `end` */
  takeLines(at: number, end: number): number;
  /** Takes a line without its line feed, valid during the call only. */
  take(line: Uint8Array): void;
  /** Takes the first bytes of a line of over MAX_LINE_BYTES, valid during the call only. */
  takeTooLong(start: Uint8Array): void;
}

export interface LineCutter {
  /** Passes every complete line to the taker. */
  add(chunk: Uint8Array): void;
  /** Passes the last line, if it lacks its line feed. */
  end(): void;
}

/** Room for the longest line, one piece of a chunk and a zero after them. */
const MAX_LINE_BYTES = 1 << 20;
const PIECE_BYTES = 1 << 17;
export const INPUT_BYTES = MAX_LINE_BYTES + PIECE_BYTES + 1;
/** Bytes given to `takeTooLong`. */
const KEPT_BYTES = 1 << 10;
const NEWLINE = 0x0a;

/** Puts the piece and a zero after it at `at`. @returns where the piece ends */
function append(input: Uint8Array, piece: Uint8Array, at: number): number {
  const end = at + piece.length;
  input.set(piece, at);
  input[end] = 0;
  return end;
}

/** The offset of the next line feed, or -1. */
function lineEnd(input: Uint8Array, at: number, size: number): number {
  const length = input.subarray(at, size).indexOf(NEWLINE);
  return length < 0 ? -1 : at + length;
}

export function createLineCutter(taker: LineTaker): LineCutter {
  /** Bytes of the line that is not complete, at the start of the input. */
  let rest = 0;
  /** Whether that line is too long, so that its remaining bytes are skipped. */
  let skipping = false;

  function addPiece(piece: Uint8Array): void {
    const size = append(taker.input(), piece, rest);
    const at = takeLines(size);
    const input = taker.input();
    input.copyWithin(0, at, size);
    rest = size - at;
    if (rest <= MAX_LINE_BYTES) return;
    taker.takeTooLong(input.subarray(0, KEPT_BYTES));
    skipping = true;
    rest = 0;
  }

  /** @returns where the line begins that is not complete */
  function takeLines(size: number): number {
    let at = 0;
    if (skipping) {
      at = lineEnd(taker.input(), 0, size) + 1;
      if (at === 0) return size;
      skipping = false;
    }
    for (;;) {
      at = taker.takeLines(at, size);
      const end = lineEnd(taker.input(), at, size);
      if (end < 0) return at;
      taker.take(taker.input().subarray(at, end));
      at = end + 1;
    }
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
