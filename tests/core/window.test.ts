// The algebra of deltas: every order, grouping and repetition gives the same window.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Reading } from '../../core/reading.ts';
import {
  deltaOf,
  emptyDelta,
  foldReadings,
  maxReadingsOf,
  merge,
  windowStartOf,
  without,
  type Delta,
} from '../../core/window.ts';

const START = 1790000000000;
const SECONDS = 10;

const value = fc.oneof(
  fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
  fc.constantFrom(0n, 1n, -1n, 10n ** 14n, 2n * 10n ** 14n),
);
const metrics = fc.uniqueArray(
  fc.record({ name: fc.constantFrom('temperature', 'humidity', 'constructor', 'toString', 'size'), value }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 4 },
);

/** Few fingerprints, so that some different readings share one. */
function readings(prints: number, windows = 1): fc.Arbitrary<Reading> {
  return fc.record({
    deviceId: fc.constant('store-1'),
    site: fc.constantFrom('seattle', 'portland'),
    // Few times too, so that some readings share one.
    timestamp: fc.integer({ min: 0, max: windows * SECONDS * 2 - 1 }).map((half) => START + half * 500),
    fingerprint: fc.integer({ min: 0, max: prints }).map((n) => n.toString(16).padStart(16, '0')),
    metrics,
  });
}

const list = fc.array(readings(8), { maxLength: 12 });

/** Readings of one window in which each fingerprint identifies one reading, as well-behaved devices send. */
const honest = fc.uniqueArray(readings(1e9, 4), {
  selector: ({ fingerprint }) => fingerprint,
  maxLength: 30,
});

const key = { deviceId: 'store-1', site: 'seattle', windowStart: START };

function fold(parts: readonly Reading[]): Delta {
  return parts.reduce((delta, reading) => merge(delta, deltaOf(reading, SECONDS)), emptyDelta(key));
}

