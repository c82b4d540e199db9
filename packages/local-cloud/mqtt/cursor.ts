// Reads the building blocks of an MQTT packet, refusing what is short, is not UTF-8 or holds U+0000.

import { isUtf8 } from 'node:buffer';
import { Refusal } from './refusal.ts';

export interface Cursor {
  isAtEnd(): boolean;
  byte(): number;
  uint16(): number;
  uint32(): number;
  /** Variable byte integer. */
  varint(): number;
  /** The next `length` bytes. */
  bytes(length: number): Buffer;
  /** All that is left. */
  rest(): Buffer;
  /** Two bytes of length, then so many bytes. */
  binary(): Buffer;
  /** As `binary`, but it must be well-formed UTF-8 without U+0000 [MQTT-1.5.3-1] [MQTT-1.5.3-2]. */
  text(): string;
  /** A cursor over the next `length` bytes, which this one skips. */
  part(length: number): Cursor;
}

export function createCursor(data: Buffer): Cursor {
  let at = 0;
  const take = (length: number) => {
    if (length > data.length - at) throw new Refusal('malformed', 'a packet shorter than its fields');
    const piece = data.subarray(at, at + length);
    at += length;
    return piece;
  };
  const cursor: Cursor = {
    isAtEnd: () => at === data.length,
    byte: () => take(1)[0]!,
    uint16: () => take(2).readUInt16BE(),
    uint32: () => take(4).readUInt32BE(),
    varint() {
      let value = 0;
      for (let shift = 1; shift <= 128 ** 3; shift *= 128) {
        const byte = cursor.byte();
        value += (byte & 0x7f) * shift;
        if (byte < 0x80) return value;
      }
      throw new Refusal('malformed', 'a variable byte integer of more than four bytes [MQTT-1.5.5-1]');
    },
    bytes: take,
    rest: () => take(data.length - at),
    binary: () => take(cursor.uint16()),
    text() {
      const bytes = cursor.binary();
      if (!isUtf8(bytes)) throw new Refusal('malformed', 'text that is not UTF-8 [MQTT-1.5.3-1]');
      if (bytes.includes(0)) throw new Refusal('malformed', 'text with the character U+0000 [MQTT-1.5.3-2]');
      return bytes.toString();
    },
    part: (length) => createCursor(take(length)),
  };
  return cursor;
}
