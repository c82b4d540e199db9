// Which MQTT 5 properties may stand in which packet, how often and with what value; the codec itself lets all pass.

import type { Cursor } from './cursor.ts';
import { Refusal } from './refusal.ts';

export type PropertyPlace =
  'connect' | 'will' | 'publish' | 'ack' | 'subscribe' | 'unsubscribe' | 'disconnect';

interface Property {
  readonly places: readonly PropertyPlace[];
  read(cursor: Cursor): unknown;
  readonly repeats?: true;
  /** What the value must not be. */
  readonly forbidden?: (value: unknown) => boolean;
}

const byte = (cursor: Cursor) => cursor.byte();
const uint16 = (cursor: Cursor) => cursor.uint16();
const uint32 = (cursor: Cursor) => cursor.uint32();
const text = (cursor: Cursor) => cursor.text();
const binary = (cursor: Cursor) => cursor.binary();
const pair = (cursor: Cursor) => [cursor.text(), cursor.text()];
const notBoolean = (value: unknown) => Number(value) > 1;
const isZero = (value: unknown) => value === 0;

const message: readonly PropertyPlace[] = ['publish', 'will'];

/** MQTT 5, table 2-4, less what only a server sends. */
const properties: ReadonlyMap<number, Property> = new Map<number, Property>([
  [0x01, { places: message, read: byte, forbidden: notBoolean }],
  [0x02, { places: message, read: uint32 }],
  [0x03, { places: message, read: text }],
  [0x08, { places: message, read: text }],
  [0x09, { places: message, read: binary }],
  [0x0b, { places: ['subscribe'], read: (cursor) => cursor.varint(), forbidden: isZero }],
  [0x11, { places: ['connect', 'disconnect'], read: uint32 }],
  [0x15, { places: ['connect'], read: text }],
  [0x16, { places: ['connect'], read: binary }],
  [0x17, { places: ['connect'], read: byte, forbidden: notBoolean }],
  [0x18, { places: ['will'], read: uint32 }],
  [0x19, { places: ['connect'], read: byte, forbidden: notBoolean }],
  [0x1f, { places: ['ack', 'disconnect'], read: text }],
  [0x21, { places: ['connect'], read: uint16, forbidden: isZero }],
  [0x22, { places: ['connect'], read: uint16 }],
  [0x23, { places: ['publish'], read: uint16 }],
  [
    0x26,
    {
      places: ['connect', 'will', 'publish', 'ack', 'subscribe', 'unsubscribe', 'disconnect'],
      read: pair,
      repeats: true,
    },
  ],
  [0x27, { places: ['connect'], read: uint32, forbidden: isZero }],
]);

/** User properties in the order sent, which the codec does not keep. */
export type UserProperties = [string, string][];

/** Reads the property block at the cursor. Throws Refusal `malformed` or `protocolError`. */
export function readProperties(cursor: Cursor, place: PropertyPlace): UserProperties {
  const block = cursor.part(cursor.varint());
  const seen = new Set<number>();
  const userProperties: UserProperties = [];
  while (!block.isAtEnd()) {
    const id = block.varint();
    const property = properties.get(id);
    if (!property?.places.includes(place)) {
      throw new Refusal('malformed', `the property 0x${id.toString(16)} in a place that it is not for`);
    }
    const value = property.read(block);
    if (seen.has(id) && !property.repeats) {
      throw new Refusal('protocolError', `the property 0x${id.toString(16)} twice`);
    }
    if (property.forbidden?.(value)) {
      throw new Refusal('protocolError', `a value that the property 0x${id.toString(16)} must not have`);
    }
    seen.add(id);
    if (id === 0x26) userProperties.push(value as [string, string]);
  }
  return userProperties;
}
