// The operator tables of the AWS IoT developer guide, cell by cell.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { jsonOf } from '../../json/value.ts';
import { valueOf } from './message.ts';

// One value of every type; `nothing` is Undefined since the payload has no such member.
const payload = '{"object":{"a":1,"b":[2]},"array":[1,"x"],"nil":null}';
const samples = {
  int: '5',
  decimal: '2.5',
  bool: 'true',
  text: "'x'",
  digits: "'2'",
  array: 'array',
  object: 'object',
  null: 'nil',
  none: 'nothing',
};
type Sample = keyof typeof samples;
const types = Object.keys(samples) as Sample[];
const shown = (expression: string) => jsonOf(valueOf(expression, payload)) || 'Undefined';

/** Rows are left operands, columns right operands, in the order of `samples`. */
function table(operator: string, rows: Record<Sample, string>) {
  describe(`the operator ${operator}`, () => {
    for (const left of types) {
      const cells = rows[left].trim().split(/\s+/);
      it(`gives ${cells.join(' ')} for ${left} and ${types.join(', ')}`, () => {
        assert.equal(cells.length, types.length);
        const got = types.map((right) => shown(`${samples[left]} ${operator} ${samples[right]}`));
        assert.deepEqual(
          got,
          cells.map((cell) => (cell === 'U' ? 'Undefined' : cell)),
        );
      });
    }
  });
}

const U9 = 'U U U U U U U U U';

table('=', {
  int: 'true false false false false false false false U',
  decimal: 'false true false false false false false false U',
  bool: 'false false true false false false false false U',
  text: 'false false false true false false false false U',
  digits: 'false false false false true false false false U',
  array: 'false false false false false true false false U',
  object: 'false false false false false false true false U',
  null: 'false false false false false false false true U',
  none: U9,
});

table('<>', {
  int: 'false true true true true true true true U',
  decimal: 'true false true true true true true true U',
  bool: 'true true false true true true true true U',
  text: 'true true true false true true true true U',
  digits: 'true true true true false true true true U',
  array: 'true true true true true false true true U',
  object: 'true true true true true true false true U',
  null: 'true true true true true true true false U',
  none: U9,
});

const comparisons = { bool: U9, text: U9, array: U9, object: U9, null: U9, none: U9 };
table('<', {
  int: 'false false U U false U U U U',
  decimal: 'true false U U false U U U U',
  digits: 'true true U U false U U U U',
  ...comparisons,
});
table('<=', {
  int: 'true false U U false U U U U',
  decimal: 'true true U U false U U U U',
  digits: 'true true U U true U U U U',
  ...comparisons,
});
table('>', {
  int: 'false true U U true U U U U',
  decimal: 'false false U U true U U U U',
  digits: 'false false U U false U U U U',
  ...comparisons,
});
table('>=', {
  int: 'true true U U true U U U U',
  decimal: 'false true U U true U U U U',
  digits: 'false false U U true U U U U',
  ...comparisons,
});

table('+', {
  int: '10 7.5 U "5x" "52" U U U U',
  decimal: '7.5 5 U "2.5x" "2.52" U U U U',
  bool: 'U U U "truex" "true2" U U U U',
  text: String.raw`"x5" "x2.5" "xtrue" "xx" "x2" "x[1,\"x\"]" "x{\"a\":1,\"b\":[2]}" U U`,
  digits: String.raw`"25" "22.5" "2true" "2x" "22" "2[1,\"x\"]" "2{\"a\":1,\"b\":[2]}" U U`,
  array: String.raw`U U U "[1,\"x\"]x" "[1,\"x\"]2" U U U U`,
  object: String.raw`U U U "{\"a\":1,\"b\":[2]}x" "{\"a\":1,\"b\":[2]}2" U U U U`,
  null: U9,
  none: U9,
});

const noNumbers = { bool: U9, text: U9, array: U9, object: U9, null: U9, none: U9 };
table('-', {
  int: '0 2.5 U U 3 U U U U',
  decimal: '-2.5 0 U U 0.5 U U U U',
  digits: '-3 -0.5 U U 0 U U U U',
  ...noNumbers,
});
table('*', {
  int: '25 12.5 U U 10 U U U U',
  decimal: '12.5 6.25 U U 5 U U U U',
  digits: '10 5 U U 4 U U U U',
  ...noNumbers,
});
table('/', {
  int: '1 2 U U 2.5 U U U U',
  decimal: '0.5 1 U U 1.25 U U U U',
  digits: '0.4 0.8 U U 1 U U U U',
  ...noNumbers,
});
table('%', {
  int: '0 0 U U 1 U U U U',
  decimal: '2.5 0 U U 0.5 U U U U',
  digits: '2 2 U U 0 U U U U',
  ...noNumbers,
});

