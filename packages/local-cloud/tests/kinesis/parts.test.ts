// The small parts: hash keys, sequence numbers, shards over resharding, and what a function's answer means.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readResponse } from '../../kinesis/batch-response.ts';
import { evenRanges, HASH_KEYS, hashKeyOf, holds } from '../../kinesis/hash-key.ts';
import { placeOf, sequenceNumberOf } from '../../kinesis/sequence-number.ts';
import { reshard, shardsFromText, shardsText } from '../../kinesis/shards.ts';

test('ranges cover every hash key once', () => {
  for (const count of [1, 2, 3, 7, 500]) {
    const ranges = evenRanges(count);
    assert.equal(ranges[0]?.start, 0n);
    assert.equal(ranges.at(-1)?.end, HASH_KEYS - 1n);
    for (const [n, range] of ranges.slice(1).entries()) assert.equal(range.start, ranges[n]!.end + 1n);
  }
});

test('the hash key of a partition key is its MD5 as a number', () => {
  assert.equal(hashKeyOf(''), 0xd41d8cd98f00b204e9800998ecf8427en);
  assert.equal(evenRanges(5).filter((range) => holds(range, hashKeyOf('store-sensor-1'))).length, 1);
});

test('sequence numbers have 56 digits, grow, and lead back to their place', () => {
  const [first, second] = [sequenceNumberOf(3, 9), sequenceNumberOf(3, 10)];
  assert.equal(first.length, 56);
  assert.ok(BigInt(first) < BigInt(second));
  assert.equal(placeOf(3, second), 10);
  for (const wrong of ['', '10', second.replace('4966', '4967'), sequenceNumberOf(4, 10), `${second}0`])
    assert.equal(placeOf(3, wrong), undefined);
});

test('a stream goes on in new shards when their number changes, each knowing its parents', () => {
  const two = reshard([], 2);
  assert.deepEqual(reshard(two, 2), two);
  const three = reshard(two, 3);
  assert.deepEqual(
    three.map(({ number, parents, closed }) => [number, parents, closed]),
    [
      [0, [], true],
      [1, [], true],
      [2, [0], false],
      [3, [0, 1], false],
      [4, [1], false],
    ],
  );
  assert.deepEqual(shardsFromText(shardsText(three)), three);
});

const answers: readonly (readonly [answer: string, meaning: string | number])[] = [
  ['null', 'done'],
  ['""', 'done'],
  ['{}', 'done'],
  ['{"batchItemFailures":null}', 'done'],
  ['{"batchItemFailures":[]}', 'done'],
  ['{"batchItemFailures":[{"itemIdentifier":"b"}]}', 1],
  ['{"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"a"}]}', 0],
  ['{"batchItemFailures":[{"itemIdentifier":""}]}', 'failed'],
  ['{"batchItemFailures":[{"itemIdentifier":null}]}', 'failed'],
  ['{"batchItemFailures":[{"item":"a"}]}', 'failed'],
  ['{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"x"}]}', 'failed'],
  ['{"batchItemFailures":[null]}', 'failed'],
  ['{"batchItemFailures":"a"}', 'failed'],
  ['"text"', 'failed'],
  ['7', 'failed'],
  ['{', 'failed'],
];
for (const [answer, meaning] of answers) {
  test(`the answer ${answer} means ${typeof meaning === 'number' ? `done up to record ${meaning}` : meaning}`, () => {
    const outcome = readResponse(answer, () => ['a', 'b', 'c']);
    assert.equal(outcome.kind === 'partial' ? outcome.from : outcome.kind, meaning);
  });
}
