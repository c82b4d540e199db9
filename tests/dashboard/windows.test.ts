// Joining stored windows and live readings into one series with every reading once.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  addReading,
  columnsOf,
  lastReadingAtOf,
  joined,
  newestOf,
  stillLive,
  type LiveReading,
  type StoredWindow,
} from '../../dashboard/model/windows.ts';

const SIZE = 10_000;

/** As ingest stores the readings. */
function stored(readings: readonly LiveReading[]): Map<number, StoredWindow> {
  const windows = joined(new Map(), readings, SIZE);
  return new Map(windows.map((window) => [window.start, window]));
}

const reading = (at: number, temperature: number): LiveReading => ({ at, values: { temperature } });
const shown = (windows: readonly StoredWindow[]) =>
  windows.map(({ start, readings, metrics: { temperature } }) => [
    ...[start, readings],
    ...[temperature!.min, temperature!.max, temperature!.sum],
  ]);

const cases: readonly {
  readonly title: string;
  readonly stored: readonly LiveReading[];
  readonly live: readonly LiveReading[];
  readonly series: readonly (readonly number[])[];
}[] = [
  { title: 'nothing gives nothing', stored: [], live: [], series: [] },
  {
    title: 'live readings alone make windows',
    stored: [],
    live: [reading(1000, 4), reading(2000, 6), reading(11_000, 5)],
    series: [
      [0, 2, 4, 6, 10],
      [10_000, 1, 5, 5, 5],
    ],
  },
  {
    title: 'a reading that is both stored and live counts once',
    stored: [reading(1000, 4), reading(2000, 6)],
    live: [reading(2000, 6)],
    series: [[0, 2, 4, 6, 10]],
  },
  {
    title: 'a reading later than the stored part of its window is added to it',
    stored: [reading(1000, 4)],
    live: [reading(1000, 4), reading(2000, 7)],
    series: [[0, 2, 4, 7, 11]],
  },
  {
    title: 'a window without readings between two others is missing',
    stored: [reading(1000, 4)],
    live: [reading(31_000, 5)],
    series: [
      [0, 1, 4, 4, 4],
      [30_000, 1, 5, 5, 5],
    ],
  },
];
for (const { title, stored: before, live, series } of cases) {
  test(title, () => {
    assert.deepEqual(shown(joined(stored(before), live, SIZE)), series);
  });
}

test('the series has all readings, whenever the page is opened', () => {
  const count = fc.integer({ min: 1, max: 200 });
  fc.assert(
    fc.property(count, fc.nat({ max: 400 }), fc.nat({ max: 400 }), (many, openedAt, liveFrom) => {
      const all = Array.from({ length: many }, (_, index) => reading(index * 700, index % 9));
      const before = all.slice(0, openedAt);
      // Live readings begin no later than the stored windows end.
      const live = all.slice(Math.min(openedAt, liveFrom));
      const expected = joined(new Map(), all, SIZE);
      assert.deepEqual(shown(joined(stored(before), live, SIZE)), shown(expected));
      const closed = 3 * SIZE;
      assert.deepEqual(
        shown(
          joined(stored(all.filter(({ at }) => at < closed)), stillLive(all, new Map(), SIZE, closed), SIZE),
        ),
        shown(expected),
      );
    }),
  );
});

test('a metric may have the name of a member that every object has', () => {
  const values = (at: number, constructor: number): LiveReading => ({
    at,
    values: { constructor, toString: 1 },
  });
  const [first, second] = joined(stored([values(0, 4)]), [values(1000, 6), values(SIZE, 5)], SIZE);
  assert.deepEqual(Object.entries(first!.metrics), [
    ['constructor', { min: 4, max: 6, sum: 10, count: 2, last: 6 }],
    ['toString', { min: 1, max: 1, sum: 2, count: 2, last: 1 }],
  ]);
  const windows = new Map([[0, first!]]);
  addReading(windows, reading(2000, 3), SIZE);
  assert.deepEqual(columnsOf([second!, windows.get(0)!], 'valueOf', SIZE).x, []);
  assert.deepEqual(columnsOf([first!, second!], 'constructor', SIZE).mean, [5, 5]);
});

test('a live reading that a stored window contains is dropped', () => {
  const all = [reading(1000, 4), reading(2000, 5), reading(11_000, 6)];
  assert.deepEqual(stillLive(all, stored(all.slice(0, 1)), SIZE, 0), all.slice(1));
  assert.deepEqual(stillLive(all, new Map(), SIZE, SIZE), all.slice(2));
  const withoutTimes = new Map([[0, { start: 0, readings: 1, metrics: {} }]]);
  assert.deepEqual(stillLive(all, withoutTimes, SIZE, 0), all.slice(2));
});

test('the newest values of a window are those of its last reading, else the highest', () => {
  const figures = { min: 1, max: 9, sum: 10, count: 2 };
  const metrics = { a: { ...figures, last: 2 }, b: figures };
  const window = { start: 10_000, readings: 2, metrics };
  assert.deepEqual(newestOf(window), { a: 2, b: 9 });
  assert.equal(lastReadingAtOf({ ...window, lastReadingAt: 12_000 }), 12_000);
  assert.equal(lastReadingAtOf(window), 10_000);
});

const measuredAt = (...starts: number[]): StoredWindow[] =>
  joined(
    new Map(),
    starts.map((start) => reading(start, 4)),
    SIZE,
  );

test('the line breaks at gaps, which have the right length', () => {
  const { x, mean, gaps } = columnsOf(measuredAt(0, 10_000, 20_000, 90_000, 100_000), 'temperature', SIZE);
  assert.deepEqual(gaps, [[30_000, 90_000]]);
  assert.deepEqual(mean, [4, 4, 4, null, 4, 4]);
  assert.deepEqual(x, [5, 15, 25, 60, 95, 105]);
});

test('a device that sends once a minute has no gaps between its readings', () => {
  const { gaps } = columnsOf(measuredAt(0, 60_000, 120_000, 180_000, 240_000), 'temperature', SIZE, 300_000);
  assert.deepEqual(gaps, []);
});

test('a gap extends to now', () => {
  const { gaps } = columnsOf(measuredAt(0, 10_000, 20_000), 'temperature', SIZE, 90_000);
  assert.deepEqual(gaps, [[30_000, 90_000]]);
});

test('adding readings one by one gives the same windows as adding all at once', () => {
  const values = fc.array(
    fc.record({ at: fc.integer({ min: 0, max: 60_000 }), temperature: fc.integer({ min: -400, max: 400 }) }),
  );
  fc.assert(
    fc.property(values, (found) => {
      const readings = found
        .map(({ at, temperature }, index) => reading(at + index * 1e-3, temperature))
        .sort((a, b) => a.at - b.at);
      const windows = new Map<number, StoredWindow>();
      for (const each of readings) addReading(windows, each, SIZE);
      assert.deepEqual([...windows.values()], joined(new Map(), readings, SIZE));
    }),
  );
});
