// Turns one whole packet into an object: shape first, then the mqtt-packet codec.

import { type Packet, parser as createParser } from 'mqtt-packet';
import { Refusal } from './refusal.ts';
import { checkShape, type Shape, type Version } from './shape.ts';

export interface Decoded {
  readonly packet: Packet;
  readonly shape: Shape;
}

/** Makes the decoder of one connection. It throws Refusal for all that the specification forbids. */
export function createDecoder(): (frame: Buffer, version: Version | undefined) => Decoded {
  const parser = createParser();
  let packet: Packet | undefined;
  let failure = '';
  parser.on('packet', (parsed) => (packet = parsed));
  parser.on('error', (error: Error) => (failure = error.message));
  return (frame, version) => {
    const shape = checkShape(frame, version);
    packet = undefined;
    failure = '';
    parser.parse(frame);
    if (failure) throw new Refusal('malformed', failure);
    if (!packet) throw new Refusal('malformed', 'a packet that ends in the middle of a field');
    return { packet, shape };
  };
}
