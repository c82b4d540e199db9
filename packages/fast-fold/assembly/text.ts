// Looks at texts sixteen bytes at a time: where one ends, whether two are the same, and the hash of one.

// Constants are read from memory, because V8 makes each anew wherever it is used.
const QUOTE = memory.data<u8>([34, 34, 34, 34, 34, 34, 34, 34, 34, 34, 34, 34, 34, 34, 34, 34], 16);
const BACKSLASH = memory.data<u8>([92, 92, 92, 92, 92, 92, 92, 92, 92, 92, 92, 92, 92, 92, 92, 92], 16);
/** Takes space to the least signed byte, and what follows tilde to BEYOND_TILDE. */
const SHIFT = memory.data<u8>([96, 96, 96, 96, 96, 96, 96, 96, 96, 96, 96, 96, 96, 96, 96, 96], 16);
const BEYOND_TILDE = memory.data<i8>(
  [-33, -33, -33, -33, -33, -33, -33, -33, -33, -33, -33, -33, -33, -33, -33, -33],
  16,
);
/** Sixteen bytes of it, from the 16 - n-th on, have their bits set in the first n. */
const FIRST_BYTES = memory.data(32, 16);
memory.fill(FIRST_BYTES, 0xff, 16);

/**
 * Where the run of plain characters from `at` on ends: at the first quote, backslash, control character or byte that is
 * not ASCII.
 */
export function plainEnd(at: usize): usize {
  let ends = specialIn(at);
  while (ends === 0) {
    at += 16;
    ends = specialIn(at);
  }
  return at + ctz(ends);
}

/** A bit for each of sixteen bytes that is not plain. */
function specialIn(at: usize): i32 {
  const bytes = v128.load(at);
  // From space to tilde, since additions wrap around.
  const printable = i8x16.lt_s(i8x16.add(bytes, v128.load(SHIFT)), v128.load(BEYOND_TILDE));
  const marks = v128.or(i8x16.eq(bytes, v128.load(QUOTE)), i8x16.eq(bytes, v128.load(BACKSLASH)));
  return i8x16.bitmask(v128.andnot(printable, marks)) ^ 0xffff;
}

/** Whether the same bytes are at both places. Reads up to fifteen bytes beyond them. */
export function isSame(at: usize, other: usize, length: i32): bool {
  for (; length > 16; length -= 16) {
    if (v128.any_true(v128.xor(v128.load(at), v128.load(other)))) return false;
    at += 16;
    other += 16;
  }
  const difference = v128.xor(v128.load(at), v128.load(other));
  return !v128.any_true(v128.and(difference, v128.load(FIRST_BYTES + (16 - length))));
}

/** A hash of the bytes. Reads up to seven bytes beyond them. */
export function hashOf(at: usize, length: i32): u32 {
  let word: u64 = length;
  for (; length > 8; length -= 8) {
    word = mix(word ^ load<u64>(at));
    at += 8;
  }
  const others = (8 - length) << 3;
  return hashOfWord(word ^ ((load<u64>(at) << others) >> others));
}

/** Mixed twice, since a bit of a product depends on lower ones only: after that the lower half depends on all. */
export function hashOfWord(word: u64): u32 {
  return u32(mix(mix(word)));
}

/** Multiplicative hashing, by 2 ** 64 divided by the golden ratio, and then the upper half mixed into the lower one. */
function mix(word: u64): u64 {
  const product = word * 0x9e3779b97f4a7c15;
  return product ^ (product >> 32);
}

/** Whether the first text comes before the other by its bytes. */
export function isBefore(at: usize, length: i32, other: usize, otherLength: i32): bool {
  const shorter = min(length, otherLength);
  for (let i = 0; i < shorter; i += 1) {
    const byte = load<u8>(at + i);
    const otherByte = load<u8>(other + i);
    if (byte !== otherByte) return byte < otherByte;
  }
  return length < otherLength;
}
