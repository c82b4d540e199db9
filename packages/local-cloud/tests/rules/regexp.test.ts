// Regular expressions in rules SQL: the examples of AWS, invalid patterns, and hostile payloads.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { jsonOf, type Value } from '../../json/value.ts';
import { select, valueOf } from './message.ts';

const cases: [string, Value][] = [
  // The examples of the developer guide.
  ['regexp_matches("aaaa", "a{2,}")', true],
  ['regexp_matches("aaaa", "b")', false],
  ['regexp_replace("abcd", "bc", "x")', 'axd'],
  ['regexp_replace("abcd", "b(.*)d", "$1")', 'ac'],
  ['regexp_substr("hihihello", "hi")', 'hi'],
  ['regexp_substr("hihihello", "(hi)*")', 'hihi'],
  // Conversions.
  ['regexp_matches(12.5, "2[.]5")', true],
  ['regexp_matches(true, "^t")', true],
  ['regexp_matches([1, "a"], "a")', true],
  ['regexp_matches(null, "a")', undefined],
  ['regexp_matches(nothing, "a")', undefined],
  ['regexp_matches("a", nothing)', undefined],
  ['regexp_matches("a1", 1)', true],
  ['regexp_matches("a")', undefined],
  ['regexp_replace("a", "a", null)', undefined],
  ['regexp_replace(1.5, "[.]", ",")', '1,5'],
  // Replacements as in Java.
  ['regexp_replace("ab", "(a)(b)", "$2$1$0")', 'baab'],
  ['regexp_replace("ab", "(a)", "$10")', 'a0b'],
  ['regexp_replace("ab", "(?P<first>a)", "${first}!")', 'a!b'],
  ['regexp_replace("ab", "(x)?a", "[$1]")', '[]b'],
  ['regexp_replace("ab", "a", concat(chr(92), "$1"))', '$1b'],
  ['regexp_replace("ab", "a", "$")', undefined],
  ['regexp_replace("ab", "a", "$1")', undefined],
  ['regexp_replace("ab", "a", "${nope}")', undefined],
  ['regexp_replace("ab", "a", "${__proto__}")', undefined],
  ['regexp_replace("abc", "", "-")', '-a-b-c-'],
  ['regexp_replace("a😀b", ".", "x")', 'xxx'],
  ['regexp_replace("aaa", "a", "")', ''],
  // No match.
  ['regexp_substr("abc", "x")', undefined],
  ['regexp_replace("abc", "x", "y")', 'abc'],
];

describe('a regular expression', () => {
  for (const [expression, expected] of cases) {
    it(`${expression} is ${jsonOf(expected) || 'Undefined'}`, () =>
      assert.deepEqual(valueOf(expression), expected));
  }
  it('regexp_substr() without a match is Undefined', () =>
    assert.equal(valueOf('regexp_substr("abc", "x+")'), undefined));
  it('that is not valid gives Undefined if it comes from the payload', () => {
    for (const pattern of ['[', '(', '*a', 'a{2', 'a**'])
      assert.equal(
        select('SELECT regexp_matches("a", p) AS m', JSON.stringify({ p: pattern })).includes('true'),
        false,
      );
    assert.equal(valueOf('regexp_matches("a", p)', '{"p":"["}'), undefined);
  });

  const failures: [string, string, string][] = [
    [
      'of a kind that RE2 does not have',
      '(?=a)',
      'the local cloud does not support this regular expression: ',
    ],
    ['that refers back', '(a)\\1', 'the local cloud does not support this regular expression: '],
    [
      'that is too long',
      'a'.repeat(1_001),
      'the local cloud does not support this regular expression: longer than',
    ],
  ];
  for (const [what, pattern, reason] of failures) {
    it(`${what} fails the SQL instead of giving something plausible`, () => {
      const outcome = select('SELECT regexp_matches("a", p) AS m', JSON.stringify({ p: pattern }));
      assert.ok(outcome.startsWith(`failed: ${reason}`), outcome);
    });
  }
  it('that is a literal is checked when the rule is compiled', () => {
    assert.throws(() => select("SELECT regexp_substr(a, '(?=b)') AS m", '{}'), {
      name: 'SqlError',
      message:
        'SQL 1:25: regexp_substr(): not a regular expression of RE2: invalid or unsupported Perl syntax: `(?=`',
    });
  });

  const long = 'a'.repeat(100_000);
  const attacks: [string, string][] = [
    ['(a*)*b', long],
    ['(a|aa)+$', long],
    ['(a?){50}a{50}', long],
    ['(a{0,100}){0,10}b', long],
    ['(.*)(.*)(.*)(.*)x', long],
  ];
  for (const [pattern, text] of attacks) {
    it(`${pattern} over a long text ends soon`, () => {
      const begin = performance.now();
      for (const call of ['regexp_matches(t, p)', "regexp_replace(t, p, 'y')", 'regexp_substr(t, p)'])
        select(`SELECT ${call} AS m`, JSON.stringify({ t: text, p: pattern }));
      assert.ok(performance.now() - begin < 10_000);
    });
  }
  it('whose matches cost the square of the text is stopped', () => {
    const begin = performance.now();
    select("SELECT regexp_replace(t, '(a*b)?', 'y') AS m", JSON.stringify({ t: long }));
    assert.ok(performance.now() - begin < 10_000);
  });
  it('cannot blow up a message', () => {
    assert.equal(
      select("SELECT regexp_replace(t, 'a', t) AS m", JSON.stringify({ t: long })),
      'failed: the result of regexp_replace() is longer than 1 MiB',
    );
  });
});
