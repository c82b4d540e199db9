// Which messages a filter policy lets pass, by attributes and by body: the examples of AWS's pages, and their edges.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { bodyPasses, filterOf, list, number, passes, text, type Attributes } from './filter-cases.ts';

type Condition = readonly unknown[];
/** Values that the conditions of the key `k` accept, and values that they refuse. `undefined`: another key is there. */
type Case = readonly [what: string, conditions: Condition, pass: Values, fail: Values];
type Values = readonly (Attributes[string] | undefined)[];

const cases: readonly Case[] = [
  ['a text', ['rugby', 'tennis'], [text('rugby'), text('tennis')], [text('Rugby'), text('rugb'), undefined]],
  [
    'a text of an array',
    ['rugby'],
    [list('golf', 'rugby'), list('rugby')],
    [list('golf'), list(), text('["rugby"]')],
  ],
  ['a label of a type', ['a'], [{ type: 'String.mine', value: 'a' }], [{ type: 'Binary', value: 'YQ==' }]],
  ['a number', [100], [number('1e2'), number('100.000001'), list(100)], [number(100.1), text('100')]],
  ['a number as text', ['100'], [text('100'), list('100')], [number(100), list(100)]],
  ['true', [true], [list(true, 'a')], [text('true'), list('true'), list(1), list(false)]],
  ['null', [null], [list(null)], [list('null'), text('null'), list(), undefined]],
  ['a prefix', [{ prefix: 'bas' }], [text('baseball'), list('x', 'bas')], [text('Bas'), list(1), undefined]],
  ['a suffix', [{ suffix: 'ball' }], [text('baseball'), text('ball')], [text('balls'), undefined]],
  [
    'a text in any case',
    [{ 'equals-ignore-case': 'tennis' }],
    [text('TENNIS'), text('Tennis')],
    [text('tenni'), number(1), undefined],
  ],
  [
    'anything but a text',
    [{ 'anything-but': 'rugby' }],
    [text('golf'), number(1), list('rugby', 'golf'), list(null)],
    [text('rugby'), list('rugby'), list(), undefined],
  ],
  [
    'anything but texts',
    [{ 'anything-but': ['rugby', 'tennis'] }],
    [text('baseball'), text('Rugby'), list('rugby', 'baseball')],
    [text('rugby'), text('tennis'), list('rugby', 'tennis'), undefined],
  ],
  [
    'anything but numbers',
    [{ 'anything-but': [100, 500] }],
    [number(101), number(100.1), text('100'), list(100, 50)],
    [number(100), number('5e2'), list(100, 500)],
  ],
  [
    'anything but a prefix',
    [{ 'anything-but': { prefix: 'order-' } }],
    [text('data-entry'), text('order_number'), list('order-1', 'x'), number(1)],
    [text('order-cancelled'), list('order-1'), undefined],
  ],
  [
    'anything but a wildcard',
    [{ 'anything-but': { wildcard: '*ball' } }],
    [text('rugby'), text('balls')],
    [text('baseball'), text('ball'), undefined],
  ],
  [
    'anything but, or absent',
    [{ 'anything-but': ['a'] }, { exists: false }],
    [text('b'), undefined],
    [text('a')],
  ],
  ['an exact number', [{ numeric: ['=', 301.5] }], [number('3.015e2')], [number(301.6), text('301.5')]],
  ['a negative number', [{ numeric: ['<', 0] }], [number(-0.1)], [number(0), number(-0.000001), undefined]],
  [
    'a range of numbers',
    [{ numeric: ['>', 0, '<=', 150] }],
    [number('0.00001'), number(150), list(-1, 7)],
    [number(0), number(150.1), list(-1, 151), list('7')],
  ],
  ['at least a number', [{ numeric: ['>=', 1e9] }], [number(1e9), number(1e300)], [number(999_999_999)]],
  ['at most a number', [{ numeric: ['<=', -1e9] }], [number(-1e9)], [number(-999_999_999)]],
  ['a key', [{ exists: true }], [text('x'), number(0), list('', 'a'), list(false)], [list(null), undefined]],
  ['no such key', [{ exists: false }], [undefined, { type: 'Binary', value: 'YQ==' }], [text('x')]],
  ['a value or no such key', ['a', { exists: false }], [text('a'), undefined], [text('b')]],
  [
    'an address of a network',
    [{ cidr: '10.0.0.0/24' }],
    [text('10.0.0.0'), text('10.0.0.255'), text('::ffff:10.0.0.1')],
    [text('10.1.1.0'), text('10.0.0'), text('10.0.0.1/24'), text(''), number(10)],
  ],
  [
    'an address of an IPv6 network',
    [{ cidr: '2001:DB8::/32' }],
    [text('2001:db8::1'), text('2001:0db8:ffff::')],
    [text('2001:db9::1'), text('2001:db8::1%eth0'), text('10.0.0.1')],
  ],
  [
    'a wildcard',
    [{ wildcard: 'a*b*c' }],
    [text('abc'), text('a-b-b-c'), text('a\nb\nc')],
    [text('ab'), text('abcd'), text('acb'), text('xabc'), number(1)],
  ],
  ['a wildcard alone', [{ wildcard: '*' }], [text('x'), list('')], [number(1), undefined]],
  ['pieces that overlap', [{ wildcard: 'aba*aba' }], [text('abaaba')], [text('ababa'), text('aba')]],
  ['escapes', [{ wildcard: '\\*a\\\\*' }], [text('*a\\'), text('*a\\b')], [text('xa\\'), text('*ab')]],
  ['a pattern without wildcard', [{ wildcard: 'a' }], [text('a')], [text('ab')]],
];
const other = { other: text('x') };
for (const [what, conditions, pass, fail] of cases) {
  test(`${what}: ${JSON.stringify(conditions)} passes what it names and nothing else`, () => {
    const attributes = (value: Values[number]): Attributes => (value ? { ...other, k: value } : other);
    for (const value of pass) assert.equal(passes({ k: conditions }, attributes(value)), true, value?.value);
    for (const value of fail) assert.equal(passes({ k: conditions }, attributes(value)), false, value?.value);
  });
}

