// The cost of one function call: for any size of input, counted steps end an evaluation, not the clock.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { compileExpression, faultText } from '../../core/mapping-expression.ts';

const N = 9000;
const context = { deviceId: 'd', site: 's', receivedAt: 1_790_000_000_000, levels: [] };
const each = <Value>(value: (n: number) => Value) => Array.from({ length: N }, (_, n) => value(n));
const scattered = (n: number) => (n * 7919) % 10_007;
const payload = {
  ints: each(scattered),
  strs: each((n) => `s${scattered(n)}`),
  objs: each((n) => ({ [`k${n}`]: n })),
  same: each((n) => ({ k: n })),
  obj: Object.fromEntries(each((n) => [`k${n}`, n])),
  text: 'ab,1 '.repeat(25_000),
  hex: 'deadbeef'.repeat(16_000),
  nested: Array.from({ length: 90 }, () => Array.from({ length: 100 }, (_, n) => n)),
};

const calls = [
  ...[
    '$sum(ints)',
    '$count(objs)',
    '$max(ints)',
    '$min(ints)',
    '$average(ints)',
    '$string(objs)',
    '$string(obj)',
  ],
  ...[
    '$substring(text, 5, 20)',
    '$substringBefore(text, "zz")',
    '$substringAfter(text, "zz")',
    '$lowercase(text)',
  ],
  ...['$uppercase(text)', '$length(text)', '$trim(text)', '$pad("a", 200000)', '$pad(text, -200000)'],
  ...['$pad("a", 1e9)', '$match(text, /a(b),/)', '$contains(text, /zz/)', '$contains(text, "zz")'],
  ...[
    '$replace(text, /b/, "c")',
    '$replace(text, "b", "c")',
    '$replace(text, "b", text)',
    '$split(text, ",")',
  ],
  ...['$split(text, /,/)', '$join(strs, ",")', '$join(strs, text)', '$formatNumber(12345.678, "#,###.00")'],
  ...['$formatBase(255, 16)', '$formatInteger(123456789, "w")', '$parseInteger("twelve thousand", "w")'],
  ...['$boolean(nested)', '$not(objs)', '$map(ints, $string)', '$map(ints, function($x){ $x + 1 })'],
  ...['$zip(ints, strs)', '$filter(ints, function($x){ $x > 5 })', '$filter(ints, $boolean)'],
  ...['$single(ints, function($x){ $x = 7919 })', '$reduce(ints, function($a, $b){ $a + $b })'],
  ...['$reduce(ints, $append)', '$sift(obj, function($v){ $v > 5 })', '$sift(obj, $boolean)', '$keys(obj)'],
  ...['$keys(objs)', '$lookup(objs, "k5")', '$lookup(same, "k")', '$append(ints, strs)', '$exists(objs)'],
  ...[
    '$spread(objs)',
    '$spread(obj)',
    '$merge(objs)',
    '$reverse(ints)',
    '$each(obj, $string)',
    '$type(objs)',
  ],
  ...['$sort(ints)', '$sort(strs)', '$sort(ints, function($a, $b){ $a < $b })', '$distinct(ints)'],
  ...[
    '$distinct(objs)',
    '$bytes(hex, "hex")',
    '$base64encode(text)',
    '$base64decode(hex)',
    '$encodeUrl(text)',
  ],
  ...['$encodeUrlComponent(text)', '$decodeUrl(hex)', '$decodeUrlComponent(hex)', '$toMillis("2020-01-01")'],
  ...['$fromMillis(1)', '$number("1234")', '$round(1.5)', '$power(2, 3)', 'objs = $$.objs', 'obj = $$.obj'],
  ...[
    'objs != $$.objs',
    '5000000 in ints',
    '$ ~> |obj|{"a": 1}|',
    '$ ~> |$|{"a": 1}|',
    '**',
    'nested.*',
    'objs.*',
  ],
  ...['same{$string(k): k}', 'same^(k)', 'ints^(>$)', 'same[k = 5]', 'same.k'],
];

/** Counted limits, which are the same on every machine. */
const COUNTED =
  /more than 100000 steps|more than 262144 characters|more than 50000 values|maximum sequence length|Stack overflow/;

for (const call of calls) {
  test(`${call} ends at a counted limit, once and a thousand times`, async () => {
    for (const expression of [call, `$map([1..1000], function($i){ ($v := $$.(${call}); 1) })`]) {
      const compiled = await compileExpression(expression);
      assert.ok(!('detail' in compiled));
      const found = await compiled.evaluate(payload, context);
      if ('detail' in found) assert.match(faultText(found), COUNTED);
    }
  });
}

test('charged functions keep their number of arguments, their signatures and the context', async () => {
  const cases: readonly (readonly [expression: string, value: unknown])[] = [
    ['$map(["a", "b"], $uppercase)', ['A', 'B']],
    ['$map([1, 2], function($v, $i){ $i })', [0, 1]],
    ['$map([1, 2, 3], $string)', ['1', '2', '3']],
    ['"abc" ~> $uppercase ~> $length', 3],
    ['s.$length()', 3],
    ['$reduce([1, 2, 3], function($a, $b){ $a * $b })', 6],
    ['$sift({"a": 1, "b": 2}, function($v, $k){ $k = "a" })', { a: 1 }],
    ['$sort([3, 1, 2])', [1, 2, 3]],
    ['$each({"a": 1}, function($v, $k){ $k & $v })', 'a1'],
    ['$substring("abcdef", 2)', 'cdef'],
  ];
  for (const [expression, value] of cases) {
    const compiled = await compileExpression(expression);
    assert.ok(!('detail' in compiled));
    assert.deepEqual(await compiled.evaluate({ s: 'abc' }, context), { value }, expression);
  }
});
