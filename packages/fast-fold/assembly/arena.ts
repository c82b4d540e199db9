// Memory that only grows, since a fold keeps all that it takes until it ends.

/** Has to throw: it ends the fold. */
declare function outOfMemory(): void;

/** Read beyond an entry at most: bytes are looked at sixteen at a time, and windows fetched with two metrics. */
export const PADDING: usize = 64;
const PAGE: u64 = 1 << 16;

let free: usize = (__heap_base + 15) & ~15;
let end: u64 = 0;

/** So many bytes, all zero, at a multiple of eight: at a higher address than all that was taken before. */
export function take(size: usize): usize {
  const at = free;
  const next = u64(at) + ((u64(size) + 7) & ~7);
  if (next + PADDING > end) grow(next + PADDING);
  free = usize(next);
  return at;
}

/** As `take`, at a multiple of 64: in as few lines of the processor's cache as may be. */
export function takeAligned(size: usize): usize {
  free = (free + 63) & ~63;
  return take(size);
}

/** Where the next bytes will be. */
export function used(): usize {
  return free;
}

function grow(size: u64): void {
  const pages = i32((size + PAGE - 1) / PAGE) - memory.size();
  // Half as much again, if there is as much: what is not used costs nothing.
  if (memory.grow(max(pages, memory.size() >> 1)) < 0 && memory.grow(pages) < 0) outOfMemory();
  end = u64(memory.size()) * PAGE;
}
