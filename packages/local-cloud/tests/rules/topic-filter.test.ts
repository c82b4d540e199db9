// Which topics reach which rules.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { createTopicIndex, parseTopicFilter } from '../../rules/topic-filter.ts';

function indexOf(...filters: string[]) {
  const index = createTopicIndex<string>();
  for (const text of filters) {
    const filter = parseTopicFilter(text);
    assert.ok(typeof filter !== 'string', text);
    index.add(filter, text);
  }
  return index;
}

const cases: [string, string, boolean][] = [
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/b', 'A/b', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a', false],
  ['a/+', 'a/', true],
  ['a/+/c', 'a/b/c', true],
  ['+/+', '/b', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'a/', true],
  ['a/#', 'a', false],
  ['#', 'a/b', true],
  ['#', '$aws/events/x', false],
  ['+/events', '$aws/events', false],
  ['$aws/events/#', '$aws/events/presence/connected/s1', true],
  ['a', '__proto__', false],
  ['__proto__', '__proto__', true],
];

describe('a topic filter', () => {
  for (const [filter, topic, matches] of cases) {
    it(`${filter} ${matches ? 'matches' : 'does not match'} ${topic}`, () => {
      assert.deepEqual(indexOf(filter).match(topic.split('/')), matches ? [filter] : []);
    });
  }
  it('is found among others, each once', () => {
    const index = indexOf(
      'telemetry/+/+',
      'telemetry/#',
      'telemetry/seattle/+',
      '+/seattle/s1',
      'other/#',
      '#',
    );
    assert.deepEqual(index.match(['telemetry', 'seattle', 's1']).sort(), [
      '#',
      '+/seattle/s1',
      'telemetry/#',
      'telemetry/+/+',
      'telemetry/seattle/+',
    ]);
  });
});
