// Which known name a misspelled one means.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { byNearness, nearest } from '../../core/nearest.ts';

const metrics = ['humidity', 'temperature', 'battery', 'pm2_5', 'Temperature'];
const meant: readonly (readonly [written: string, found: string | undefined])[] = [
  ['temprature', 'Temperature'],
  ['tempertaure', 'Temperature'],
  ['HUMIDITY', 'humidity'],
  ['humidty', 'humidity'],
  ['pm25', 'pm2_5'],
  ['co2', undefined],
  ['pressure', undefined],
  ['x', undefined],
  ['', undefined],
  ['temperature'.repeat(20), undefined],
];
for (const [written, found] of meant) {
  test(`${written.slice(0, 20) || 'nothing'} means ${found ?? 'none of them'}`, () => {
    assert.equal(nearest(written, metrics), found);
  });
}

test('names are ordered by similarity, and an empty list gives none', () => {
  assert.deepEqual(byNearness('temperatur', ['pressure', 'temperature', 'temp']), [
    'temperature',
    'temp',
    'pressure',
  ]);
  assert.equal(nearest('a', []), undefined);
});
