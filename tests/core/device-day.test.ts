// Rows of the parsed archive become the windows that ingest made of the same readings, or nothing.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { firstWholeDay, lackOf, sourcesOf } from '../../core/archive/day-choice.ts';
import { doubleOf } from '../../core/archive/archived-reading.ts';
import { windowsOfDay, type DeviceRow } from '../../core/archive/device-day.ts';
import { hourText } from '../../core/archive/parsed-rows.ts';
import { roundedDecimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { foldHours, HOUR_MS, hourOf } from '../../core/hour.ts';
import { identityText, type Reading } from '../../core/reading.ts';
import { foldReadings } from '../../core/window.ts';

const START = Date.UTC(2026, 8, 1);
const DAY = 24 * HOUR_MS;
const owner = { deviceId: 'd', site: 's' };

interface Sent {
  readonly reading: Reading;
  readonly receivedAt: number;
  readonly id: string | undefined;
}

function sent(at: number, values: Readonly<Record<string, number>>, later = 50, id?: string): Sent {
  const metrics = Object.entries(values).map(([name, value]) => ({
    name,
    value: roundedDecimalOf(value)!.value,
  }));
  const print = fingerprint(identityText(id, { ms: at, own: true }, metrics, ''));
  return { reading: { ...owner, timestamp: at, fingerprint: print, metrics }, receivedAt: at + later, id };
}

/** As parse-batch writes them: each reading once an hour of arrival. */
function rowsOf(all: readonly Sent[]): DeviceRow[] {
  const seen = new Set<string>();
  return all.flatMap(({ reading, receivedAt, id }) => {
    const hour = hourText(hourOf(receivedAt));
    if (seen.has(`${hour} ${reading.fingerprint}`)) return [];
    seen.add(`${hour} ${reading.fingerprint}`);
    return reading.metrics.map(({ name: metric, value }) => ({
      ...{ metric, timestamp: reading.timestamp, receivedAt, hour, messageId: id },
      ...(doubleOf(value) as Pick<DeviceRow, 'value' | 'exact'>),
    }));
  });
}

const ingested = (all: readonly Sent[]) =>
  foldReadings(
    all.map(({ reading }) => reading),
    10,
  ).map(({ readings, ...window }) => ({ ...window, readings: readings.size }));
const whole = (all: readonly Sent[]) => ({
  ...{ windowSeconds: 10, wholeFrom: START, hours: foldHours(ingested(all)) },
});
const plain = (windows: ReturnType<typeof ingested>) =>
  windows.map(({ lastFingerprint: _print, ...window }) => window);

const message = fc.record({
  second: fc.integer({ min: 0, max: 400 }),
  values: fc.dictionary(
    fc.constantFrom('t', 'h', 'p'),
    fc.oneof(fc.integer({ min: -50, max: 50 }), fc.double({ min: -1e6, max: 1e6, noNaN: true })),
    { minKeys: 1 },
  ),
  later: fc.constantFrom(50, 900, HOUR_MS, 3 * HOUR_MS),
  isResent: fc.boolean(),
  id: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
});

test('random readings, resent and of one moment, are the windows that ingest made, or the day is refused', () => {
  let [equal, refused] = [0, 0];
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 30 }), (messages) => {
      const all = messages.flatMap(({ second, values, later, isResent, id }) => {
        const first = sent(START + second * 1000, values, later, id);
        return isResent ? [first, { ...first, receivedAt: first.receivedAt + HOUR_MS }] : [first];
      });
      try {
        const made = windowsOfDay(rowsOf(all), owner, whole(all));
        assert.deepEqual(plain(made), plain(ingested(all)));
        equal += 1;
      } catch (error) {
        assert.match((error as Error).message, /^2026-09-01T\d\d: /);
        refused += 1;
      }
    }),
    { seed: 11, numRuns: 400 },
  );
  assert.ok(equal > 20 * refused, `${equal} equal, ${refused} refused`);
});

const pair = [sent(START + 1000, { t: 4.2 }), sent(START + 1000, { h: 50 })];

test('values of one moment are one reading or two, as the hours have it', () => {
  const together = [sent(START + 1000, { t: 4.2, h: 50 })];
  assert.equal(windowsOfDay(rowsOf(together), owner, whole(together))[0]!.readings, 1);
  assert.equal(windowsOfDay(rowsOf(pair), owner, whole(pair))[0]!.readings, 2);
});

