// Fits what the broker answers into the largest packet that a client of MQTT 5 takes [MQTT-3.1.2-24].

import type { Packet } from 'mqtt-packet';
import type { Dialect } from './dialect.ts';

/** PUBACK and DISCONNECT may end with the reason code, where there are no properties. */
function withoutPropertyLength(bytes: Buffer): Buffer {
  const [first, length] = bytes;
  return Buffer.from([first!, length! - 1, ...bytes.subarray(2, -1)]);
}

/** The same packet without what the client may do without. */
function shortest(packet: Packet, dialect: Dialect): Buffer {
  const bytes = dialect.encode(dialect.shorten(packet));
  const { cmd } = packet;
  const mayEndEarly =
    (cmd === 'disconnect' && bytes.length === 4) || (cmd === 'puback' && bytes.length === 6);
  return mayEndEarly ? withoutPropertyLength(bytes) : bytes;
}

/** @returns the packet in at most `maxBytes`, or undefined where it cannot be made so short. */
export function fit(packet: Packet, dialect: Dialect, maxBytes: number): Buffer | undefined {
  const bytes = dialect.encode(packet);
  if (bytes.length <= maxBytes) return bytes;
  const short = shortest(packet, dialect);
  return short.length <= maxBytes ? short : undefined;
}