test('a message without attributes passes no policy by attributes, not even one for an absent key', () => {
  assert.equal(passes({ k: [{ exists: false }] }, {}), false);
  assert.equal(passes({ k: [{ exists: false }] }, { k: { type: 'Binary', value: 'YQ==' } }), false);
});

test('every key must pass, and any branch of $or', () => {
  const both = { store: ['a'], price: [{ numeric: ['>', 100] }] };
  assert.equal(passes(both, { store: text('a'), price: number(101) }), true);
  assert.equal(passes(both, { store: text('a'), price: number(100) }), false);
  const either = { source: ['s'], $or: [{ name: ['n'] }, { type: ['t'], space: ['p'] }] };
  assert.equal(passes(either, { source: text('s'), name: text('n') }), true);
  assert.equal(passes(either, { source: text('s'), type: text('t'), space: text('p') }), true);
  assert.equal(passes(either, { source: text('s'), type: text('t') }), false);
  assert.equal(passes(either, { name: text('n') }), false);
});

test('$or with a list of values is a key of that name', () => {
  assert.equal(bodyPasses({ $or: ['x'] }, { $or: 'x' }), true);
  assert.equal(bodyPasses({ $or: { a: ['x'] } }, { $or: { a: 'x' } }), true);
});

test('keys of the prototype are keys like others', () => {
  const policy = '{"__proto__":["a"],"constructor":[{"exists":false}]}';
  assert.equal(passes(policy, Object.fromEntries([['__proto__', text('a')]])), true);
  assert.equal(passes(policy, { toString: text('a') }), false);
  assert.equal(bodyPasses(policy, '{"__proto__":"a"}'), true);
  assert.equal(bodyPasses('{"toString":[{"exists":true}]}', '{"a":1}'), false);
});

