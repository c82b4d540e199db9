// Throws generated SQL, patterns and times at the parser and the functions: a value, a failure or a refusal, never a crash.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { SqlError } from '../../rules/sql-error.ts';
import { compileStatement } from '../../rules/statement.ts';
import { runsOf } from '../fuzzing.ts';
import { contextOf, messageOf } from './message.ts';

describe('any text', () => {
  const words =
    "SELECT * FROM WHERE AS AND OR NOT IN EXISTS CASE WHEN THEN ELSE END VALUE SET NULL TRUE a b.c @v topic ( ) [ ] { } , . : + - / % = <> < >= 1 2.5 1e9 'x' \"y\" encode decode 'base64' cast Int get nanvl get_or_default regexp_replace parse_time time_to_epoch 'yyyy-MM-dd' '(a|b)*' get_user_properties".split(
      ' ',
    );
  const numRuns = 20_000;
  it('made of SQL words compiles or is refused with a position, and evaluates without throwing', () => {
    const token = fc.constantFrom(...words);
    fc.assert(
      fc.property(fc.array(token, { maxLength: 25 }), (tokens) => tryIt(`SELECT ${tokens.join(' ')}`)),
      runsOf(2, numRuns),
    );
  });
  it('of any characters compiles or is refused with a position', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60, unit: 'binary' }), (text) => tryIt(text)),
      runsOf(3, numRuns),
    );
  });
});

const messages = ['{"a":[1,"x"],"b":{"c":2}}', 'text', ''].map((payload) => contextOf(messageOf(payload)));

function tryIt(sql: string): void {
  try {
    const statement = compileStatement(sql);
    for (const message of messages) statement.evaluate(message);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    assert.ok(error.line >= 1 && error.column >= 1);
  }
}

describe('any pattern', () => {
  const runs = runsOf(5, 2_000);
  const call = (expression: string, values: object) =>
    compileStatement(`SELECT ${expression} AS a`).evaluate(contextOf(messageOf(JSON.stringify(values))));
  const soup = (characters: string) =>
    fc.string({ maxLength: 30, unit: fc.constantFrom(...characters.split('')) });

  it('for regular expressions gives a value or a failure, soon', () => {
    fc.assert(
      fc.property(soup('ab(|)*+?.[]{}^$1,\\d-'), soup('ab1$\\{}'), soup('ab1'), (p, r, t) => {
        for (const f of ['regexp_matches(t, p)', 'regexp_substr(t, p)', 'regexp_replace(t, p, r)'])
          call(f, { p, r, t });
      }),
      runs,
    );
  });
  it('for times gives a value or a failure', () => {
    fc.assert(
      fc.property(soup("yMdHhmsSaEzZXVGu'[]{}- :1"), soup('0123456789-: APM+Z'), fc.double(), (p, t, n) => {
        for (const f of ['time_to_epoch(t, p)', 'parse_time(p, n)', 'parse_time(p, n, t)'])
          call(f, { p, t, n });
      }),
      runs,
    );
  });
});
