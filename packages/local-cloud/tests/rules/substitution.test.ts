// Substitution templates in the fields of rule actions.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { compileStatement } from '../../rules/statement.ts';
import { contextOf, messageOf } from './message.ts';

function substitute(
  template: string,
  payload = '{"a":{"b":7},"n":null,"s":"x}"}',
  sql = 'SELECT 1 AS a',
): string {
  const statement = compileStatement(sql);
  return statement.compileTemplate(template)(statement.scope(contextOf(messageOf(payload))));
}

describe('a substitution template', () => {
  const cases: [string, string][] = [
    ['plain', 'plain'],
    ['', ''],
    ['$5 {a} }', '$5 {a} }'],
    ['${topic()}/${timestamp()}', 'telemetry/seattle/s1/1790000000123'],
    ['x/${a.b + 1}/y', 'x/8/y'],
    ['${s}}', 'x}}'],
    ["${get({'k': 'v'}, 'k')}", 'v'],
    ['[${nothing}${n}]', '[]'],
    ['${a}', '{"b":7}'],
    ["${concat('a', '}')}", 'a}'],
  ];
  for (const [template, expected] of cases) {
    it(`${JSON.stringify(template)} becomes ${JSON.stringify(expected)}`, () => {
      assert.equal(substitute(template), expected);
    });
  }
  it('sees the payload, not the output of SELECT', () => assert.equal(substitute('${a.b}'), '7'));
  it('sees the variables of SET', () =>
    assert.equal(substitute('${@v}', '{"t":2}', 'SET @v = t * 2 SELECT *'), '4'));
  it('fails where it names members of a payload that is not JSON, which AWS forbids', () => {
    assert.throws(() => substitute('[${a.b}]', 'text'), {
      name: 'SqlFailure',
      message: 'a substitution takes from the payload, which is not JSON',
    });
    assert.equal(substitute('[${topic(1)}]', 'text'), '[telemetry]');
    assert.equal(substitute('[${a.b}]', ''), '[]');
  });

  const wrong: [string, string][] = [
    ['a/${topic(}', 'SQL 1:11: expected a value, found "}"'],
    ['a/${topic()', 'SQL 1:12: expected } to end the substitution, found the end'],
    ['${}', 'SQL 1:3: expected a value, found "}"'],
    ['${nope()}', 'SQL 1:3: there is no function nope()'],
    [
      "${get_secret('s', 'SecretString', 'r')}",
      'SQL 1:3: the function get_secret() is not supported by the local cloud: it calls another AWS service',
    ],
    [
      "${decode(a, 'proto', 'b', 'k', 'f', 't')}",
      "SQL 1:3: the function decode() with 'proto' is not supported by the local cloud: it reads a descriptor from S3",
    ],
    ['${@v}', 'SQL 1:3: the variable @v is not set before'],
  ];
  for (const [template, message] of wrong) {
    it(`${JSON.stringify(template)} is refused with its position`, () => {
      assert.throws(() => substitute(template), { name: 'SqlError', message });
    });
  }
});
