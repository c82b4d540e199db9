// What a rule of SQL version 2015-10-08 may say, and which functions are refused by name because 2016-03-23 changed them.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { compileStatement } from '../../rules/statement.ts';
import { contextOf, messageOf } from './message.ts';

const evaluate = (sql: string, payload: string) =>
  compileStatement(sql, {}, '2015-10-08').evaluate(contextOf(messageOf(payload, 'a/b')));

test('functions with the same meaning in both versions are selected', () => {
  const outcome = evaluate("SELECT *, topic(2) AS id, a.b AS c FROM 'a/+' WHERE a.b > 1", '{"a":{"b":2}}');
  assert.ok(outcome.kind === 'selected');
  assert.deepEqual(outcome.output, { kind: 'json', value: { a: { b: 2 }, id: 'b', c: 2 } });
});

test('a payload that is an array is not output', () => {
  const outcome = evaluate("SELECT * FROM 'a/+'", '[1]');
  assert.ok(outcome.kind === 'failed');
  assert.match(outcome.reason, /the payload is an array/);
});

const refused: readonly (readonly [sql: string, what: string])[] = [
  ["SELECT VALUE a FROM 'a/+'", 'SQL 1:14: SELECT VALUE is of SQL version 2016-03-23'],
  ["SELECT encode(*, 'base64') AS a FROM 'a/+'", 'SQL 1:8: encode() is of SQL version 2016-03-23'],
  ["SELECT (SELECT b FROM a) AS a FROM 'a/+'", 'SQL 1:8: a nested query is of SQL version 2016-03-23'],
  ["SELECT * FROM 'a/+' WHERE EXISTS (SELECT * FROM a)", 'SQL 1:27: a nested query is of SQL version'],
];
for (const [sql, what] of refused) {
  test(`${sql} is refused`, () =>
    assert.throws(
      () => compileStatement(sql, {}, '2015-10-08'),
      (error: Error) => error.message.startsWith(what),
    ));
}
