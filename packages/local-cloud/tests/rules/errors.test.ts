// What is not SQL, or not supported, is refused when it is compiled, with its position.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { compileStatement } from '../../rules/statement.ts';
import { SqlError } from '../../rules/sql-error.ts';

const cases: [string, string][] = [
  ['', '1:1: expected SELECT at the beginning, found the end'],
  ['DELETE *', '1:1: expected SELECT at the beginning, found "DELETE"'],
  ['SELECT', '1:7: expected a value, found the end'],
  ["SELECT a,\n  b c FROM 't'", '2:5: expected FROM, WHERE or the end, found "c"'],
  ['SELECT a FROM t', '1:15: expected a topic filter in quotes, found "t"'],
  ["SELECT a FROM 't", "1:15: the text that begins with ' has no end"],
  ["SELECT a FROM 't/#/x'", '1:15: in the topic filter "t/#/x", # must be the last level'],
  ["SELECT a FROM 't+/x'", '1:15: in the topic filter "t+/x", + must be a whole level'],
  ["SELECT a FROM ''", '1:15: the topic filter is empty'],
  ["SELECT a FROM 'a/b/c/d/e/f/g/h/i'", '1:15: the topic filter "a/b/c/d/e/f/g/h/i" has more than 8 levels'],
  [
    "SELECT a FROM '$aws/rules/r/x'",
    '1:15: a rule cannot listen to the topics of Basic Ingest; leave FROM out',
  ],
  ["SELECT a FROM 't' WHERE", '1:24: expected a value, found the end'],
  ["SELECT a FROM 't' WHERE a = 1 x", '1:31: expected the end, found "x"'],
  [
    "SELECT a WHERE a LIKE 'x%'",
    '1:18: expected the end, found "LIKE"; there is no LIKE, use startswith, endswith or indexof',
  ],
  ['SELECT a WHERE a != 1', '1:18: there is no !=, write <>'],
  [
    'SELECT a[0] AS b',
    '1:9: expected FROM, WHERE or the end, found "["; take an element with get(array, index)',
  ],
  ["SELECT decode(a, 'base64').b", '1:8: AWS does not document a name for this field; give it one with AS'],
  ['SELECT topic(1)', '1:8: AWS does not document a name for this field; give it one with AS'],
  ['SELECT a AS x, b AS x', '1:16: the name x is given twice; give another with AS'],
  ['SELECT a AS x, b AS x.y', '1:16: the name x.y is given twice; give another with AS'],
  ['SELECT a.x, b.x', '1:13: the name x is given twice; give another with AS'],
  ['SELECT a,', '1:10: expected a value, found the end'],
  ["SELECT a,, FROM 't'", '1:10: expected a value, found ","'],
  ['SELECT *, a, *', '1:15: * is allowed only once in the list'],
  ['SELECT a.b.c*', '1:14: expected a value, found the end'],
  [
    'SELECT a.* AS b',
    '1:12: .* brings members under their own names: leave AS out, or select the object itself with AS',
  ],
  ['SELECT a WHERE a == 1', '1:19: expected a value, found "="; values are compared with one ='],
  [
    "SELECT a WHERE a = 'o''brien'",
    '1:22: a quote is not doubled in a literal: put the text in double quotes',
  ],
  ['SELECT topic(1).*', '1:8: AWS does not document a name for this field; give it one with AS'],
  ['SELECT a AS b WHERE a.* = 1', '1:22: expected the end, found "."'],
  ['SELECT -a AS b', '1:8: a minus sign is allowed only before numbers; write 0 - x'],
  [
    "SELECT 'a\\n' AS b",
    '1:10: AWS does not document a backslash in a literal; write it as chr(92), in a regular expression \\d as [0-9] and \\. as [.]',
  ],
  ['SELECT 1e1000 AS b', '1:8: 1e1000 is beyond the range of a Decimal'],
  ['SELECT foo(a) AS b', '1:8: there is no function foo()'],
  ['SELECT __proto__(a) AS b', '1:8: there is no function __proto__()'],
  [
    "SELECT 1 + get_secret('s', 'SecretString', 'r') AS c",
    '1:12: the function get_secret() is not supported by the local cloud: it calls another AWS service',
  ],
  [
    "SELECT aws_lambda('arn', *) AS b",
    '1:8: aws_lambda() is not supported by the local cloud: it asks a service that does not run here',
  ],
  ['SELECT abs(*) AS b', "1:12: * as an argument is allowed only in encode(*, 'base64')"],
  ["SELECT encode(*, 'hex') AS b", "1:18: the local cloud's encode() knows the literal 'base64' only"],
  ['SELECT decode(a) AS b', "1:8: decode() takes a value and 'base64'"],
  ['SELECT cast(a AS Long) AS b', '1:8: cast() knows no type Long'],
  [
    'SELECT CASE WHEN a = 1 THEN 2 END AS b',
    '1:13: CASE needs a value that is compared: CASE value WHEN ...',
  ],
  ['SELECT CASE a ELSE 1 END AS b', '1:15: expected WHEN, found "ELSE"'],
  ['SELECT @a AS b', '1:8: the variable @a is not set before'],
  ['SET @a = @b, @b = 1 SELECT @a AS a', '1:10: the variable @b is not set before'],
  ['SET @a = 1, @a = 2 SELECT *', '1:13: @a is set twice'],
  ['SELECT {a: 1} AS b', '1:9: expected a name in quotes, found "a"'],
  ['SELECT (SELECT a) AS b', '1:17: expected FROM in a nested query, found ")"'],
  ['SELECT a -- all', '1:11: a minus sign is allowed only before numbers; write 0 - x'],
  ['SELECT a; SELECT b', '1:9: a statement has no semicolon: take it out'],
];