describe('AND, OR and NOT', () => {
  const booleans: [string, string][] = [
    ['true AND true', 'true'],
    ['true AND false', 'false'],
    ['false OR true', 'true'],
    ['false OR false', 'false'],
    ['NOT true', 'false'],
    ["'TRUE' AND true", 'true'],
    ["'False' OR 'true'", 'true'],
    ["NOT 'FALSE'", 'true'],
    ["true AND 'x'", 'Undefined'],
    ['true OR 1', 'true'],
    ['NOT 1', 'Undefined'],
    ['NOT nil', 'Undefined'],
    ['NOT nothing', 'Undefined'],
  ];
  for (const [expression, expected] of booleans) {
    it(`${expression} is ${expected}`, () => assert.equal(shown(expression), expected));
  }
  it('is what one side decides, and Undefined where the other is not a Boolean and none does', () => {
    assert.equal(shown('true OR nothing'), 'true');
    assert.equal(shown("isUndefined(mode) OR mode <> 'v2'"), 'true');
    assert.equal(shown('nothing AND false'), 'false');
    assert.equal(shown('nothing OR false'), 'Undefined');
    assert.equal(shown('true AND nothing'), 'Undefined');
  });
});

describe('choices where AWS is silent', () => {
  const choices: [string, string, string][] = [
    [
      'precedence is that of SQL: product, sum, comparison, NOT, AND, OR',
      'NOT 1 + 2 * 3 = 7 OR true AND false',
      'false',
    ],
    ['operators of one precedence are grouped from the left', '10 - 4 - 3', '3'],
    [
      'a division of whole numbers is exact, as in the SET page',
      '(75 - 32) * 5 / 9',
      '23.88888888888888888888888888888889',
    ],
    ['a whole result is an Int', '10 / 4 * 2', '5'],
    ['a division by zero is Undefined', '1 / 0', 'Undefined'],
    ['a remainder by zero is Undefined', '1 % 0', 'Undefined'],
    ['a remainder has the sign of the dividend', '-7 % 3', '-1'],
    ['decimals do not drift as doubles do', '0.1 + 0.2', '0.3'],
    ['a whole decimal behaves as an Int', '10.0', '10'],
    ['objects are equal whatever the order of their members', "{'a': 1, 'b': 2} = {'b': 2, 'a': 1}", 'true'],
    ['arrays are equal in the same order only', '[1, 2] = [2, 1]', 'false'],
    ['Int and Decimal of one value are equal', '[2] = [2.0]', 'true'],
    ['IN finds elements of mixed types', "2 IN ['a', 2, null]", 'true'],
    ["IN compares as =, so '2' is not 2", "'2' IN [2]", 'false'],
    ['IN something that is not an array is Undefined', "'a' IN 'abc'", 'Undefined'],
    ['a number is not equal to its text but compares with it', "1 = '1' OR NOT 1 < '2'", 'false'],
  ];
  for (const [fact, expression, expected] of choices) {
    it(fact, () => assert.equal(shown(expression), expected));
  }
});

describe('choices about Null, Undefined and the range', () => {
  it('Null equals Null, and text with Undefined added is Undefined', () => {
    assert.deepEqual([shown('nil = null'), shown("'a' + nothing")], ['true', 'Undefined']);
  });
  it('a magnitude beyond 999 is Undefined', () => {
    assert.deepEqual([shown('1E999 * 10'), shown('1E-999 / 10')], ['Undefined', 'Undefined']);
  });
});

describe('exact numbers', () => {
  const exact: [string, string][] = [
    ['9007199254740993 + 0', '9007199254740993'],
    ['9007199254740993 > 9007199254740992', 'true'],
    ['9007199254740993 = 9007199254740992', 'false'],
    ['12345678901234567890123456789012345 - 0', '1.234567890123456789012345678901234E+34'],
    ['9999999999999999 * 9999999999999999', '99999999999999980000000000000001'],
    ['1E400 * 10', '1E+401'],
    ['1E999 * 10', 'Undefined'],
    ['0.1234567890123456789 * 10', '1.234567890123456789'],
  ];
  for (const [expression, expected] of exact) {
    it(`${expression} is ${expected}`, () => assert.equal(shown(expression), expected));
  }
});
