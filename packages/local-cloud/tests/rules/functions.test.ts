// The functions of rules SQL: the examples of the AWS IoT developer guide, and its rules for other types.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { describeFunctions } from '../../rules/functions.ts';
import { jsonOf } from '../../json/value.ts';
import { select, valueOf } from './message.ts';

const payload = JSON.stringify({
  object: { a: { b: 7 }, rawJSON: 1 },
  array: ['a', 'b', 'c'],
  nil: null,
  encoded_temp: 'eyAidGVtcGVyYXR1cmUiOiAzMyB9Cg==',
  attributes: { data1: 1, data2: 2 },
  values: [{ a: 3 }, { b: 4 }],
});
const shown = (expression: string) => jsonOf(valueOf(expression, payload)) || 'Undefined';

const cases: Record<string, [string, string][]> = {
  'about the message': [
    ['topic()', '"telemetry/seattle/s1"'],
    ['topic(1)', '"telemetry"'],
    ["topic('3')", '"s1"'],
    ['topic(2.9)', '"seattle"'],
    ['topic(0)', 'Undefined'],
    ['topic(-1)', 'Undefined'],
    ['topic(4)', 'Undefined'],
    ['timestamp()', '1790000000123'],
    ['clientid()', '"s1"'],
    ['principal()', '"ba67293af50bf2506f5f93469686da660c7c844e7b3950bfb16813e0d31e9373"'],
    ['sourceip()', '"192.0.2.7"'],
    ['traceid()', '"12345678-1234-1234-1234-123456789012"'],
    ['accountid()', '"000000000000"'],
    ['newuuid()', '"00000000-0000-4000-8000-000000000001"'],
    ['rand()', '0.25'],
    ['sql_version()', '"2016-03-23"'],
  ],
  'on missing values': [
    ['isNull(nil)', 'true'],
    ['isNull(5)', 'false'],
    ['isNull(nothing)', 'false'],
    ['isUndefined(nothing)', 'true'],
    ['isUndefined(nil)', 'false'],
    ['isUndefined(floor(array))', 'true'],
    ['nanvl(8, 3)', '8'],
    ['nanvl(nil, 3)', '3'],
    ["nanvl(nothing, '')", '""'],
    ['nanvl(array, 3)', '["a","b","c"]'],
    ['get_or_default(nothing, 4)', '4'],
    ['get_or_default(nil, 4)', '4'],
    ['get_or_default(object.a.b, 4)', '7'],
    ['get_or_default(nothing)', 'Undefined'],
  ],
  'that reach into values': [
    ["get(['a', 'b', 'c'], 1)", '"b"'],
    ["get({'a': 'b'}, 'a')", '"b"'],
    ["get('abc', 1)", '"b"'],
    ["get('abc', '2')", '"c"'],
    ['get(array, 3)', 'Undefined'],
    ['get(array, -1)', 'Undefined'],
    ['get(object, 0)', 'Undefined'],
    ["get(object, 'constructor')", 'Undefined'],
    ["get(object, '__proto__')", 'Undefined'],
    ["get(object, 'rawJSON')", '1'],
    ['get(5, 0)', 'Undefined'],
    ["get(object, 'a').b", '7'],
    ['object.a.b', '7'],
    ['object.toString', 'Undefined'],
    [
      "transform('enrichArray', attributes, values)",
      '[{"a":3,"data1":1,"data2":2},{"b":4,"data1":1,"data2":2}]',
    ],
    ["transform('enrichArray', {'key': attributes.data1}, values)", '[{"a":3,"key":1},{"b":4,"key":1}]'],
    ["transform('other', attributes, values)", 'Undefined'],
  ],
  'that join': [
    ['concat()', 'Undefined'],
    ['concat(1)', '1'],
    ['concat([1, 2, 3], 4)', '[1,2,3,4]'],
    ["concat([1, 2, 3], 'hello', [4, 5, 6])", '[1,2,3,"hello",4,5,6]'],
    ["concat('con', 'cat')", '"concat"'],
    ["concat(1, 'hello')", '"1hello"'],
    ["concat('he', 'is', 'man')", '"heisman"'],
    ['concat(1, 2)', 'Undefined'],
    ["concat('a', nil)", 'Undefined'],
  ],
  'on text': [
    ["substring('012345', 0)", '"012345"'],
    ["substring('012345', 2.745)", '"2345"'],
    ["substring('012345', 2)", '"2345"'],
    ['substring(123, 2)', '"3"'],
    ["substring('012345', -1)", '"012345"'],
    ['substring(true, 1.2)', '"rue"'],
    ['substring(false, -2.411E247)', '"false"'],
    ["substring('012345', 1, 3)", '"12"'],
    ["substring('012345', -50, 50)", '"012345"'],
    ["substring('012345', 3, 1)", '""'],
    ["substring('012345', 'x')", 'Undefined'],
    ["indexof('abcd', 'bc')", '1'],
    ["indexof('abcd', 'x')", '-1'],
    ["length('hi')", '2'],
    ['length(false)', '5'],
    ['length(nil)', 'Undefined'],
    ["numbytes('hi')", '2'],
    ["numbytes('€')", '3'],
    ["lower('HELLO')", '"hello"'],
    ["lower(['HELLO'])", String.raw`"[\"hello\"]"`],
    ["upper('hello')", '"HELLO"'],
    ["Ltrim(' h i ')", '"h i "'],
    ["rtrim(' h i ')", '" h i"'],
    ["Trim(' hi ')", '"hi"'],
    ["lpad('hello', 2)", '"  hello"'],
    ['lpad(1, 3)', '"   1"'],
    ["lpad('x', -5)", '"x"'],
    ["length(rpad('x', 5000))", '1001'],
    ["rpad('hello', '2')", '"hello  "'],
    ["rpad('hello', nil)", 'Undefined'],
    ["startswith('ranger', 'ran')", 'true'],
    ["startswith(object, '{')", 'true'],
    ["startswith(nil, 'n')", 'Undefined'],
    ["endswith('cat', 'at')", 'true'],
    ["endswith('cat', nothing)", 'Undefined'],
    ["replace('abcd', 'bc', 'x')", '"axd"'],
    ["replace('abcdabcd', 'b', 'x')", '"axcdaxcd"'],
    ["replace('abc', '', 'x')", '"abc"'],
    ['chr(65)', '"A"'],
    ['chr(49)', '"1"'],
    ['chr(128)', 'Undefined'],
    ["chr('65.9')", '"A"'],
  ],
  'that hash': [
    ["md2('hello')", '"a9046c73e00331af68917d3804f70655"'],
    ["md2('')", '"8350e5a3e24c153df2275c9f80692773"'],
    [
      "md2('12345678901234567890123456789012345678901234567890123456789012345678901234567890')",
      '"d5976f79d83d3a0dc9806c3c66f3efd8"',
    ],
    ["md5('hello')", '"5d41402abc4b2a76b9719d911017c592"'],
    ["sha1('hello')", '"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"'],
    ["sha224('hello')", '"ea09ae9cc6768c50fcee903ed054556e5bfc8347907f12598aa24193"'],
    ["sha256('hello')", '"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"'],
    ["substring(sha384('hello'), 0, 16)", '"59e1748777448c69"'],
    ["substring(sha512('hello'), 0, 16)", '"9b71d224bd62f378"'],
    ['md5(nothing)', 'Undefined'],
  ],
  'of mathematics': [
    ['abs(-5)', '5'],
    ["abs('-5.123')", '5.123'],
    ['abs(true)', 'Undefined'],
    ['abs(nil)', 'Undefined'],
    ['ceil(1.2)', '2'],
    ['ceil(-1.2)', '-1'],
    ['floor(1.2)', '1'],
    ['floor(-1.2)', '-2'],
    ['Round(1.2)', '1'],
    ['Round(1.5)', '2'],
    ['Round(1.7)', '2'],
    ['Round(-1.1)', '-1'],
    ['Round(-1.5)', '-2'],
    ['sign(-7)', '-1'],
    ['sign(0)', '0'],
    ["sign('13')", '1'],
    ['trunc(2.3, 0)', '2'],
    ['trunc(2.3123, 2)', '2.31'],
    ['trunc(2.888, 2)', '2.88'],
    ['trunc(2.00, 5)', '2'],
    ['trunc(-2.888, -3)', '-2'],
    ["trunc(2.888, '2')", 'Undefined'],
    ['mod(8, 3)', '2'],
    ['remainder(8, 3)', '2'],
    ["mod('8', '3')", '2'],
    ['power(2, 5)', '32'],
    ['sqrt(9)', '3'],
    ['sqrt(-9)', 'Undefined'],
    ['ln(0)', 'Undefined'],
    ['log(100)', '2'],
    ['exp(0)', '1'],
    ['acos(0)', '1.5707963267948966'],
    ['acos(2)', 'Undefined'],
    ['asin(0)', '0'],
    ['atan(0)', '0'],
    ['atan2(1, 0)', '1.5707963267948966'],
    ['cos(0)', '1'],
    ['cosh(2.3)', '5.037220649268761'],
    ['sin(0)', '0'],
    ['sinh(2.3)', '4.936961805545957'],
    ['tan(3)', '-0.1425465430742778'],
    ['tanh(2.3)', '0.9800963962661914'],
    ['bitand(13, 5)', '5'],
    ['bitor(8, 5)', '13'],
    ['bitxor(13, 5)', '8'],
    ["bitand(13.9, '5.9')", '5'],
    ["bitor('x', 5)", 'Undefined'],
  ],
  'that cast': [
    ['cast(true AS Int)', '1'],
    ['cast(false AS Decimal)', '0'],
    ['cast(2.9 AS Integer)', '2'],
    ['cast(-2.9 AS Int)', '-2'],
    ["cast('-1.2' AS Decimal)", '-1.2'],
    ["cast('5E-12' AS Double)", '5e-12'],
    ['cast(0.12345678901234567890123 AS Double)', '0.12345678901234568'],
    ['cast(0.12345678901234567890123 AS Decimal)', '0.12345678901234567890123'],
    ['cast(9007199254740993 AS Double)', '9007199254740992'],
    ['cast(1E400 AS Double)', 'Undefined'],
    ['cast(true AS Double)', '1'],
    ['cast(nil AS Double)', 'Undefined'],
    ["cast('+5' AS Int)", 'Undefined'],
    ["cast('5E+2' AS Int)", 'Undefined'],
    ["cast(' 5' AS Int)", 'Undefined'],
    ['cast(nil AS Int)', 'Undefined'],
    ['cast(array AS Int)', 'Undefined'],
    ['cast(0 AS Bool)', 'false'],
    ['cast(-0.5 AS Boolean)', 'true'],
    ["cast('TRUE' AS Bool)", 'true'],
    ["cast('yes' AS Bool)", 'Undefined'],
    ['cast(5 AS String)', '"5"'],
    ['cast(1E30 AS Text)', '"1000000000000000000000000000000"'],
    ['cast(0.0000001 AS Varchar)', '"1E-7"'],
    ['cast(true AS Nvarchar)', '"true"'],
    ["cast('any' AS Ntext)", '"any"'],
    ['cast(array AS String)', String.raw`"[\"a\",\"b\",\"c\"]"`],
    ['cast(nil AS String)', 'Undefined'],
  ],
  'on binary': [
    ["decode(encoded_temp, 'base64')", '{"temperature":33}'],
    ["decode(encoded_temp, 'base64').temperature", '33'],
    ["decode('aGVsbG8=', 'base64')", '"hello"'],
    ["decode('aGVsbG8', 'base64')", '"hello"'],
    ["decode('ODA=', 'base64') > 50", 'true'],
    ["isNull(decode('!', 'base64'))", 'true'],
    ["isNull(decode('/w==', 'base64'))", 'true'],
    ["decode('', 'base64')", '""'],
    ["decode(nil, 'base64')", 'Undefined'],
    ["encode('hello', 'base64')", '"aGVsbG8="'],
    ["encode(nil, 'base64')", 'Undefined'],
  ],
  // More of each in regexp.test.ts, time.test.ts and mqtt-properties.test.ts.
  'with tests of their own': [
    ["regexp_matches('aaaa', 'a{2,}')", 'true'],
    ["regexp_replace('abcd', 'b(.*)d', '$1')", '"ac"'],
    ["regexp_substr('hihihello', '(hi)*')", '"hihi"'],
    ["parse_time('yyyy', timestamp())", '"2026"'],
    ["time_to_epoch('1970-01-02', 'yyyy-MM-dd')", '86400000'],
    ["parse_time('yyyy', timestamp(), nothing)", 'Undefined'],
    ["parse_time('yyyy', timestamp(), nil)", 'Undefined'],
    ["get_mqtt_property('format_indicator')", '"UNSPECIFIED_BYTES"'],
    ["get_user_properties('k')", 'Undefined'],
  ],
};

