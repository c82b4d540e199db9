// The checksum of LevelDB's files: CRC-32C, masked so that a checksum of data with checksums is no weaker.

const POLYNOMIAL = 0x82f63b78;
const MASK_DELTA = 0xa282ead8;

const table = Uint32Array.from({ length: 256 }, (_each, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/** As it is stored. @see https://github.com/google/leveldb/blob/main/util/crc32c.h */
export function maskedChecksum(...parts: readonly Buffer[]): number {
  let value = 0xffffffff;
  for (const part of parts) {
    for (const byte of part) value = table[(value ^ byte) & 0xff]! ^ (value >>> 8);
  }
  value = ~value >>> 0;
  return (((value >>> 15) | (value << 17)) + MASK_DELTA) >>> 0;
}
