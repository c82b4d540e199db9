// Which devices a file of the parsed archive lists because it may have a reading of theirs twice.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createRepeats, repeatsFromText, repeatsText } from '../../core/archive/repeats.ts';

const HOUR = 3_600_000;

interface Row {
  readonly time: number;
  readonly value: number;
  readonly hour: number;
  readonly exact?: string;
  readonly id?: string;
}

function sliceOf(rows: readonly Row[], device = 'd') {
  const block = {
    ...{ site: 's', device, metric: 't' },
    timestamps: Float64Array.from(rows, ({ time }) => time),
    values: Float64Array.from(rows, ({ value }) => value),
    receivedAt: Float64Array.from(rows, ({ hour }) => hour * HOUR),
    hours: Float64Array.from(rows, ({ hour }) => hour * HOUR),
    units: rows.map(() => undefined),
    exact: rows.map(({ exact }) => exact),
    messageIds: rows.map(({ id }) => id),
  };
  return { block, from: 0, to: rows.length };
}

function repeatsOf(rows: readonly Row[]) {
  const repeats = createRepeats();
  repeats.add(sliceOf(rows));
  return repeats.all();
}

const first = { time: 1, value: 2, hour: 5 };

test.each<[string, Row[], string[]]>([
  ['no device for a reading that came once', [first, { ...first, time: 2, hour: 6 }], []],
  ['the device of a reading resent in another hour', [first, { ...first, hour: 6 }], ['d']],
  [
    'the device of a reading resent after others of the same time',
    [first, { ...first, value: 3 }, { ...first, hour: 6 }],
    ['d'],
  ],
  ['no device for two values of one time', [first, { ...first, value: 3, hour: 6 }], []],
  [
    'no device for two exact values of one double',
    [first, { ...first, exact: '2.0000000000000001', hour: 6 }],
    [],
  ],
  [
    'no device for two ids',
    [
      { ...first, id: 'a' },
      { ...first, id: 'b', hour: 6 },
    ],
    [],
  ],
  ['no device for two readings of one hour, which parsing has already compared', [first, first], []],
  [
    'the device with too many rows of one time to compare',
    Array.from({ length: 70 }, (_, value) => ({ ...first, value })),
    ['d'],
  ],
])('names %s', (_, rows, expected) => {
  assert.deepEqual(repeatsOf(rows), expected);
});

test('compares rows within the slice only', () => {
  const repeats = createRepeats();
  repeats.add({ ...sliceOf([first, { ...first, hour: 6 }]), to: 1 });
  assert.deepEqual(repeats.all(), []);
});

test('lists no device if there are more than 200', () => {
  const repeats = createRepeats();
  for (let n = 0; n < 200; n += 1) repeats.add(sliceOf([first, { ...first, hour: 6 }], `d${n}`));
  assert.equal(repeats.all().length, 200);
  repeats.add(sliceOf([first, { ...first, hour: 6 }], 'one more'));
  assert.equal(repeats.all(), 'any');
});

test('the list is read as it was written, and a file without it may repeat any device', () => {
  assert.deepEqual(repeatsFromText(repeatsText(['a', 'b'])), ['a', 'b']);
  assert.equal(repeatsFromText(repeatsText('any')), 'any');
  assert.equal(repeatsFromText(undefined), 'any');
});
