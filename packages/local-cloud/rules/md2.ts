// MD2 (RFC 1319), which rules SQL still has, but no library here.

/** A permutation of the bytes that RFC 1319 derives from the digits of pi. */
const SUBSTITUTION = Buffer.from(
  '292e43c9a2d87c013d3654a1ecf0061362a705f3c0c7738c98932bd9bc4c82ca' +
    '1e9b573cfdd4e01667426f188a17e512be4ec4d6da9ede49a0fbf58ebb2fee7a' +
    'a968799115b2073f94c210890b225f21807f5d9a5a903227353ecce7bff79703' +
    'ff1930b348a5b5d1d75e922aac56aac64fb838d296a47db676fc6be29c7404f1' +
    '459d705964718720865bcf65e62da8021b6025adaeb0b9f61c46616934407e0f' +
    '5547a323dd51af3ac35cf9cebac5ea262c530d6e85288409d3dfcdf441814d52' +
    '6adc37c86cc1abfa24e17b080cbdb14a7888958be363e86de9cbd5fe3b001d39' +
    'f2efb70e6658d0e4a67772f8eb754b0a314450b48fed1f1adb998d339f118314',
  'hex',
);

const BLOCK = 16;
const ROUNDS = 18;

function withChecksum(bytes: Buffer): Buffer {
  const missing = BLOCK - (bytes.length % BLOCK);
  const padded = Buffer.concat([bytes, Buffer.alloc(missing, missing)]);
  const checksum = Buffer.alloc(BLOCK);
  let last = 0;
  for (let at = 0; at < padded.length; at++) {
    last = checksum[at % BLOCK]! ^ SUBSTITUTION[padded[at]! ^ last]!;
    checksum[at % BLOCK] = last;
  }
  return Buffer.concat([padded, checksum]);
}

/** Hexadecimal. MD2 is broken: only for rules that already depend on it. */
export function md2(bytes: Buffer): string {
  const input = withChecksum(bytes);
  const state = Buffer.alloc(3 * BLOCK);
  for (let start = 0; start < input.length; start += BLOCK) {
    for (let at = 0; at < BLOCK; at++) {
      state[BLOCK + at] = input[start + at]!;
      state[2 * BLOCK + at] = input[start + at]! ^ state[at]!;
    }
    let carry = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (let at = 0; at < state.length; at++) {
        carry = state[at]! ^ SUBSTITUTION[carry]!;
        state[at] = carry;
      }
      carry = (carry + round) % 256;
    }
  }
  return state.toString('hex', 0, BLOCK);
}
