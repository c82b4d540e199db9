// The files of a LevelDB folder that are in use: a compaction leaves others behind. The manifest is a log of changes to that set.

import { createByteReader, type ByteReader } from './byte-reader.ts';
import { recordsOf } from './log-file.ts';

export interface LiveFiles {
  /** Numbers of the sorted files. */
  readonly tables: ReadonlySet<number>;
  /** The entries of logs from this number on are not in the sorted files yet. */
  readonly firstLog: number;
}

interface State {
  readonly tables: Set<number>;
  firstLog: number;
}

/** By the tag of each change. */
const changes: Readonly<Record<number, (reader: ByteReader, state: State) => void>> = {
  1: (reader) => void reader.prefixed(), // comparator
  2(reader, state) {
    state.firstLog = reader.varint();
  },
  3: (reader) => void reader.varint(), // next file
  4: (reader) => void reader.varint(), // last sequence
  5(reader) {
    reader.varint(); // where the next compaction of a level begins
    reader.prefixed();
  },
  6(reader, state) {
    reader.varint(); // level
    state.tables.delete(reader.varint());
  },
  7(reader, state) {
    reader.varint(); // level
    state.tables.add(reader.varint());
    reader.varint(); // size
    reader.prefixed(); // first key
    reader.prefixed(); // last key
  },
  9: (reader) => void reader.varint(), // previous log
};

/** @throws for a change that LevelDB does not write */
export function liveFilesOf(manifest: Buffer): LiveFiles {
  const state: State = { tables: new Set(), firstLog: 0 };
  for (const record of recordsOf(manifest)) {
    const reader = createByteReader(record);
    while (!reader.isAtEnd()) {
      const tag = reader.varint();
      const change = changes[tag];
      if (!change) throw new Error(`the manifest has a change of unknown kind ${tag}`);
      change(reader, state);
    }
  }
  return state;
}
