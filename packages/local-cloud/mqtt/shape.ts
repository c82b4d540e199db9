// Checks the shape of a packet before the codec reads it, because the codec lets pass what the specification forbids.

import { createCursor, type Cursor } from './cursor.ts';
import { type PropertyPlace, readProperties, type UserProperties } from './properties.ts';
import { Refusal } from './refusal.ts';

export type Version = 4 | 5;

/** What the check learns that the codec does not keep. */
export interface Shape {
  readonly userProperties: UserProperties;
  readonly willUserProperties: UserProperties;
}

type Check = (cursor: Cursor, flags: number, version: Version) => Partial<Shape>;

function properties(cursor: Cursor, place: PropertyPlace, version: Version): UserProperties {
  return version === 5 ? readProperties(cursor, place) : [];
}

function packetId(cursor: Cursor): number {
  const id = cursor.uint16();
  if (id === 0) throw new Refusal('malformed', 'packet identifier 0 [MQTT-2.3.1-1]');
  return id;
}

function end(cursor: Cursor): void {
  if (!cursor.isAtEnd()) throw new Refusal('malformed', 'bytes after the last field of a packet');
}

/** A mosquitto bridge sets it at first, and tries again without it once CONNACK has refused it. No specification has it. */
const BRIDGE_BIT = 0x80;

function protocolLevel(cursor: Cursor): Version {
  const name = cursor.text();
  const level = cursor.byte();
  if (name !== 'MQTT' && name !== 'MQIsdp') throw new Refusal('malformed', 'a protocol name other than MQTT');
  if (name !== 'MQTT' || (level !== 4 && level !== 5)) {
    const remedy = level & BRIDGE_BIT ? '; set "try_private false" for this mosquitto bridge' : '';
    throw new Refusal(
      'unsupportedVersion',
      `protocol ${name} level ${level}: MQTT 3.1.1 and 5 are supported${remedy}`,
    );
  }
  return level;
}

function connectFlags(flags: number, version: Version): void {
  const will = (flags & 0x04) !== 0;
  if (flags & 0x01) throw new Refusal('malformed', 'the reserved connect flag set [MQTT-3.1.2-3]');
  if (!will && flags & 0x38) throw new Refusal('malformed', 'will flags without a will [MQTT-3.1.2-11]');
  if ((flags & 0x18) === 0x18) throw new Refusal('malformed', 'a will with QoS 3 [MQTT-3.1.2-14]');
  if (version === 4 && (flags & 0xc0) === 0x40) {
    throw new Refusal('malformed', 'a password without a user name [MQTT-3.1.2-22]');
  }
}

const connect: Check = (cursor) => {
  const version = protocolLevel(cursor);
  const flags = cursor.byte();
  connectFlags(flags, version);
  cursor.uint16();
  const userProperties = properties(cursor, 'connect', version);
  cursor.text();
  let willUserProperties: UserProperties = [];
  if (flags & 0x04) {
    willUserProperties = properties(cursor, 'will', version);
    cursor.text();
    cursor.binary();
  }
  if (flags & 0x80) cursor.text();
  if (flags & 0x40) cursor.binary();
  end(cursor);
  return { userProperties, willUserProperties };
};

/** What is in front of the properties and the payload of a PUBLISH. */
export function publishHead(
  cursor: Cursor,
  flags: number,
): { readonly topic: string; readonly qos: 0 | 1 | 2; readonly messageId: number | undefined } {
  const qos = (flags >> 1) & 3;
  if (qos === 3) throw new Refusal('malformed', 'QoS 3 [MQTT-3.3.1-4]');
  if (qos === 0 && flags & 0x08) throw new Refusal('malformed', 'DUP with QoS 0 [MQTT-3.3.1-2]');
  const topic = cursor.text();
  return { topic, qos: qos as 0 | 1 | 2, messageId: qos > 0 ? packetId(cursor) : undefined };
}

const publish: Check = (cursor, flags, version) => {
  publishHead(cursor, flags);
  return { userProperties: properties(cursor, 'publish', version) };
};

/** MQTT 5 lets a reason code and properties follow; both may be left out. */
function optionalReason(cursor: Cursor, place: PropertyPlace, version: Version): void {
  if (version === 5 && !cursor.isAtEnd()) cursor.byte();
  if (version === 5 && !cursor.isAtEnd()) readProperties(cursor, place);
  end(cursor);
}

const puback: Check = (cursor, _flags, version) => {
  packetId(cursor);
  optionalReason(cursor, 'ack', version);
  return {};
};

const subscribe: Check = (cursor, _flags, version) => {
  packetId(cursor);
  const userProperties = properties(cursor, 'subscribe', version);
  do {
    cursor.text();
    cursor.byte();
  } while (!cursor.isAtEnd()); // at least one [MQTT-3.8.3-3]
  return { userProperties };
};

const unsubscribe: Check = (cursor, _flags, version) => {
  packetId(cursor);
  const userProperties = properties(cursor, 'unsubscribe', version);
  do cursor.text();
  while (!cursor.isAtEnd()); // at least one [MQTT-3.10.3-2]
  return { userProperties };
};

const pingreq: Check = (cursor) => {
  end(cursor);
  return {};
};

const disconnect: Check = (cursor, _flags, version) => {
  optionalReason(cursor, 'disconnect', version);
  return {};
};

/** By packet type; a type that is not here is not for a client of this broker to send. */
const packets: ReadonlyMap<number, { readonly flags?: number; readonly check: Check }> = new Map([
  [1, { flags: 0, check: connect }],
  [3, { check: publish }],
  [4, { flags: 0, check: puback }],
  [8, { flags: 2, check: subscribe }],
  [10, { flags: 2, check: unsubscribe }],
  [12, { flags: 0, check: pingreq }],
  [14, { flags: 0, check: disconnect }],
]);

/**
 * Checks the first byte of a packet, before the rest is waited for. `version` is undefined until CONNECT.
 * Throws Refusal `malformed` or `protocolError`.
 */
export function checkFirstByte(first: number, version: Version | undefined): void {
  const type = first >> 4;
  const packet = packets.get(type);
  if (!packet)
    throw new Refusal('protocolError', `a packet of type ${type}, which a client must not send here`);
  if (version === undefined && type !== 1) {
    throw new Refusal('protocolError', 'a packet before CONNECT [MQTT-3.1.0-1]');
  }
  if (packet.flags !== undefined && packet.flags !== (first & 0x0f)) {
    throw new Refusal('malformed', 'reserved flags in the fixed header [MQTT-2.2.2-2]');
  }
}

/** Where the variable header begins: after the type and the remaining length. */
export function startOf(frame: Buffer): number {
  let start = 1;
  while (frame[start]! >= 0x80) start += 1;
  return start + 1;
}

/**
 * Checks one whole packet whose first byte is checked already.
 * Throws Refusal `malformed`, `protocolError` or `unsupportedVersion`.
 */
export function checkShape(frame: Buffer, version: Version | undefined): Shape {
  const { check } = packets.get(frame[0]! >> 4)!;
  const learnt = check(createCursor(frame.subarray(startOf(frame))), frame[0]! & 0x0f, version ?? 4);
  return { userProperties: [], willUserProperties: [], ...learnt };
}
