// Topic filters: which are valid, and which topics they match, case by case.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createSubscriptionIndex } from '../../mqtt/subscriptions.ts';
import { type Filter, parseFilter } from '../../mqtt/topics.ts';

const options = { qos: 1, noLocal: false, retainAsPublished: false } as const;

function matches(filter: string, topic: string): boolean {
  const index = createSubscriptionIndex<string>();
  index.set(parseFilter(filter) as Filter, 'one', options);
  return index.match(topic, () => 'ready').length > 0;
}

for (const [filter, topic, expected] of [
  ['a/b', 'a/b', true],
  ['a/b', 'a/B', false],
  ['a/b', 'a/b/', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a/', true],
  ['a/+', 'a', false],
  ['+', 'a', true],
  ['+', '/a', false],
  ['+/+', '/a', true],
  ['#', 'a/b/c', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'a/', true],
  ['a/#', 'a', false],
  ['+/#', 'a', false],
  ['#', '$aws/events/x', false],
  ['+/events/x', '$aws/events/x', false],
  ['$aws/#', '$aws/events/x', true],
  ['a/+/c', 'a/b/c', true],
  ['a/+/c/#', 'a/b/c', false],
  ['__proto__/+', '__proto__/constructor', true],
  ['$share/g/a/+', 'a/b', true],
] as const) {
  test(`${filter} ${expected ? 'matches' : 'does not match'} ${topic}`, () => {
    assert.equal(matches(filter, topic), expected);
  });
}

test('a shared group gets each message once, in turn, preferring members that are ready', () => {
  const index = createSubscriptionIndex<string>();
  const filter = parseFilter('$share/g/a') as Filter;
  for (const name of ['x', 'y', 'z']) index.set(filter, name, options);
  const next = (ready: string) =>
    index.match('a', (name) => (ready.includes(name) ? 'ready' : 'away')).map(({ subscriber }) => subscriber);
  assert.deepEqual([next('xyz'), next('xyz'), next('xyz'), next('xyz')].flat(), ['x', 'y', 'z', 'x']);
  assert.deepEqual([next('z'), next('z')].flat(), ['z', 'z']);
  assert.equal(next('').length, 1);
});

/** The plain reading of the specification, with IoT Core's `#`. */
function slowMatch(filter: readonly string[], topic: readonly string[]): boolean {
  if (topic[0]!.startsWith('$') && filter[0] !== topic[0]) return false;
  for (let i = 0; i < filter.length; i += 1) {
    if (filter[i] === '#') return topic.length > i;
    if (i >= topic.length || (filter[i] !== '+' && filter[i] !== topic[i])) return false;
  }
  return filter.length === topic.length;
}

test('agrees with a plain reading of the specification on any filters and topics, also after deleting', () => {
  const level = fc.constantFrom('a', 'b', '', '+', '$x');
  const filters = fc.array(
    fc
      .tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([levels, rest]) => [...levels, ...(rest ? ['#'] : [])]),
    { maxLength: 12 },
  );
  const topics = fc.array(fc.constantFrom('a', 'b', '', '$x'), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(filters, topics, fc.nat(12), (filters, topic, deleted) => {
      const index = createSubscriptionIndex<string>();
      const parsed = filters.map((levels) => ({ levels, hasWildcard: true }));
      parsed.forEach((filter) => index.set(filter, filter.levels.join('/'), options));
      parsed.slice(0, deleted).forEach((filter) => index.delete(filter, filter.levels.join('/')));
      const gone = new Set(filters.slice(0, deleted).map((levels) => levels.join('/')));
      const expected = filters.filter((levels) => !gone.has(levels.join('/')) && slowMatch(levels, topic));
      assert.deepEqual(
        index
          .match(topic.join('/'), () => 'ready')
          .map(({ subscriber }) => subscriber)
          .sort(),
        [...new Set(expected.map((levels) => levels.join('/')))].sort(),
      );
    }),
    { seed: 42, numRuns: 2000 },
  );
});
