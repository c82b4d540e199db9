// The search for the shortest list of faults that still fails.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { shrink } from '../../world/shrink.ts';

const items = Array.from({ length: 40 }, (_, index) => index);
const needs = (...wanted: readonly number[]) => {
  const asked = { count: 0 };
  const fails = async (part: readonly number[]) => {
    asked.count += 1;
    return wanted.every((item) => part.includes(item));
  };
  return { asked, fails };
};

test.each([[[7]], [[3, 31]], [[0, 19, 20, 39]]])('keeps %j of forty, in their order', async (wanted) => {
  const { fails } = needs(...wanted);
  assert.deepEqual(await shrink(items, fails), wanted);
});

test('keeps nothing of a failure without a destination', async () => {
  const { fails, asked } = needs();
  assert.deepEqual(await shrink(items, fails), []);
  assert.equal(asked.count, 1);
});