const records = { Records: { s3: { key: [{ prefix: 'auto-' }] }, name: [{ prefix: 'Created' }] } };
const auto = { s3: { key: 'auto-1' }, name: 'Created:Put' };
const bodies: readonly (readonly [what: string, policy: object, pass: unknown[], fail: unknown[]])[] = [
  ['a property', { k: ['a'] }, [{ k: 'a' }, { k: ['b', 'a'] }], [{ k: 'b' }, { k: { k: 'a' } }, {}]],
  ['a boolean', { k: [false] }, [{ k: false }], [{ k: 'false' }, { k: 0 }]],
  ['a null', { k: [null] }, [{ k: null }], [{ k: 'null' }, {}]],
  ['a number', { k: [{ numeric: ['=', 301.5] }] }, ['{"k":3.015e2}'], ['{"k":"301.5"}', '{"k":1e999}']],
  [
    'a nested property',
    { a: { b: ['x'] } },
    [{ a: { b: 'x' } }],
    [{ a: 'x' }, { b: 'x' }, { a: { c: 'x' } }],
  ],
  [
    'an absent nested property',
    { a: { b: [{ exists: false }] } },
    [{ a: {} }, { a: 1 }, { c: 1 }, { a: { b: {} } }],
    [{ a: { b: 1 } }, { a: { b: null } }, {}],
  ],
  [
    'a present property',
    { k: [{ exists: true }] },
    [{ k: 0 }],
    [{ k: null }, { k: '' }, { k: [] }, { k: {} }],
  ],
  [
    'an object in arrays',
    records,
    [{ Records: [auto] }, { Records: [[{ name: 'x' }, auto]] }, { Records: auto }],
    [
      { Records: [{ ...auto, name: 'Removed' }] },
      {
        Records: [
          { ...auto, name: 'Removed' },
          { ...auto, s3: { key: 'home' } },
        ],
      },
      { Records: [] },
    ],
  ],
  [
    'a key with dots',
    { 'a.b.c': ['x'] },
    [{ a: { b: { c: 'x' } } }, { 'a.b.c': 'x' }, { 'a.b': { c: 'x' } }, { a: [{ 'b.c': 'x' }] }],
    [{ a: { b: { c: 'y' } } }, { a: { b: 'x' } }, { 'a.b.c.d': 'x' }],
  ],
  [
    'alternatives within an object',
    { d: { s: ['S'], $or: [{ t: ['t'] }, { u: ['u'] }] } },
    [{ d: { s: 'S', u: 'u' } }],
    [{ d: { s: 'S' } }, { d: { u: 'u' } }],
  ],
];
for (const [what, policy, pass, fail] of bodies) {
  test(`${what} of a body: ${JSON.stringify(policy)}`, () => {
    for (const body of pass) assert.equal(bodyPasses(policy, body), true, JSON.stringify(body));
    for (const body of fail) assert.equal(bodyPasses(policy, body), false, JSON.stringify(body));
  });
}

test('a body that is not a JSON object passes no policy', () => {
  for (const body of ['', 'text', '"a"', 'null', '[{"k":"a"}]', '{"k":"a"', '{}', '{"k":"a"}x']) {
    assert.equal(bodyPasses({ k: ['a'] }, body), false, body);
    assert.equal(bodyPasses({ k: [{ exists: false }] }, body), false, body);
  }
});

test('a body nested 50,000 levels deep is looked at without a fault', () => {
  const deep = 50_000;
  const arrays = `{"k":${'['.repeat(deep)}"a"${']'.repeat(deep)}}`;
  assert.equal(bodyPasses({ k: ['a'] }, arrays), true);
  const objects = `${'{"k":'.repeat(deep)}"a"${'}'.repeat(deep)}`;
  assert.equal(bodyPasses({ k: ['a'] }, objects), false);
  assert.equal(bodyPasses({ [`k${'.k'.repeat(deep - 1)}`]: ['a'] }, objects), true);
});

test('a wildcard that nearly matches 250,000 times is answered', () => {
  const near = 'ab'.repeat(125_000);
  assert.equal(passes({ k: [{ wildcard: '*ab*ba*c' }] }, { k: text(near) }), false);
  const long = `*${'a'.repeat(100_000)}b*`;
  assert.equal(passes({ k: [{ wildcard: long }] }, { k: text('a'.repeat(250_000)) }), false);
});

test('GetTopicAttributes returns a policy unchanged, and an empty one as none', () => {
  assert.equal(filterOf('{ "k" : ["a"] }').policy, '{ "k" : ["a"] }');
  for (const empty of ['', '{}', ' { } ']) {
    assert.equal(filterOf(empty).policy, undefined);
    assert.equal(passes(empty, {}), true);
    assert.equal(bodyPasses(empty, 'text'), true);
  }
});
