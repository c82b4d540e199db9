// The fast way through an archive must be nothing but fast: whatever a line holds, it means what it means to ingest.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { archive, foldFast, foldSlowly } from './archive-fixture.ts';

const seconds = fc.constantFrom(1, 10, 60);

test('any archive folds to the deltas, windows and rejects that the careful way gives', async () => {
  await fc.assert(
    fc.asyncProperty(archive, seconds, async (bytes, windowSeconds) => {
      assert.deepEqual(await foldFast([bytes], windowSeconds), foldSlowly(bytes, windowSeconds));
    }),
    { numRuns: 300 },
  );
});

test('it does not matter how an archive is cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(archive, fc.array(fc.nat(2000)), async (bytes, cuts) => {
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
      assert.deepEqual(await foldFast(chunks), await foldFast([bytes]));
    }),
    { numRuns: 50 },
  );
});
