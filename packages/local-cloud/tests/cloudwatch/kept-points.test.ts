// The newest points of a metric in memory, against the file that they come from.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { keepPoints, mergePoint } from '../../cloudwatch/kept-points.ts';
import type { Point } from '../../cloudwatch/metric-file.ts';

const point = (minute: number, value = 1): Point => ({
  ...{ minute, count: 1, sum: value, min: value, max: value },
});

test('has the points of the file, whatever is read and added in between', () => {
  const step = fc.oneof(
    fc.record({ add: fc.array(fc.nat(200), { maxLength: 4 }) }),
    fc.record({ from: fc.nat(200), length: fc.constantFrom(1, 5, 60, 12_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const file: Point[] = [];
      const read = (from: number, to: number) =>
        file.filter(({ minute }) => minute >= from && minute < to).map((each) => ({ ...each }));
      const kept = keepPoints(read);
      for (const each of steps) {
        if ('add' in each) {
          const added = each.add.map((minute) => point(minute, minute));
          for (const one of added) mergePoint(file, one);
          kept.add(added);
        } else {
          const { from, length } = each;
          assert.deepEqual(kept.points(from, from + length), read(from, from + length));
        }
      }
    }),
    { seed: 7, numRuns: 300 },
  );
});

test('reads the file once for what slides on every minute', () => {
  const file = [point(1), point(2), point(3)];
  const reads: number[] = [];
  const kept = keepPoints((from, to) => {
    reads.push(from);
    return file.filter(({ minute }) => minute >= from && minute < to);
  });
  for (let minute = 4; minute < 100; minute += 1) {
    file.push(point(minute));
    kept.add([point(minute)]);
    assert.equal(kept.points(minute - 3, minute).length, 3);
  }
  assert.deepEqual(reads, [1]);
});
