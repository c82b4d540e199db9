// Reads the sorted files of LevelDB. https://github.com/google/leveldb/blob/main/doc/table_format.md

import { createByteReader, type ByteReader } from './byte-reader.ts';
import { maskedChecksum } from './crc32c.ts';
import { decompress } from './snappy.ts';

const FOOTER = 48;
const MAGIC = 0xdb4775248b80fb57n;
const SNAPPY = 1;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

const handleOf = (reader: ByteReader): Handle => ({ offset: reader.varint(), size: reader.varint() });

function blockAt(file: Buffer, { offset, size }: Handle): Buffer {
  const content = file.subarray(offset, offset + size);
  const type = file.subarray(offset + size, offset + size + 1);
  if (maskedChecksum(content, type) !== file.readUInt32LE(offset + size + 1))
    throw new Error('a block has another checksum than it should');
  return type[0] === SNAPPY ? decompress(content) : content;
}

/** Keys share their beginning with the key before. */
function* entriesOf(block: Buffer): Generator<readonly [key: Buffer, value: Buffer]> {
  const restarts = block.readUInt32LE(block.length - 4);
  const reader = createByteReader(block.subarray(0, block.length - 4 * (restarts + 1)));
  let key = Buffer.alloc(0);
  while (!reader.isAtEnd()) {
    const [shared, own, length] = [reader.varint(), reader.varint(), reader.varint()];
    key = Buffer.concat([key.subarray(0, shared), reader.take(own)]);
    yield [key, reader.take(length)];
  }
}

/** Internal keys and values, in order. @throws for a damaged file */
export function* tableEntries(file: Buffer): Generator<readonly [key: Buffer, value: Buffer]> {
  const footer = file.subarray(-FOOTER);
  if (footer.length < FOOTER || footer.readBigUInt64LE(FOOTER - 8) !== MAGIC)
    throw new Error('the file does not end as a LevelDB table does');
  const reader = createByteReader(footer);
  handleOf(reader); // of the meta index
  for (const [, handle] of entriesOf(blockAt(file, handleOf(reader)))) {
    yield* entriesOf(blockAt(file, handleOf(createByteReader(handle))));
  }
}
