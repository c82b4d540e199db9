// Pages of several devices: nothing is lost between them, and none is larger than a response may be.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { rollUp, type Bucket } from '../../core/rollup.ts';
import { NO_SPAN } from '../../core/span.ts';
import { pageOfSeries } from '../../http-api/series.ts';

const bucket = (start: number, metrics: number): Bucket =>
  rollUp(
    [
      {
        ...{ windowStart: start * 10_000, readings: 1, ...NO_SPAN },
        metrics: new Map(
          Array.from({ length: metrics }, (_, n) => [`m${n}`, { min: 0n, max: 0n, sum: 0n, count: 1 }]),
        ),
      },
    ],
    10,
  )[0]!;

test('pages of any histories join to the histories, and no page has more statistics than allowed', () => {
  const history = fc.uniqueArray(fc.record({ start: fc.nat(30), metrics: fc.nat(3) }), {
    selector: ({ start }) => start,
  });
  fc.assert(
    fc.property(
      fc.array(history, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 20 }),
      (all, limit, maxFigures) => {
        const whole = all.map((each) =>
          each.sort((a, b) => a.start - b.start).map(({ start, metrics }) => bucket(start, metrics)),
        );
        const joined: Bucket[][] = whole.map(() => []);
        let from = 0;
        for (let pages = 0; from < Infinity; pages += 1) {
          assert.ok(pages < 200);
          const read = whole.map((buckets) => {
            const left = buckets.filter(({ start }) => start >= from);
            return {
              buckets: left.slice(0, limit),
              ...(left.length > limit && { next: left[limit]!.start }),
            };
          });
          const { series, next = Infinity } = pageOfSeries(read, maxFigures);
          assert.ok(next > from || next === Infinity);
          const starts = new Set(series.flat().map(({ start }) => start));
          const figures = series.flat().reduce((sum, { metrics }) => sum + Math.max(metrics.size, 1), 0);
          assert.ok(figures <= maxFigures || starts.size === 1);
          for (const [index, buckets] of series.entries()) joined[index]!.push(...buckets);
          from = next;
        }
        assert.deepEqual(joined, whole);
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});
