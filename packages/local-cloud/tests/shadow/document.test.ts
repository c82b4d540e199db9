// Merging, deleting, timestamps and delta, case by case.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { parseJson } from '../../json/json.ts';
import {
  applyPatch,
  deltaOf,
  emptyDocument,
  stateBytes,
  type ShadowDocument,
  type StatePatch,
} from '../../shadow/document.ts';

const apply = (patches: readonly object[]): ShadowDocument =>
  patches.reduce<ShadowDocument>(
    (document, patch, index) => applyPatch(document, patch, index + 1),
    emptyDocument(0),
  );
const at = (timestamp: number) => ({ timestamp });

interface Case {
  readonly title: string;
  readonly patches: readonly object[];
  readonly state: object;
  readonly metadata: object;
  readonly delta?: object;
}

const cases: readonly Case[] = [
  {
    title: 'members that are not mentioned stay, with their own time',
    patches: [{ desired: { a: 1, b: { c: 2, d: 3 } } }, { desired: { b: { c: 4 } } }],
    state: { desired: { a: 1, b: { c: 4, d: 3 } } },
    metadata: { desired: { a: at(1), b: { c: at(2), d: at(1) } } },
    delta: { a: 1, b: { c: 4, d: 3 } },
  },
  {
    title: 'the same value again gets a new time',
    patches: [{ reported: { a: 1 } }, { reported: { a: 1 } }],
    state: { reported: { a: 1 } },
    metadata: { reported: { a: at(2) } },
  },
  {
    title: 'null removes a member and its time',
    patches: [{ desired: { a: 1, b: 2 } }, { desired: { a: null, never: null } }],
    state: { desired: { b: 2 } },
    metadata: { desired: { b: at(1) } },
    delta: { b: 2 },
  },
  {
    title: 'null removes a whole section',
    patches: [{ desired: { a: 1 }, reported: { a: 1 } }, { desired: null }],
    state: { reported: { a: 1 } },
    metadata: { reported: { a: at(1) } },
  },
  {
    title: 'an object that loses its last member goes too, and with it the section',
    patches: [{ desired: { a: { b: { c: 1 } } } }, { desired: { a: { b: { c: null } } } }],
    state: {},
    metadata: {},
  },
  {
    title: 'an object that is set empty is kept, and is missing until something is reported for it',
    patches: [{ desired: { a: {}, b: { c: {} }, d: 1 } }, { reported: { a: { x: 1 }, d: 1 } }],
    state: { desired: { a: {}, b: { c: {} }, d: 1 }, reported: { a: { x: 1 }, d: 1 } },
    metadata: {
      desired: { a: {}, b: { c: {} }, d: at(1) },
      reported: { a: { x: at(2) }, d: at(2) },
    },
    delta: { b: { c: {} } },
  },
  {
    title: 'nulls within a new object are left out',
    patches: [{ desired: { a: { b: null, c: 1 } } }],
    state: { desired: { a: { c: 1 } } },
    metadata: { desired: { a: { c: at(1) } } },
    delta: { a: { c: 1 } },
  },
  {
    title: 'an array is replaced whole and has a time for each element',
    patches: [{ desired: { a: [1, 2, 3] } }, { desired: { a: [{ b: 1 }] } }],
    state: { desired: { a: [{ b: 1 }] } },
    metadata: { desired: { a: [{ b: at(2) }] } },
    delta: { a: [{ b: 1 }] },
  },
  {
    title: 'a value gives way to an object and an object to a value',
    patches: [{ desired: { a: 1, b: { c: 1 } } }, { desired: { a: { x: 1 }, b: 2 } }],
    state: { desired: { a: { x: 1 }, b: 2 } },
    metadata: { desired: { a: { x: at(2) }, b: at(2) } },
    delta: { a: { x: 1 }, b: 2 },
  },
  {
    title: 'a member named timestamp is a member',
    patches: [{ desired: { timestamp: 5 } }, { desired: { timestamp: { timestamp: 6 } } }],
    state: { desired: { timestamp: { timestamp: 6 } } },
    metadata: { desired: { timestamp: { timestamp: at(2) } } },
    delta: { timestamp: { timestamp: 6 } },
  },
  {
    title: 'the delta keeps the path of what differs or is missing, and nothing else',
    patches: [
      { desired: { a: { b: 1, c: 2, d: 3 }, e: [1], f: 'x' } },
      { reported: { a: { b: 1, c: 9 }, e: [1], f: 'x', only: true } },
    ],
    state: {
      desired: { a: { b: 1, c: 2, d: 3 }, e: [1], f: 'x' },
      reported: { a: { b: 1, c: 9 }, e: [1], f: 'x', only: true },
    },
    metadata: {
      desired: { a: { b: at(1), c: at(1), d: at(1) }, e: [at(1)], f: at(1) },
      reported: { a: { b: at(2), c: at(2) }, e: [at(2)], f: at(2), only: at(2) },
    },
    delta: { a: { c: 2, d: 3 } },
  },
  {
    title: 'an array that differs in one element is in the delta whole',
    patches: [{ desired: { a: [1, 2] }, reported: { a: [1, 3] } }],
    state: { desired: { a: [1, 2] }, reported: { a: [1, 3] } },
    metadata: { desired: { a: [at(1), at(1)] }, reported: { a: [at(1), at(1)] } },
    delta: { a: [1, 2] },
  },
  {
    title: 'a number and its text are different',
    patches: [{ desired: { a: 1, b: true }, reported: { a: '1', b: 'true' } }],
    state: { desired: { a: 1, b: true }, reported: { a: '1', b: 'true' } },
    metadata: { desired: { a: at(1), b: at(1) }, reported: { a: at(1), b: at(1) } },
    delta: { a: 1, b: true },
  },
];