describe('SQL that is refused', () => {
  for (const [sql, message] of cases) {
    it(JSON.stringify(sql), () => {
      assert.throws(() => compileStatement(sql), { name: 'SqlError', message: `SQL ${message}` });
    });
  }
  it('is told apart by line and column', () => {
    const sql = 'SELECT\n  a,\n  foo() AS b';
    assert.throws(
      () => compileStatement(sql),
      (error) => error instanceof SqlError && error.line === 3 && error.column === 3,
    );
  });
  const unsupported: [call: string, problem: string][] = [
    ["get_dynamodb('t', 'k', 'v', 'r')", 'the function get_dynamodb() is not supported by the local cloud'],
    ["Get_Secret('s', 'SecretString', 'r')", 'the function get_secret() is not supported by the local cloud'],
    [
      "machinelearning_predict('m', 'r', *)",
      'the function machinelearning_predict() is not supported by the local cloud',
    ],
    [
      "decode(a, 'proto', 'bucket', 'key', 'file', 'type')",
      "the function decode() with 'proto' is not supported by the local cloud",
    ],
  ];
  /** `?` is the place of the call. */
  const places = [
    'SELECT ? AS x',
    'SELECT VALUE ?',
    "SELECT * FROM 't' WHERE ? = 1",
    "SELECT * FROM 't' WHERE false AND ?",
    'SET @v = ? SELECT *',
    'SELECT CASE ? WHEN 1 THEN 1 END AS x',
    'SELECT CASE a WHEN ? THEN 1 END AS x',
    'SELECT CASE a WHEN 1 THEN ? END AS x',
    'SELECT CASE a WHEN 1 THEN 1 ELSE ? END AS x',
    'SELECT (SELECT ? AS y FROM b) AS x',
    'SELECT (SELECT * FROM ?) AS x',
    'SELECT (SELECT * FROM b WHERE ?) AS x',
    'SELECT * WHERE EXISTS (SELECT VALUE ? FROM b)',
    'SELECT a IN ? AS x',
    "SELECT [1, {'k': ?}] AS x",
    'SELECT cast(? AS Int) AS x',
    'SELECT get_or_default(?, 1) AS x',
    'SELECT (NOT ?).b AS x',
  ];
  for (const [call, problem] of unsupported) {
    it(`includes ${call} in any place, with its name and position`, () => {
      for (const place of places) {
        const expected = `SQL 1:${place.indexOf('?') + 1}: ${problem}`;
        assert.throws(
          () => compileStatement(place.replace('?', call)),
          (error) => error instanceof SqlError && error.message.startsWith(expected),
          place,
        );
      }
    });
  }
  it('includes nesting that would exhaust the stack', () => {
    const deep = [
      `SELECT ${'('.repeat(50_000)}1`,
      `SELECT ${'NOT '.repeat(10_000)}a AS b`,
      `SELECT ${'['.repeat(60_000)}`,
      `SELECT ${'1 + '.repeat(10_000)}1 AS b`,
      `SELECT ${'abs('.repeat(10_000)}1`,
      `SELECT ${'(SELECT a FROM '.repeat(4_000)}b`,
      `SELECT ${'a'.repeat(70_000)}`,
    ];
    for (const sql of deep) assert.throws(() => compileStatement(sql), SqlError, sql.slice(0, 40));
  });
});