const differing: readonly (readonly [title: string, rows: readonly DeviceRow[], message: RegExp])[] = [
  ['a row too few', rowsOf(pair).slice(1), /^2026-09-01T00: 1 readings instead of 2$/],
  [
    'a row too many',
    [...rowsOf(pair), ...rowsOf([sent(START + 5000, { t: 1 })])],
    /^2026-09-01T00: the same number of readings, 2, with other values$/,
  ],
  [
    'another value',
    rowsOf(pair).map((row) => ({ ...row, value: row.value + 1 })),
    /with other values|instead of/,
  ],
  [
    'another time',
    rowsOf(pair).map((row) => ({ ...row, timestamp: row.timestamp + 1 })),
    /other times|instead of/,
  ],
  ['no row', [], /^2026-09-01T00: no readings instead of 2$/],
  [
    'a value beyond all',
    rowsOf(pair).map((row) => ({ ...row, value: NaN })),
    /the value NaN is not a decimal/,
  ],
  [
    'several readings with the time of arrival',
    rowsOf(pair).map((row, n) => ({ ...row, receivedAt: row.timestamp, hour: `2026-09-01T0${n}` })),
    /several readings have the time of their arrival/,
  ],
];
for (const [title, rows, expected] of differing) {
  test(`${title} refuses the day`, () =>
    assert.throws(() => windowsOfDay(rows, owner, whole(pair)), { message: expected }));
}

test('without stored hours, a day is refused if nothing shows which of its values were resent', () => {
  const options = { windowSeconds: 10, wholeFrom: Infinity, hours: [] };
  const first = sent(START + 1000, { t: 4.2, h: 50 });
  assert.equal(windowsOfDay(rowsOf([first]), owner, options)[0]!.metrics.get('t')!.count, 1);
  const again = { ...sent(START + 1000, { t: 4.2 }), receivedAt: first.receivedAt + HOUR_MS };
  assert.throws(() => windowsOfDay(rowsOf([first, again]), owner, options), {
    message: '2026-09-01T00: the rows do not show which values were sent again',
  });
});

const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const cases: readonly (readonly [
  title: string,
  progress: Parameters<typeof lackOf>[1],
  lack: string | undefined,
])[] = [
  ['nothing parsed', undefined, 'it is parsed until no hour yet'],
  ['late readings that may come', { until: '2026-09-09T00', open: [] }, 'it is parsed until 2026-09-09T00'],
  ['all hours of arrival', { until: '2026-09-09T01', open: [] }, undefined],
  [
    'an open hour of a late reading',
    { until: '2026-12-01T00', open: ['2026-09-08T23'] },
    'the hour 2026-09-08T23 is not parsed',
  ],
  ['an open hour before', { until: '2026-12-01T00', open: ['2026-08-31T21'] }, undefined],
  ['an open hour after', { until: '2026-12-01T00', open: ['2026-09-09T01'] }, undefined],
  [
    'an open hour of clocks ahead',
    { until: '2026-12-01T00', open: ['2026-08-31T22'] },
    'the hour 2026-08-31T22 is not parsed',
  ],
];
for (const [title, progress, lack] of cases) {
  test(`the archive of a day, with ${title}: ${lack ?? 'it is complete'}`, () =>
    assert.equal(lackOf(START, progress, limits), lack));
}

test('a table that forgets item by item has whole days from the next midnight on', () => {
  assert.equal(firstWholeDay(START + 30 * DAY + 1, 30), START + DAY);
  assert.equal(firstWholeDay(START + 30 * DAY - 1, 30), START);
});

test('neighbouring days of one source are one span, with the requested ends', () => {
  const asked = { from: START + HOUR_MS, to: START + 3 * DAY + HOUR_MS };
  assert.deepEqual(
    sourcesOf(asked, (day) => (day <= START + DAY ? 'archive' : 'table')),
    [
      { from: asked.from, to: START + 2 * DAY, source: 'archive' },
      { from: START + 2 * DAY, to: asked.to, source: 'table' },
    ],
  );
  assert.deepEqual(
    sourcesOf({ from: 5, to: 5 }, () => 'archive'),
    [],
  );
});
