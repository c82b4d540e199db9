// Merging, deleting, timestamps and delta by their laws, on generated documents.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { ObjectValue, Value } from '../../json/value.ts';
import {
  applyPatch,
  deltaOf,
  emptyDocument,
  type ShadowDocument,
  type StatePatch,
} from '../../shadow/document.ts';
import { runsOf } from '../fuzzing.ts';

const apply = (patches: readonly object[]): ShadowDocument =>
  patches.reduce<ShadowDocument>(
    (document, patch, index) => applyPatch(document, patch, index + 1),
    emptyDocument(0),
  );

const name = fc.constantFrom('a', 'b', 'c', '__proto__', 'timestamp', 'constructor');
const leaf = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.boolean(), fc.constantFrom('', 'x'));
const { tree } = fc.letrec<{ tree: Value; members: ObjectValue }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(leaf, { maxLength: 2 }), fc.constant(null), tie('members')),
  members: fc.dictionary(name, tie('tree'), { maxKeys: 3 }),
}));
const section = fc.option(fc.dictionary(name, tree, { maxKeys: 4 }));
const patches = fc.array(fc.record({ desired: section, reported: section }, { requiredKeys: [] }), {
  maxLength: 6,
});
const settings = runsOf(20_261_121, 500);

/** Every path to a leaf, as JSON. */
function paths(value: Value, at: readonly (string | number)[] = []): string[] {
  if (typeof value !== 'object' || value === null) return [JSON.stringify(at)];
  return Object.entries(value).flatMap(([key, child]) => paths(child as Value, [...at, key]));
}

/** Whether every leaf of `part` is the same in `whole`. */
const isPart = (part: Value, whole: Value): boolean => {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) {
    return JSON.stringify(part) === JSON.stringify(whole);
  }
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return false;
  return Object.entries(part).every(
    ([key, child]) => Object.hasOwn(whole, key) && isPart(child, (whole as ObjectValue)[key]),
  );
};

function law(title: string, holds: (list: readonly StatePatch[]) => void): void {
  test(title, () => fc.assert(fc.property(patches, holds), settings));
}

law('the delta is empty exactly when all that is desired is reported', (list) => {
  const document = apply(list);
  const { desired = {}, reported = {} } = document.state;
  assert.equal(deltaOf(document) === undefined, isPart(desired, reported));
});

law('reporting the delta leaves none', (list) => {
  const document = apply(list);
  const delta = deltaOf(document);
  if (!delta) return;
  assert.equal(deltaOf(applyPatch(document, { reported: delta.state }, 99)), undefined);
});

law('metadata has a time for every leaf, and for nothing else', (list) => {
  const { state, metadata } = apply(list);
  const timed = paths(metadata as Value).map((path) =>
    JSON.stringify((JSON.parse(path) as string[]).slice(0, -1)),
  );
  const leaves = paths(state);
  const isEmptyArray = (path: string) => leaves.includes(path) && !timed.includes(path);
  assert.deepEqual(timed.toSorted(), leaves.filter((path) => !isEmptyArray(path)).toSorted());
});

law('no null and no empty section is ever kept, and no patch is changed', (list) => {
  const before = JSON.stringify(list);
  const { state } = apply(list);
  assert.doesNotMatch(JSON.stringify(state), /:null|"(desired|reported)":\{\}/);
  assert.equal(JSON.stringify(list), before);
});