for (const { title, patches, state, metadata, delta } of cases) {
  test(title, () => {
    const document = apply(patches);
    assert.deepEqual(document.state, state);
    assert.deepEqual(document.metadata, metadata);
    assert.equal(document.version, patches.length);
    assert.deepEqual(deltaOf(document)?.state, delta);
  });
}

test('the delta carries the times at which it was desired', () => {
  const document = apply([{ desired: { a: 1, b: { c: 1 } } }, { desired: { a: 2 } }, { reported: { a: 1 } }]);
  assert.deepEqual(deltaOf(document)?.metadata, { a: at(2), b: { c: at(1) } });
});

test('numbers that a double cannot hold keep every digit', () => {
  const patch = parseJson(
    '{"desired":{"n":12345678901234567890,"m":1},"reported":{"n":12345678901234567891}}',
  )!;
  const document = applyPatch(emptyDocument(0), patch.value as StatePatch, 1);
  assert.equal(JSON.stringify(deltaOf(document)?.state), '{"n":12345678901234567890,"m":1}');
});

test('names that JavaScript objects have themselves are names like others', () => {
  const names =
    '{"__proto__":{"constructor":1},"toString":2,"constructor":{"prototype":3},"hasOwnProperty":4}';
  const parse = (text: string) => parseJson(text)!.value as StatePatch;
  const first = applyPatch(emptyDocument(0), parse(`{"desired":${names}}`), 1);
  assert.equal(JSON.stringify(first.state), `{"desired":${names}}`);
  assert.equal(JSON.stringify(deltaOf(first)?.state), names);
  const both = applyPatch(first, parse(`{"reported":${names}}`), 2);
  assert.equal(deltaOf(both), undefined);
  const removed = applyPatch(both, parse('{"desired":{"__proto__":null,"constructor":null}}'), 3);
  assert.equal(JSON.stringify(removed.state.desired), '{"toString":2,"hasOwnProperty":4}');
  assert.equal(({} as { constructor: unknown }).constructor, Object);
});

test('the size is that of the two sections as JSON in UTF-8', () => {
  assert.equal(stateBytes(apply([{ desired: { a: 'é' }, reported: { b: 1 } }])), 10 + 7);
  assert.equal(stateBytes(emptyDocument(3)), 0);
});
