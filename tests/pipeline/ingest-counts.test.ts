// Every reading is counted: the counters of ingest add up to the readings of a batch of any messages.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseMessage } from '../../core/message.ts';
import type { Reading } from '../../core/reading.ts';
import type { Delta, Window } from '../../core/window.ts';
import { remedyFor } from '../../core/remedy.ts';
import { createIngestion } from '../../pipeline/ingest.ts';

const START = 1_790_000_000_000;
const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };

/** A store in memory that counts each fingerprint of a window once, and at most so many. */
function createWindows(limit = Infinity) {
  const seen = new Map<string, Set<string>>();
  return {
    seen,
    async apply({ deviceId, site, windowStart, readings, metrics, ...span }: Delta) {
      const key = `${windowStart}/${deviceId}`;
      const known = seen.get(key) ?? new Set();
      seen.set(key, known);
      const before = known.size;
      const overflow: Reading[] = [];
      for (const [print, one] of readings) {
        if (known.has(print)) continue;
        if (known.size < limit) known.add(print);
        else overflow.push(one);
      }
      const window: Window = { deviceId, site, windowStart, metrics, ...span, readings: known.size };
      return { window, applied: known.size - before, overflow };
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
  const limit = fc.constantFrom(1, 3, Infinity);
  const property = fc.asyncProperty(batches, limit, async (batch, most) => {
    const windows = createWindows(most);
    const kept: number[] = [];
    const ingest = createIngestion({
      rollups: { mark: async () => {} },
      now: () => 0,
      windows,
      keepRejected: async (_context, rejected) => void kept.push(rejected.length),
      devices: { noteSeen: async () => {}, noteUnused: async () => {}, noteUnits: async () => {} },
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
    // Accepted readings are in the windows, and rejected ones in the errors bucket, with their reasons.
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

test('a reading for a full window is rejected, stored with the other rejections of its message, and reported once', async () => {
  const kept: unknown[] = [];
  const noted: unknown[] = [];
  const warned: unknown[] = [];
  const ingest = createIngestion({
    rollups: { mark: async () => {} },
    now: () => 0,
    windows: createWindows(2),
    keepRejected: async (context, rejected) => void kept.push([context?.traceId, rejected]),
    devices: {
      noteSeen: async () => {},
      noteUnused: async (_device, { rejections }) => void noted.push(rejections.map(({ reason }) => reason)),
      noteUnits: async () => {},
    },
    judgeWindows: async () => {},
    windowSeconds: 10,
    callsAtOnce: 4,
  });
  const readings = [{ t: 1 }, { t: 'warm' }, { t: 2 }, { t: 3 }].map((one, n) => ({ id: `r${n}`, ...one }));
  const context = { deviceId: 'd', site: 's', receivedAt: START, traceId: 'pack' };
  const counts: Record<string, number> = {};
  const count = (name: string, value: number, reason = '') => (counts[`${name} ${reason}`] = value);
  const message = parseMessage({ readings, ...context }, limits);
  const warn = (_text: string, fields: object) => void warned.push(fields);
  assert.deepEqual(await ingest([message], { count, warn }), []);
  const detail =
    'd has 20000 readings in the window of 2026-09-21T14:13:20.000Z, which is the most that a window takes';
  assert.deepEqual(kept, [
    [
      'pack',
      [{ ...message.rejected[0] }, { index: 3, reason: 'window-full', detail, original: { id: 'r3', t: 3 } }],
    ],
  ]);
  assert.deepEqual(noted, [['no-metrics', 'window-full']]);
  assert.deepEqual(
    [counts['ReadingsAccepted '], counts['ReadingsRepeated '], counts['ReadingsRejected window-full']],
    [2, 0, 1],
  );
  assert.deepEqual(warned.at(-1), {
    deviceId: 'd',
    reason: 'window-full',
    readings: 1,
    remedy: remedyFor('window-full'),
  });
});
