// Ids of readings as bytes one after the other, because a text for each of a million would cost more than the rest of the reading.

import { TEXT, type FastLine } from './fast-line.ts';
import { asciiOf, bytes, hashAt } from './scan.ts';
import { MAX_ID_LENGTH } from '../reading.ts';

/** An id by where it is kept; 0 is none. */
export type FastId = number;

export interface FastIds {
  /** Keeps the id of the line; 0 when it has none. */
  keep(line: FastLine): FastId;
  /** Whether the line has that id. */
  matches(id: FastId, line: FastLine): boolean;
  /** One bit of 32, the same for the same id. */
  bitOf(line: FastLine): number;
  textOf(id: FastId): string | undefined;
}

export function createFastIds(): FastIds {
  /** Each id after its length; the first byte is taken, so that no id is at 0. */
  let kept = new Uint8Array(1 << 10);
  let used = 1;

  return {
    keep({ starts, ends }) {
      const start = starts[TEXT.id]!;
      const end = ends[TEXT.id]!;
      if (end === 0) return 0;
      if (used + MAX_ID_LENGTH + 1 > kept.length) {
        const larger = new Uint8Array(kept.length * 2);
        larger.set(kept);
        kept = larger;
      }
      const id = used;
      kept[used++] = end - start;
      for (let at = start; at < end; at += 1) kept[used++] = bytes[at]!;
      return id;
    },
    matches(id, { starts, ends }) {
      const start = starts[TEXT.id]!;
      const length = ends[TEXT.id]! - start;
      if (id === 0 || kept[id] !== length) return false;
      for (let i = 0; i < length; i += 1) if (kept[id + 1 + i] !== bytes[start + i]) return false;
      return true;
    },
    bitOf({ starts, ends }) {
      const start = starts[TEXT.id]!;
      return 1 << hashAt(start, ends[TEXT.id]! - start);
    },
    textOf: (id) => (id === 0 ? undefined : asciiOf(kept.subarray(id + 1, id + 1 + kept[id]!))),
  };
}
