// Reads LevelDB's variable-length integers and length-prefixed bytes, one after the other.

export interface ByteReader {
  /** Up to 53 bits. */
  varint(): number;
  /** Bytes after their length. */
  prefixed(): Buffer;
  take(length: number): Buffer;
  isAtEnd(): boolean;
}

/** @throws when the bytes end too early */
export function createByteReader(bytes: Buffer): ByteReader {
  let position = 0;

  function take(length: number): Buffer {
    if (position + length > bytes.length) throw new Error('a LevelDB record ends too early');
    position += length;
    return bytes.subarray(position - length, position);
  }

  function varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = take(1)[0]!;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  }

  return { varint, take, prefixed: () => take(varint()), isAtEnd: () => position >= bytes.length };
}
