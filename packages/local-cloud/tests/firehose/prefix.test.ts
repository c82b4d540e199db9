// Prefixes of archived objects, evaluated as Firehose does.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { compilePrefix } from '../../firehose/prefix.ts';

const time = new Date('2026-03-07T05:04:09.007Z');

function evaluate(prefix: string): string {
  const compiled = compilePrefix(prefix);
  if (typeof compiled !== 'function') return `refused: ${compiled.problem}`;
  let calls = 0;
  return compiled(time, {
    random: () => `random${++calls}`,
    queryKeys: { site: 'lab' },
    functionKeys: { kind: 'warm' },
    errorType: 'processing-failed',
  })!;
}

const cases: [string, string][] = [
  ['', '2026/03/07/05/'],
  ['raw/', 'raw/2026/03/07/05/'],
  ['raw', 'raw2026/03/07/05/'],
  ['raw/!{timestamp:yyyy/MM/dd/HH}/', 'raw/2026/03/07/05/'],
  ['raw/!{timestamp:yyyy}/m=!{timestamp:MM}/', 'raw/2026/m=03/'],
  ["!{timestamp:'year='yyyy'/month='MM}/", 'year=2026/month=03/'],
  ["!{timestamp:yyyy'-'MM'-'dd}/", '2026-03-07/'],
  ["!{timestamp:h 'o''clock' a}/", "5 o'clock AM/"],
  [
    '!{timestamp:uuuu-DDD EEE EEEE MMM MMMM d H:m:s.SSS yy}/',
    '2026-066 Sat Saturday Mar March 7 5:4:9.007 26/',
  ],
  ['!{timestamp:S.SS.SSSSSS}/', '0.00.007000/'],
  ['!{firehose:random-string}/!{firehose:random-string}/', 'random1/random2/2026/03/07/05/'],
  ['a!b}/', 'a!b}/2026/03/07/05/'],
  ['!{timestamp:}', 'refused: the time pattern has an empty pattern'],
  ['!{timestamp:YYYY}', 'refused: the time pattern has "YYYY" in "YYYY"'],
  ['!{timestamp:yyyy-ww}', 'refused: the time pattern has "ww" in "yyyy-ww"'],
  ['!{timestamp:ddd}', 'refused: the time pattern has "ddd" in "ddd"'],
  ["!{timestamp:yyyy'}", `refused: the time pattern has "'" at position 5 of "yyyy'"`],
  ['!{timestamp:yyyy[MM]}', 'refused: the time pattern has "[" at position 5 of "yyyy[MM]"'],
  ['!{firehose:error-output-type}/', 'processing-failed/2026/03/07/05/'],
  ['!{partitionKeyFromQuery:site}/', 'lab/2026/03/07/05/'],
  ['!{partitionKeyFromLambda:kind}/', 'warm/2026/03/07/05/'],
  ['!{constructor:x}', 'refused: !{constructor:x}'],
  ['raw/!{timestamp:yyyy', 'refused: an expression without }'],
  ['x'.repeat(1_025), 'refused: more than 1024 characters'],
];

describe('a prefix', () => {
  for (const [prefix, expected] of cases) {
    it(`${JSON.stringify(prefix.slice(0, 60))} becomes ${JSON.stringify(expected)}`, () => {
      assert.equal(evaluate(prefix), expected);
    });
  }
});
