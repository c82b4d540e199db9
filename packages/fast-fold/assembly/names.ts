// Devices, sites and members recur in every line, so their bytes are recognised instead of being made into text.

import { takeAligned } from './arena.ts';
import { NAME_BYTES, NAME_HASH, NAME_LENGTH } from './layout.ts';
import { entryAt, hasPlace, PROBES, put } from './table.ts';
import { isBefore, isSame } from './text.ts';

/** The name that the bytes spell, whose hash is given, new or known; 0 when it is new and cannot be kept. */
export function nameOf(table: usize, hash: u32, at: usize, length: i32): usize {
  for (let probe: u32 = 0; probe < PROBES; probe += 1) {
    const name = entryAt(table, hash, probe);
    if (name === 0) break;
    if (name !== 1 && isNamed(name, at, length)) return name;
  }
  return keep(table, hash, at, length);
}

/** Whether it is the name that the bytes spell. */
export function isNamed(name: usize, at: usize, length: i32): bool {
  return load<i32>(name, NAME_LENGTH) === length && isSame(at, name + NAME_BYTES, length);
}

function keep(table: usize, hash: u32, at: usize, length: i32): usize {
  if (!hasPlace(table, hash)) return 0;
  const name = takeAligned(NAME_BYTES + length);
  store<u32>(name, hash, NAME_HASH);
  store<i32>(name, length, NAME_LENGTH);
  memory.copy(name + NAME_BYTES, at, length);
  put(table, hash, name);
  return name;
}

/** In the order of their bytes. */
export function isNameBefore(name: usize, other: usize): bool {
  const length = load<i32>(name, NAME_LENGTH);
  return isBefore(name + NAME_BYTES, length, other + NAME_BYTES, load<i32>(other, NAME_LENGTH));
}
