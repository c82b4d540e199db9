// Turns one whole packet into an object: shape first, then the mqtt-packet codec, but for the PUBLISH packets that nearly all packets are.

import { type IPublishPacket, type Packet, parser as createParser } from 'mqtt-packet';
import { createCursor } from './cursor.ts';
import { Refusal } from './refusal.ts';
import { checkShape, publishHead, type Shape, startOf, type Version } from './shape.ts';

export interface Decoded {
  readonly packet: Packet;
  readonly shape: Shape;
}

const PUBLISH = 3;
const NO_PROPERTIES: Shape = { userProperties: [], willUserProperties: [] };

/** A PUBLISH of MQTT 3.1.1, section 3.3. The codec takes ten times as long for it, mostly for a log that nobody reads. */
function readPublish(frame: Buffer): IPublishPacket {
  const flags = frame[0]! & 0x0f;
  const cursor = createCursor(frame.subarray(startOf(frame)));
  const { topic, messageId, qos } = publishHead(cursor, flags);
  return {
    ...{ cmd: 'publish', qos, topic, payload: cursor.rest(), length: frame.length - startOf(frame) },
    ...{ retain: (flags & 1) !== 0, dup: (flags & 8) !== 0 },
    ...(messageId !== undefined && { messageId }),
  };
}

/** Makes the decoder of one connection. It throws Refusal for all that the specification forbids. */
export function createDecoder(): (frame: Buffer, version: Version | undefined) => Decoded {
  const parser = createParser();
  let packet: Packet | undefined;
  let failure = '';
  parser.on('packet', (parsed) => (packet = parsed));
  parser.on('error', (error: Error) => (failure = error.message));
  return (frame, version) => {
    const isPublish = frame[0]! >> 4 === PUBLISH && version === 4;
    if (isPublish) return { packet: readPublish(frame), shape: NO_PROPERTIES };
    const shape = checkShape(frame, version);
    packet = undefined;
    failure = '';
    parser.parse(frame);
    if (failure) throw new Refusal('malformed', failure);
    if (!packet) throw new Refusal('malformed', 'a packet that ends in the middle of a field');
    return { packet, shape };
  };
}
