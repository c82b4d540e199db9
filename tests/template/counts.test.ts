// Counts of the template in documents and in the bill are checked here, so that none becomes wrong.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { assumed } from '../../bench/bill-assumptions.ts';
import { samConditions } from './sam-resolver.ts';
import { loadTidegate } from './tidegate-template.ts';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const modes = ['direct', 'stream'] as const;
const ofType = (type: string, IngestMode: (typeof modes)[number] = 'direct') =>
  loadTidegate({ IngestMode }).ofType(type);

interface Metric {
  readonly MetricStat?: object;
  readonly Expression?: string;
}

/** A query watches a metric for each kind of action of its rule, and one for its error action. */
function queried(expression: string): number {
  const [, metric, rule] = /^SELECT SUM\((\w+)\) .* WHERE RuleName = '(\w+)'$/.exec(expression) ?? [];
  if (metric !== 'Failure') return metric === undefined ? 0 : 1;
  const { TopicRulePayload } = ofType('AWS::IoT::TopicRule').find(({ name }) => name === rule)!.properties;
  return (TopicRulePayload as { Actions: object[] }).Actions.length;
}

/** What AWS charges for: each metric that an alarm watches by itself, in an expression or by a query. */
const watched = (mode: (typeof modes)[number]) =>
  ofType('AWS::CloudWatch::Alarm', mode)
    .flatMap(({ properties: { Metrics = [{ MetricStat: {} }] } }) => Metrics as Metric[])
    .reduce((sum, { MetricStat, Expression = '' }) => sum + (MetricStat ? 1 : queried(Expression)), 0);

test('the bill and the documents know how many metrics the alarms watch', () => {
  const counted = { direct: watched('direct'), stream: watched('stream') };
  assert.deepEqual(assumed.alarmMetrics, counted);
  const text = `${counted.direct} metrics`;
  for (const file of ['docs/operations.md', 'docs/cost.md']) {
    const page = read(file).replaceAll(/\s+/g, ' ');
    assert.ok(page.includes(text) && page.includes(`${counted.stream} in stream mode`), file);
  }
  assert.ok(read('docs/cost.md').includes(`${(counted.direct / 10).toFixed(2)} for the alarms`));
});

const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const numberOf = (word: string) => (/^\d+$/.test(word) ? Number(word) : WORDS.indexOf(word.toLowerCase()));

/** Sentences that count; the group is the number. */
const counts: readonly (readonly [file: string, sentence: RegExp, count: number])[] = [
  ['README.md', /building (\d+) functions/, ofType('AWS::Serverless::Function').length],
  ['docs/operations.md', /keeps the (\w+) buckets/, ofType('AWS::S3::Bucket').length],
  ['docs/operations.md', /the (\w+) tables with everything/, ofType('AWS::DynamoDB::Table').length],
  ['docs/operations.md', /^(\w+) alarms watch/im, ofType('AWS::CloudWatch::Alarm').length],
  [
    'docs/operations.md',
    /and (\w+) in stream mode \(one less/,
    ofType('AWS::CloudWatch::Alarm', 'stream').length,
  ],
];
for (const [file, sentence, count] of counts) {
  test(`${file} counts ${count} as "${sentence.source}"`, () => {
    const [, word] = sentence.exec(read(file)) ?? [];
    assert.ok(word, `${file} has no sentence ${sentence.source}`);
    assert.equal(numberOf(word), count);
  });
}

test('no document counts tables or alarms beside these sentences', () => {
  const files = ['README.md', 'CONTRIBUTING.md', 'docs/operations.md', 'docs/cost.md', 'docs/guard-rules.md'];
  for (const file of files) {
    const others = counts.reduce((text, [, sentence]) => text.replace(sentence, ''), read(file));
    assert.doesNotMatch(others, /\b(both|two|three|four|five|six|seven|eight|\d+) (tables|alarms)\b/i, file);
  }
});

test('docs/operations.md lists every parameter of the template, and no other', () => {
  const [, section = ''] = /^## Parameters\n([^]*?)^## /m.exec(read('docs/operations.md')) ?? [];
  const items = section.split('\n').filter((line) => line.startsWith('- `'));
  const listed = items.flatMap((line) => {
    const [names] = line.replaceAll(/\([^)]*\)/g, '').split(':');
    return [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  });
  const [, parameters = ''] = /^Parameters:\n([^]*?)^\w/m.exec(read('template.yaml')) ?? [];
  const declared = [...parameters.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name);
  assert.deepEqual(new Set(listed), new Set(declared));
  assert.equal(listed.length, declared.length);
});

test('account.yaml has a number in the SMS sandbox only where one is given', () => {
  const account = read('account.yaml');
  const given = account.replace(/(SandboxPhone:\n {4}Type: String\n {4}Default: )''/, "$1'+12065550100'");
  assert.equal(samConditions(account)['HasSandboxPhone'], false);
  assert.equal(samConditions(given)['HasSandboxPhone'], true);
  // What is a number there is one for AlertPhone, too.
  const pattern = (text: string, name: string) =>
    new RegExp(`^  ${name}:\n[^]*?AllowedPattern: (.*)$`, 'm').exec(text)?.[1];
  assert.equal(pattern(account, 'SandboxPhone'), pattern(read('template.yaml'), 'AlertPhone'));
});
