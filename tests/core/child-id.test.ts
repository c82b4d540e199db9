// The names of the sensors behind a gateway: each its own, none another device's, all fit for topics, URLs and tables.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { childId } from '../../core/reading.ts';

const cases: [child: string, id: string][] = [
  ['attic', 'gw:attic'],
  ['A4:C1:38:00:11:22', 'gw:A4:C1:38:00:11:22'],
  ['Living room', 'gw:Living_room~260d40'],
  ['a/b', 'gw:a_b~414c5d'],
  ['urn:dev:ow:10e2', 'gw:urn:dev:ow:10e2'],
  ['Living_room', 'gw:Living_room'],
  ['Küche 温度', 'gw:Küche_温度~02543a'],
  ['#+/', 'gw:_~0b1126'],
  ['..', 'gw:..'],
  ['::x::', 'gw:x~691a3f'],
  ['__proto__', 'gw:proto~30622f'],
];
for (const [child, id] of cases) {
  test(`${child} behind gw is ${id}`, () => assert.equal(childId('gw', child), id));
}

test('long names that differ at the end stay apart, and are no name of a thing', () => {
  const long = 'x'.repeat(128);
  const ids = ['a', 'b', `${long}a`, `${long}b`].map((child) => childId(long, child));
  assert.equal(new Set(ids).size, 4);
  for (const id of ids) {
    assert.equal(id.length, 128);
    assert.doesNotMatch(id, /^[a-zA-Z0-9:_-]+$/);
  }
});

test('names that differ in what is replaced only stay apart', () => {
  const names = fc.uniqueArray(
    fc.string({ unit: fc.constantFrom(...'a_ /:~#'.split('')), minLength: 1, maxLength: 4 }),
    {
      maxLength: 8,
    },
  );
  const property = fc.property(names, fc.boolean(), (children, isLong) => {
    const ids = children.map((child) => childId('gw', isLong ? child.repeat(50) : child));
    assert.equal(
      new Set(ids).size,
      new Set(children.map((child) => (isLong ? child.repeat(50) : child))).size,
    );
  });
  fc.assert(property, { numRuns: 2000, seed: 4 });
});

test('a long name is not cut within a letter', () => {
  for (const child of ['𝒳'.repeat(100), `a${'𝒳'.repeat(100)}`])
    assert.ok(childId('gw', child).isWellFormed());
});

test("a child's name begins with its gateway's, and has nothing that a topic or a URL gives a meaning", () => {
  const gateway = fc.string({ unit: fc.constantFrom(...'ab1:_-'.split('')), minLength: 1, maxLength: 60 });
  const property = fc.property(gateway, fc.string({ unit: 'binary', maxLength: 40 }), (name, child) => {
    const id = childId(name, child);
    assert.ok(id.startsWith(`${name}:`) && id.length > name.length + 1);
    assert.match(id, /^[^#+/\s?%]{1,128}$/u);
  });
  fc.assert(property, { numRuns: 3000, seed: 2 });
});
