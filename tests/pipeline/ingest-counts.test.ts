// No reading vanishes uncounted: what a batch of any messages sends is what the counters of ingest add up to.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseMessage } from '../../core/message.ts';
import type { Delta, Window } from '../../core/window.ts';
import { createIngestion } from '../../pipeline/ingest.ts';

const START = 1_790_000_000_000;
const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };

/** A store in memory that counts each fingerprint of a window once. */
function createWindows() {
  const seen = new Map<string, Set<string>>();
  return {
    seen,
    async apply({ deviceId, site, windowStart, readings, metrics, ...span }: Delta) {
      const key = `${windowStart}/${deviceId}`;
      const known = seen.get(key) ?? new Set();
      seen.set(key, known);
      const before = known.size;
      for (const print of readings.keys()) known.add(print);
      const window: Window = { deviceId, site, windowStart, metrics, ...span, readings: known.size };
      return { window, applied: known.size - before };
    },
  };
}

const reading = fc.record(
  {
    id: fc.constantFrom('a', 'b', 7, 'A4:C1:38:00:11:22'),
    timestamp: fc.constantFrom(START, START + 1, START / 1000, 0, 'soon', START - 1e10),
    temperature: fc.constantFrom(1, 2.5, '3.5', 'warm', null, 0.1 + 0.2, 1e300),
    humidity: fc.constantFrom(40, [1], true),
  },
  { requiredKeys: [] },
);
const item = fc.oneof({ weight: 5, arbitrary: reading }, fc.constantFrom(7, null, 'text', [1]));

/** A payload as the rules send it, and how many readings it sends. */
const payload = fc.oneof(
  reading.map((members) => ({ members, readings: 1 })),
  fc.array(item, { minLength: 1, maxLength: 6 }).map((readings) => ({
    members: { readings },
    readings: readings.length,
  })),
  fc.constantFrom('5', 'nan', 'hello', '{"temperature":', '[]', '').map((text) => ({
    members: { rawPayload: Buffer.from(text).toString('base64') },
    readings: 1,
  })),
  // The wish of a shadow: it measures nothing.
  fc.constant({ members: { state: { desired: { target: 23 } } }, readings: 1 }),
);

test('accepted, repeated and rejected readings and messages without readings are all that was sent', async () => {
  const batches = fc.array(
    fc.record({ sent: payload, device: fc.constantFrom('d1', 'd2'), trace: fc.nat(4) }),
    { minLength: 1, maxLength: 12 },
  );
  const property = fc.asyncProperty(batches, async (batch) => {
    const windows = createWindows();
    const kept: number[] = [];
    const ingest = createIngestion({
      windows,
      keepRejected: async ({ rejected }) => void kept.push(rejected.length),
      devices: { sighted: async () => {}, noteUnused: async () => {}, noteUnits: async () => {} },
      judgeWindows: async () => {},
      windowSeconds: 10,
      callsAtOnce: 4,
    });
    const counts: Record<string, number> = {};
    const count = (name: string, value: number, reason?: string) => {
      const key = reason === undefined ? name : `${name}/${reason}`;
      counts[key] = (counts[key] ?? 0) + value;
    };
    const messages = batch.map(({ sent, device, trace }) =>
      parseMessage(
        { ...sent.members, deviceId: device, site: 's', receivedAt: START + 2000, traceId: `t${trace}` },
        limits,
      ),
    );
    assert.deepEqual(await ingest(messages, { count, warn: () => {} }), []);
    const sent = batch.reduce((sum, { sent: { readings } }) => sum + readings, 0);
    const { ReadingsAccepted, ReadingsRepeated, ReadingsRejected, MessagesWithoutReadings } = counts;
    assert.equal(ReadingsAccepted! + ReadingsRepeated! + ReadingsRejected! + MessagesWithoutReadings!, sent);
    // What is accepted is in the windows, and what is rejected in the errors bucket, for its reasons.
    assert.equal(
      ReadingsAccepted,
      [...windows.seen.values()].reduce((sum, { size }) => sum + size, 0),
    );
    assert.equal(
      ReadingsRejected,
      kept.reduce((sum, length) => sum + length, 0),
    );
    const byReason = Object.keys(counts).filter((key) => key.startsWith('ReadingsRejected/'));
    assert.equal(
      byReason.reduce((sum, key) => sum + counts[key]!, 0),
      ReadingsRejected,
    );
  });
  await fc.assert(property, { numRuns: 500, seed: 3 });
});
