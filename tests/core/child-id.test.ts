// The names of sensors behind a gateway: unique, never another device's, and valid in topics, URLs and tables.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { fingerprint } from '../../core/fingerprint.ts';
import { childId } from '../../core/reading.ts';

const cases: [child: string, id: string][] = [
  ['attic', 'gw:attic'],
  ['A4:C1:38:00:11:22', 'gw:A4:C1:38:00:11:22'],
  ['Living room', 'gw:Living_room'],
  ['a/b', 'gw:a_b'],
  ['urn:dev:ow:10e2', 'gw:urn:dev:ow:10e2'],
  ['Living_room', 'gw:Living_room'],
  ['Küche 温度', 'gw:Küche_温度'],
  ['#+/', `gw:~${fingerprint('#+/')}`],
  ['..', 'gw:..'],
  ['::x::', 'gw:x'],
  ['__proto__', 'gw:proto'],
];
for (const [child, id] of cases) {
  test(`${child} behind gw is ${id}`, () => assert.equal(childId('gw', child), id));
}

test('long names that differ at the end stay distinct, and cannot be the name of a thing', () => {
  const long = 'x'.repeat(128);
  const ids = ['a', 'b', `${long}a`, `${long}b`].map((child) => childId(long, child));
  assert.equal(new Set(ids).size, 4);
  for (const id of ids) {
    assert.equal(id.length, 128);
    assert.doesNotMatch(id, /^[a-zA-Z0-9:_-]+$/);
  }
});

test('a long name is not cut within a letter', () => {
  for (const child of ['𝒳'.repeat(100), `a${'𝒳'.repeat(100)}`])
    assert.ok(childId('gw', child).isWellFormed());
});

test("a child's name begins with its gateway's, and has no special characters of topics and URLs", () => {
  const gateway = fc.string({ unit: fc.constantFrom(...'ab1:_-'.split('')), minLength: 1, maxLength: 60 });
  const property = fc.property(gateway, fc.string({ unit: 'binary', maxLength: 40 }), (name, child) => {
    const id = childId(name, child);
    assert.ok(id.startsWith(`${name}:`) && id.length > name.length + 1);
    assert.match(id, /^[^#+/\s?%]{1,128}$/u);
  });
  fc.assert(property, { numRuns: 3000, seed: 2 });
});
