// Which records of an event source the filter criteria of a mapping let through.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFilterCriteria } from '../../lambda/event-filter.ts';

const criteria = (...patterns: object[]) => ({
  Filters: patterns.map((pattern) => ({ Pattern: JSON.stringify(pattern) })),
});

const cases: readonly (readonly [patterns: object[], body: string, accepted: boolean])[] = [
  [[{ body: { t: [{ numeric: ['>', 5] }] } }], '{"t":6}', true],
  [[{ body: { t: [{ numeric: ['>', 5] }] } }], '{"t":5}', false],
  [[{ body: { t: [{ numeric: ['>', 5] }] } }], 'hot', false],
  [[{ body: { a: { b: ['x', { prefix: 'y' }] } } }], '{"a":{"b":"yes"}}', true],
  [[{ body: { a: ['x'], b: ['y'] } }], '{"a":"x"}', false],
  [[{ body: { $or: [{ a: ['x'] }, { b: ['y'] }] } }], '{"b":"y"}', true],
  [[{ body: { a: [{ exists: false }] } }], '{"b":1}', true],
  [[{ body: { a: ['x'] } }, { body: { b: ['y'] } }], '{"b":"y"}', true],
  [[{ body: ['stop'] }], 'stop', true],
  [[{ body: ['stop'] }], '{"stop":1}', false],
  [[{ messageId: ['m1'] }], 'anything', true],
  [[{ messageId: ['m2'] }], 'anything', false],
];
for (const [patterns, body, accepted] of cases) {
  test(`${JSON.stringify(patterns)} ${accepted ? 'accepts' : 'leaves out'} ${body}`, () => {
    const accepts = readFilterCriteria(criteria(...patterns), 'body');
    assert.ok(typeof accepts === 'function');
    assert.equal(accepts({ messageId: 'm1', body }), accepted);
  });
}

test('without criteria, or without filters in them, every record is wanted', () => {
  assert.equal(readFilterCriteria(undefined, 'body'), undefined);
  assert.equal(readFilterCriteria({ Filters: [] }, 'body'), undefined);
});

const refused: readonly (readonly [criteria: unknown, problem: RegExp])[] = [
  [{ Filter: [] }, /must have a list of at most 10 Filters/],
  [{ Filters: [{ Pattern: 'no JSON' }] }, /is not a JSON object/],
  [criteria({ body: { a: [{ like: 'x' }] } }), /Unrecognized match type like/],
];
for (const [given, problem] of refused) {
  test(`${JSON.stringify(given)} is refused`, () => {
    const read = readFilterCriteria(given, 'body');
    assert.ok(typeof read === 'object');
    assert.match(read.problem, problem);
  });
}
