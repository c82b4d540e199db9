// Puts user properties into an MQTT 5 PUBLISH in the order in which they came, which the codec's objects cannot keep [MQTT-3.3.2-18].

import { createCursor } from './cursor.ts';
import type { MessageProperties } from './message.ts';

type Pairs = NonNullable<MessageProperties['userProperties']>;

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 0x80);
  }
}

/**
 * @param packet a whole PUBLISH without user properties
 * @returns the same packet with `pairs` behind its other properties
 */
export function withUserProperties(packet: Buffer, pairs: Pairs): Buffer {
  const cursor = createCursor(packet);
  const first = cursor.byte();
  cursor.varint(); // the remaining length, which changes
  const head = [text(cursor.text())];
  const hasId = (first & 0b110) > 0;
  if (hasId) head.push(cursor.bytes(2));
  const others = cursor.bytes(cursor.varint());
  const own = pairs.flatMap(([name, value]) => [Buffer.from([0x26]), text(name), text(value)]);
  const properties = Buffer.concat([others, ...own]);
  const body = Buffer.concat([...head, varint(properties.length), properties, cursor.rest()]);
  return Buffer.concat([Buffer.from([first]), varint(body.length), body]);
}
