// Cuts a byte stream into MQTT packets, refusing a packet that is too large before any of it is kept.

import { Refusal } from './refusal.ts';

export interface FrameReader {
  push(chunk: Buffer): void;
  /**
   * The next whole packet, fixed header included, or undefined until more bytes come.
   * Throws Refusal `malformed` or `packetTooLarge`.
   */
  next(): Buffer | undefined;
}

/** Size of the packet whose fixed header begins `data`; undefined while the header is not all there. */
function packetSize(data: Buffer): number | undefined {
  let length = 0;
  for (let i = 1; i < data.length; i += 1) {
    const byte = data[i]!;
    length += (byte & 0x7f) * 128 ** (i - 1);
    if (byte < 0x80) return length + i + 1;
    if (i === 4) throw new Refusal('malformed', 'a remaining length of more than four bytes [MQTT-2.2.3]');
  }
  return undefined;
}

/** `checkFirstByte` may throw Refusal too, before the packet is waited for. */
export function createFrameReader(maxBytes: number, checkFirstByte: (byte: number) => void): FrameReader {
  let rest: Buffer = Buffer.alloc(0);
  /** A packet that came in pieces: the buffer it will fill, and how much of it is there. */
  let partial: { packet: Buffer; filled: number } | undefined;

  const fill = () => {
    const taken = rest.copy(partial!.packet, partial!.filled);
    rest = rest.subarray(taken);
    partial!.filled += taken;
    if (partial!.filled < partial!.packet.length) return undefined;
    const { packet } = partial!;
    partial = undefined;
    return packet;
  };

  return {
    push(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    },
    next() {
      if (partial) return fill();
      if (rest.length === 0) return undefined;
      checkFirstByte(rest[0]!);
      const size = packetSize(rest);
      if (size === undefined) return undefined;
      if (size > maxBytes)
        throw new Refusal('packetTooLarge', `a packet of ${size} bytes, more than ${maxBytes}`);
      if (rest.length < size) {
        partial = { packet: Buffer.allocUnsafeSlow(size), filled: 0 };
        return fill();
      }
      const packet = rest.subarray(0, size);
      rest = rest.subarray(size);
      return packet;
    },
  };
}