for (const [group, examples] of Object.entries(cases)) {
  describe(`functions ${group}`, () => {
    for (const [expression, expected] of examples) {
      it(`${expression} is ${expected}`, () => assert.equal(shown(expression), expected));
    }
  });
}

describe('functions', () => {
  it('give Undefined for too few or too many arguments', () => {
    for (const expression of [
      'abs()',
      'abs(1, 2)',
      'timestamp(1)',
      'topic(1, 2)',
      "substring('a')",
      'get(array)',
    ]) {
      assert.equal(shown(expression), 'Undefined', expression);
    }
  });
  it("bitnot(13) is two's complement, not the guide's 2", () => assert.equal(shown('bitnot(13)'), '-14'));
  it('round() goes away from zero at the half', () =>
    assert.deepEqual([shown('round(2.5)'), shown('round(-2.5)')], ['3', '-3']));
  it('a Decimal used as Int loses its decimals', () =>
    assert.deepEqual([shown("substring('abc', 1.9)"), shown('bitand(7.9, 7)')], ['"bc"', '7']));
  it('indexof() of a missing text is -1', () => assert.equal(shown("indexof('abc', 'x')"), '-1'));
  it('have names in any case', () => assert.equal(shown('TOPIC(1) + IsNuLl(nil)'), '"telemetrytrue"'));
  it('are all tried here', () => {
    const tried = JSON.stringify(cases).toLowerCase();
    const missed = describeFunctions().supported.filter((name) => !tried.includes(`${name}(`));
    assert.deepEqual(missed, ['aws_lambda', 'bitnot', 'get_registry_data', 'get_thing_shadow']);
  });
  it('do not grow without bound', () => {
    const long = JSON.stringify({ object: 'x'.repeat(2_000), array: 'y'.repeat(2_000) });
    const sql = "SELECT replace(object, 'x', array) AS big";
    assert.equal(select(sql, long), 'failed: the result of replace() is longer than 1 MiB');
  });
});