function content(delta: Delta): unknown {
  const sorted = <T>(map: ReadonlyMap<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  const site = delta.readings.size > 0 && delta.site;
  const { firstReadingAt, lastReadingAt, lastFingerprint } = delta;
  const span = { firstReadingAt, lastReadingAt, lastFingerprint, last: sorted(delta.last) };
  return { site, readings: sorted(delta.readings), metrics: sorted(delta.metrics), ...span };
}

test('merging is associative', () => {
  fc.assert(
    fc.property(list, list, list, (a, b, c) => {
      const [x, y, z] = [fold(a), fold(b), fold(c)];
      assert.deepEqual(content(merge(merge(x, y), z)), content(merge(x, merge(y, z))));
    }),
  );
});

test('merging is commutative', () => {
  fc.assert(
    fc.property(list, list, (a, b) => {
      assert.deepEqual(content(merge(fold(a), fold(b))), content(merge(fold(b), fold(a))));
    }),
  );
});

test('merging with nothing, or with itself, changes nothing', () => {
  fc.assert(
    fc.property(list, (a) => {
      const delta = fold(a);
      assert.deepEqual(content(merge(delta, emptyDelta(key))), content(delta));
      assert.deepEqual(content(merge(emptyDelta({ ...key, site: 'aaa' }), delta)), content(delta));
      assert.deepEqual(content(merge(delta, delta)), content(delta));
    }),
  );
});

test('merging leaves its parts as they were', () => {
  fc.assert(
    fc.property(list, list, (a, b) => {
      const [x, y] = [fold(a), fold(b)];
      const before = [content(x), content(y)];
      merge(x, y);
      assert.deepEqual([content(x), content(y)], before);
    }),
  );
});

test('deltas of different windows do not merge', () => {
  assert.throws(
    () => merge(emptyDelta(key), emptyDelta({ ...key, windowStart: START + 10_000 })),
    RangeError,
  );
  assert.throws(() => merge(emptyDelta(key), emptyDelta({ ...key, deviceId: 'other' })), RangeError);
});

test('any order and any duplication folds to the same windows', () => {
  const shuffled = honest.chain((all) =>
    fc.tuple(
      fc.constant(all),
      fc.shuffledSubarray([...all, ...all], { minLength: all.length, maxLength: all.length * 2 }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([all, mixed]) => {
      const complete = [...mixed, ...all.filter((reading) => !mixed.includes(reading))];
      assert.deepEqual(foldReadings(complete, SECONDS).map(content), foldReadings(all, SECONDS).map(content));
    }),
  );
});

test('statistics equal a recomputation from the readings', () => {
  fc.assert(
    fc.property(honest, (all) => {
      for (const delta of foldReadings(all, SECONDS)) {
        const inWindow = all.filter(
          ({ timestamp }) => windowStartOf(timestamp, SECONDS) === delta.windowStart,
        );
        assert.equal(delta.readings.size, inWindow.length);
        for (const [name, aggregate] of delta.metrics) {
          const values = inWindow
            .flatMap(({ metrics }) => metrics)
            .filter((metric) => metric.name === name)
            .map((metric) => metric.value)
            .sort((a, b) => (a < b ? -1 : 1));
          const sum = values.reduce((total, value) => total + value, 0n);
          assert.deepEqual(aggregate, { min: values[0], max: values.at(-1), sum, count: values.length });
        }
      }
    }),
  );
});

test('the times and the last values of a window are those of its first and its newest reading', () => {
  fc.assert(
    fc.property(honest, (all) => {
      for (const delta of foldReadings(all, SECONDS)) {
        const inOrder = all
          .filter(({ timestamp }) => windowStartOf(timestamp, SECONDS) === delta.windowStart)
          .sort((a, b) => a.timestamp - b.timestamp || (a.fingerprint < b.fingerprint ? -1 : 1));
        const newest = inOrder.at(-1)!;
        assert.deepEqual(
          [delta.firstReadingAt, delta.lastReadingAt, delta.lastFingerprint],
          [inOrder[0]!.timestamp, newest.timestamp, newest.fingerprint],
        );
        assert.deepEqual(delta.last, new Map(newest.metrics.map(({ name, value }) => [name, value])));
      }
    }),
  );
});

test('removing readings gives the same delta as never adding them', () => {
  fc.assert(
    fc.property(honest, fc.integer({ min: 0, max: 30 }), (all, n) => {
      for (const delta of foldReadings(all, SECONDS)) {
        const kept = [...delta.readings.values()].slice(n);
        const seen = new Set([...delta.readings.keys()].slice(0, n));
        assert.deepEqual(
          content(without(delta, seen)),
          content(foldReadings(kept, SECONDS)[0] ?? emptyDelta(delta)),
        );
      }
    }),
  );
});

for (const [timestamp, seconds, start] of [
  [9_999, 10, 0],
  [10_000, 10, 10_000],
  [19_999, 10, 10_000],
  [1_790_000_005_123, 1, 1_790_000_005_000],
  [1_790_000_005_123, 3600, 1_789_999_200_000],
  [1_790_000_005_123, 7, 1_790_000_002_000],
] as const) {
  test(`${timestamp} is in the ${seconds} second window of ${start}`, () => {
    assert.equal(windowStartOf(timestamp, seconds), start);
  });
}

const reading = (n: number, names: readonly string[]): Reading => ({
  deviceId: 'store-1',
  site: 'seattle',
  timestamp: START + n,
  fingerprint: n.toString(16).padStart(16, '0'),
  metrics: names.map((name) => ({ name, value: BigInt(n) })),
});

test('all readings of a window are one delta, whatever their number', () => {
  const all = Array.from({ length: 1000 }, (_, n) => reading(n, ['t', `m${n % 50}`]));
  const deltas = foldReadings([...all, ...all.slice(300)], SECONDS);
  assert.deepEqual(deltas.map(content), [content(fold(all))]);
});

for (const [seconds, readings] of [
  [1, 2000],
  [10, 20_000],
  [50, 100_000],
  [3600, 100_000],
] as const) {
  test(`a window of ${seconds} s accepts ${readings} readings of a device`, () => {
    assert.equal(maxReadingsOf(seconds), readings);
  });
}

test('devices and windows stay separate, oldest first', () => {
  const other = { ...reading(5, ['t']), deviceId: '__proto__' };
  const late = reading(12_000, ['t']);
  const deltas = foldReadings([late, reading(1, ['t']), other], SECONDS);
  assert.deepEqual(
    deltas.map(({ deviceId, windowStart }) => [deviceId, windowStart - START]),
    [
      ['store-1', 0],
      ['__proto__', 0],
      ['store-1', 10_000],
    ],
  );
});
