// A PUBLISH of MQTT 3.1.1 is read without the codec: the outcome is the codec's.

import { test } from '@jest/globals';
import { generate, type IPublishPacket, parser as createParser } from 'mqtt-packet';
import assert from 'node:assert/strict';
import { createDecoder } from '../../mqtt/decode.ts';

const published = (more: Partial<IPublishPacket>): IPublishPacket => ({
  ...{ cmd: 'publish', topic: 'telemetry/seattle/fridge-1', payload: '{"temperature":4.2}' },
  ...{ qos: 0, retain: false, dup: false, ...more },
});

const packets: Readonly<Record<string, IPublishPacket>> = {
  'QoS 0': published({}),
  'QoS 1': published({ qos: 1, messageId: 258 }),
  'QoS 1, again and retained': published({ qos: 1, messageId: 65_535, dup: true, retain: true }),
  'QoS 2, which the broker refuses later': published({ qos: 2, messageId: 1 }),
  'no payload': published({ payload: '' }),
  'a topic of other letters': published({ topic: 'Kühlraum/冷蔵庫/🧊' }),
  'a length of three bytes': published({ payload: Buffer.alloc(20_000, 7), qos: 1, messageId: 9 }),
};

function codecOf(frame: Buffer): unknown {
  const parser = createParser();
  let found: unknown;
  parser.on('packet', (packet) => (found = { ...packet }));
  parser.parse(frame);
  return found;
}

test.each(Object.keys(packets))('reads a PUBLISH as the codec does: %s', (name) => {
  const frame = generate(packets[name]!);
  const { packet, shape } = createDecoder()(frame, 4);
  assert.partialDeepStrictEqual(codecOf(frame), packet);
  assert.deepEqual(shape, { userProperties: [], willUserProperties: [] });
});
