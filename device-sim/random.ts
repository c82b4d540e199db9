// Repeatable randomness: every value is a function of a seed and an index, so the order of calls does not matter.

/** Mixes all bits of a 32-bit integer (the finalizer of MurmurHash3). */
function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** A 32-bit seed from a name, such as that of a device. */
export function seedOf(...parts: readonly (string | number)[]): number {
  let seed = 0x811c9dc5;
  for (const character of parts.join('\u0000')) seed = mix(seed ^ character.codePointAt(0)!);
  return seed;
}

/** Uniform in [0, 1). `stream` separates uses of the same index. */
export function uniform(seed: number, index: number, stream = 0): number {
  const high = Math.floor(index / 0x1_0000_0000);
  return mix(mix(mix(seed ^ Math.imul(stream + 1, 0x9e3779b1)) ^ index) ^ high) / 0x1_0000_0000;
}

/** Roughly normal in (-1, 1), around 0. */
export function noise(seed: number, index: number, stream = 0): number {
  return (
    (2 / 3) *
    (uniform(seed, index, stream) + uniform(seed, index, stream + 1) + uniform(seed, index, stream + 2) - 1.5)
  );
}
