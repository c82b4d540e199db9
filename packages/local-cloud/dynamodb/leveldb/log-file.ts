// Reads the records of LevelDB's log and manifest files. https://github.com/google/leveldb/blob/main/doc/log_format.md

import { maskedChecksum } from './crc32c.ts';

const BLOCK = 32_768;
const HEADER = 7;
const [FULL, FIRST, MIDDLE, LAST] = [1, 2, 3, 4];

/** Complete records. A crash may have cut the last one, which was never acknowledged: reading ends before it. */
export function* recordsOf(bytes: Buffer): Generator<Buffer> {
  let parts: Buffer[] = [];
  for (let position = 0; position + HEADER <= bytes.length;) {
    const left = BLOCK - (position % BLOCK);
    if (left < HEADER) {
      position += left;
      continue;
    }
    const length = bytes.readUInt16LE(position + 4);
    const type = bytes[position + 6]!;
    const content = bytes.subarray(position + HEADER, position + HEADER + length);
    if (content.length < length) return;
    if (maskedChecksum(Buffer.of(type), content) !== bytes.readUInt32LE(position)) return;
    position += HEADER + length;
    if (type === FULL || type === FIRST) parts = [content];
    else if (type === MIDDLE || type === LAST) parts.push(content);
    else return;
    if (type === FULL || type === LAST) yield Buffer.concat(parts);
  }
}
