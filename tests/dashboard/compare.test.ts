// The lines that are drawn over a device's plot according to the address, and their values at the pointer.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { comparedOf, queryWith, valueAt } from '../../dashboard/model/compare.ts';

test('the address names up to three other devices, each once, and one metric', () => {
  const compared = (query: Record<string, string>) => comparedOf({ query }, 'fridge-1');
  const cases: [Record<string, string>, readonly string[], string | undefined][] = [
    [{}, [], undefined],
    [{ with: '', over: '' }, [], undefined],
    [{ with: 'fridge-2' }, ['fridge-2'], undefined],
    [{ with: 'fridge-1,hub:4,,hub:4,b' }, ['hub:4', 'b'], undefined],
    [{ with: 'a,b,c,d', over: 'humidity' }, ['a', 'b', 'c'], 'humidity'],
  ];
  for (const [query, devices, metric] of cases) assert.deepEqual(compared(query), { devices, metric });
  assert.deepEqual(queryWith([]), { with: undefined });
  assert.deepEqual(compared({ ...queryWith(['hub:4', 'b']) } as Record<string, string>).devices, [
    'hub:4',
    'b',
  ]);
});

test('a line shows the bucket nearest to the pointer, and nothing in a gap', () => {
  const columns = {
    x: [5, 15, 35, 55, 65],
    mean: [1, 2, null, 4, 5],
    gaps: [[20_000, 50_000]] as [number, number][],
  };
  const cases: [seconds: number, value: number | undefined][] = [
    [0, 1],
    [9, 1],
    [11, 2],
    [15, 2],
    [21, undefined],
    [35, undefined],
    [54, 4],
    [90, 5],
  ];
  for (const [seconds, value] of cases) assert.equal(valueAt(columns, seconds), value, String(seconds));
  assert.equal(valueAt({ x: [], mean: [], gaps: [] }, 5), undefined);
});
