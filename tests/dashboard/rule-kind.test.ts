// Rules of each kind in the page's form: converted into another kind, in words, and as a sentence if the form has fields for them.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Rule } from '../../dashboard/model/api-types.ts';
import { isSentence } from '../../dashboard/model/rule-draft.ts';
import { asKind, kindOf, previewText, withMetric, type Draft } from '../../dashboard/model/rule-kind.ts';

const match = { device: 'store-*' } as NonNullable<Rule['match']>;
const limit: Draft = { metric: 't', below: 2, clearAbove: 3, forWindows: 3, severity: 'critical', match };
const predicted: Draft = { predicted: { metric: 't', below: 2, within: '30m' }, severity: 'critical', match };
const unusual: Draft = { unusual: { metric: 't' }, severity: 'critical', match };

const changes: readonly (readonly [from: Draft, to: Parameters<typeof asKind>[1], expected: Draft])[] = [
  [limit, 'predicted', predicted],
  [limit, 'unusual', unusual],
  [predicted, 'limit', { metric: 't', above: undefined, below: 2, severity: 'critical', match }],
  [predicted, 'predicted', predicted],
  [unusual, 'predicted', { ...predicted, predicted: { metric: 't', above: 8, within: '30m' } }],
];
for (const [from, to, expected] of changes) {
  test(`a rule of kind ${kindOf(from)} is converted to kind ${to}`, () => {
    const made = asKind(from, to);
    assert.deepEqual(JSON.parse(JSON.stringify(made)), JSON.parse(JSON.stringify(expected)));
    assert.equal(kindOf(made), to);
    assert.ok(isSentence({ id: 'x', ...made }));
  });
}

test('the metric is changed in the place where the kind has it', () => {
  assert.deepEqual(
    [limit, predicted, unusual].map((rule) => {
      const { metric, predicted: ahead, unusual: habit } = withMetric(rule, 'u');
      return metric ?? ahead?.metric ?? habit?.metric;
    }),
    ['u', 'u', 'u'],
  );
});

const others: readonly (readonly [string, Rule])[] = [
  ['both sides', { id: 'x', predicted: { metric: 't', above: 8, below: 2 } }],
  ['a field that the form has no place for', { id: 'x', ...predicted, repeatEvery: '30m' }],
  [
    'a field of a newer version',
    { id: 'x', predicted: { metric: 't', above: 8, soon: 1 } as Rule['predicted'] & {} },
  ],
];
const typed: readonly (readonly [string, string])[] = [
  [
    'times that are not a list',
    '"predicted": {"metric": "t", "above": 8, "defrost": {"at": "02:00", "timeZone": "UTC"}}',
  ],
  [
    'defrosts without their time zone',
    '"predicted": {"metric": "t", "above": 8, "defrost": {"at": ["02:00"]}}',
  ],
  ['defrosts that are text', '"predicted": {"metric": "t", "above": 8, "defrost": "8h"}'],
  ['defrosts that are null', '"predicted": {"metric": "t", "above": 8, "defrost": null}'],
  ['a limit that is text', '"predicted": {"metric": "t", "above": "8"}'],
  ['habits without a metric', '"unusual": {}'],
  ['a limit ahead and habits', '"predicted": {"metric": "t", "above": 8}, "unusual": {"metric": "t"}'],
];
for (const [title, json] of typed)
  test(`typed JSON of ${title} stays JSON, without a preview`, () => {
    const rule = JSON.parse(`{"id": "x", ${json}}`) as Rule;
    assert.equal(isSentence(rule), false);
    assert.equal(previewText(rule), undefined);
  });
const wrongValues = [
  ...[
    '"channels": "email"',
    '"channels": [1]',
    '"match": "store-*"',
    '"match": {"device": 1}',
    '"severity": 1',
  ],
  ...['"forWindows": "3"', '"clearBelow": "7"', '"constructor": 1'],
];
for (const json of wrongValues)
  test(`a limit with ${json} is JSON`, () =>
    assert.equal(isSentence(JSON.parse(`{"id": "x", "metric": "t", "above": 8, ${json}}`) as Rule), false));
for (const json of ['"metric": 5, "above": 8', '"metric": "t", "above": "8"'])
  test(`a rule with ${json} is JSON`, () =>
    assert.equal(isSentence(JSON.parse(`{"id": "x", ${json}}`) as Rule), false));
const defrosts = [
  { at: ['02:00'], timeZone: 'UTC', lasts: '30m' },
  { every: '8h', from: 1_790_000_000_000 },
  { metric: 'defrost' },
];
for (const defrost of defrosts)
  test(`a rule with the defrosts ${JSON.stringify(defrost)} is a sentence`, () =>
    assert.ok(isSentence({ id: 'x', predicted: { metric: 't', above: 8, defrost } })));
for (const [title, rule] of others) test(`a rule with ${title} is JSON`, () => assert.ok(!isSentence(rule)));

test('the form shows an example of a notification, and how long the rule learns', () => {
  assert.equal(previewText(limit), undefined);
  assert.match(previewText(unusual)!, /learns for four days/);
  assert.equal(
    previewText({ predicted: { metric: 'temperature', above: 8, within: '1h' } }, '°C'),
    'Sends, for example: “temperature: above its normal band for 12 minutes; 8 °C in about 25 minutes at this rate”. ' +
      'It is major if the limit is expected within 1h, otherwise one severity lower. It learns for two days before it sends anything.',
  );
});
