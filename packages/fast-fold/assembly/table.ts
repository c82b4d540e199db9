// Finds entries by their hash. An entry for which there is no place near its own is refused, so that no input makes it slow.

import { take } from './arena.ts';

/** So many slots are looked at for an entry. */
export const PROBES: u32 = 8;
const FIRST_SLOTS: u32 = 64;
/** From a half of its slots on a table is full; below a sixteenth only names chosen for their hash can crowd one place. */
const FULL_BITS = 1;
const EMPTY_BITS = 4;

// A table: its slots, how many they are less one, how many are taken, and how many may be.
const SLOTS = 0;
const MASK = 4;
const TAKEN = 8;
const MOST = 12;
const TABLE_SIZE = 16;

// A slot: the hash and the place of an entry, which is 0 when it is free.
const HASH = 0;
const ENTRY = 4;
const SLOT_BITS = 3;

export function createTable(most: i32): usize {
  const table = take(TABLE_SIZE);
  store<usize>(table, take(FIRST_SLOTS << SLOT_BITS), SLOTS);
  store<u32>(table, FIRST_SLOTS - 1, MASK);
  store<i32>(table, most, MOST);
  return table;
}

/** The entry in the slot that is so many after the one of the hash; 0 when it is free, 1 when it is of another hash. */
export function entryAt(table: usize, hash: u32, probe: u32): usize {
  const slot = slotAt(table, hash + probe);
  const entry = load<usize>(slot, ENTRY);
  return entry === 0 || load<u32>(slot, HASH) === hash ? entry : 1;
}

/** The entry in the slot of the hash, whatever its own; 0 when that is free. */
export function guessOf(table: usize, hash: u32): usize {
  return load<usize>(slotAt(table, hash), ENTRY);
}

/** Whether an entry of that hash may be put: then there is a slot for it. */
export function hasPlace(table: usize, hash: u32): bool {
  const taken = load<u32>(table, TAKEN);
  if (taken >= load<u32>(table, MOST)) return false;
  while (taken > load<u32>(table, MASK) >> FULL_BITS || freeSlot(table, hash) === 0) {
    if (taken <= load<u32>(table, MASK) >> EMPTY_BITS) return false;
    grow(table);
  }
  return true;
}

/** Puts an entry for which there is place. */
export function put(table: usize, hash: u32, entry: usize): void {
  const slot = freeSlot(table, hash);
  store<u32>(slot, hash, HASH);
  store<usize>(slot, entry, ENTRY);
  store<i32>(table, load<i32>(table, TAKEN) + 1, TAKEN);
}

function slotAt(table: usize, place: u32): usize {
  return load<usize>(table, SLOTS) + ((place & load<u32>(table, MASK)) << SLOT_BITS);
}

function freeSlot(table: usize, hash: u32): usize {
  for (let probe: u32 = 0; probe < PROBES; probe += 1) {
    const slot = slotAt(table, hash + probe);
    if (load<usize>(slot, ENTRY) === 0) return slot;
  }
  return 0;
}

/** Into the first larger size in which each entry finds a place: no more than PROBES have the same hash. */
function grow(table: usize): void {
  const old = load<usize>(table, SLOTS);
  const oldEnd = old + ((load<usize>(table, MASK) + 1) << SLOT_BITS);
  let moved = false;
  while (!moved) {
    const mask = load<u32>(table, MASK) * 2 + 1;
    store<usize>(table, take((mask + 1) << SLOT_BITS), SLOTS);
    store<u32>(table, mask, MASK);
    moved = true;
    for (let at = old; moved && at < oldEnd; at += 1 << SLOT_BITS) {
      if (load<usize>(at, ENTRY) === 0) continue;
      const slot = freeSlot(table, load<u32>(at, HASH));
      if (slot === 0) moved = false;
      else store<u64>(slot, load<u64>(at));
    }
  }
}
