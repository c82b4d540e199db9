// Filter policies that SNS refuses and its messages, as recorded from AWS where known, and its limits at their edges.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFilter, type FilterScope } from '../../sns/filter-policy.ts';

function problemOf(policy: object | string, scope?: string): string | undefined {
  const filter = readFilter(typeof policy === 'string' ? policy : JSON.stringify(policy), scope);
  return 'problem' in filter ? filter.problem : undefined;
}

const range = (count: number) => Array.from({ length: count }, (_, n) => `v${n}`);
const keys = (count: number) => Object.fromEntries(range(count).map((key) => [key, ['x']]));
const wildcards = (count: number) => range(count).map((value) => ({ wildcard: `*${value}` }));

/** What the list of the key `k` may not have. */
const conditions: readonly (readonly [list: readonly unknown[], problem: string])[] = [
  [[], 'Empty arrays are not allowed'],
  [[['value']], 'Match value must be String, number, true, false, or null'],
  [[{}], 'Match expression name not found'],
  [[{ 'wrong-operator': true }], 'Unrecognized match type wrong-operator'],
  [[{ constructor: 'x' }], 'Unrecognized match type constructor'],
  [[{ suffix: 'a', prefix: 'b' }], 'Only one key allowed in match expression'],
  [[{ suffix: 100 }], 'suffix match pattern must be a string'],
  [[{ suffix: null }], 'suffix match pattern must be a string'],
  [[{ prefix: [] }], 'prefix match pattern must be a string'],
  [[{ 'equals-ignore-case': true }], 'equals-ignore-case match pattern must be a string'],
  [[{ exists: null }], 'exists match pattern must be either true or false.'],
  [[{ exists: 'no' }], 'exists match pattern must be either true or false.'],
  [[{ numeric: 5 }], 'Value of numeric must be an array.'],
  [[{ numeric: ['operator'] }], 'Unrecognized numeric range operator: operator'],
  [[{ numeric: ['toString', 1] }], 'Unrecognized numeric range operator: toString'],
  [[{ numeric: [1, '<='] }], 'Invalid member in numeric match: 1'],
  [[{ numeric: ['=', '000'] }], 'Value of equals must be numeric'],
  [[{ numeric: ['>='] }], 'Value of >= must be numeric'],
  [[{ numeric: ['<', 100, '>', 10] }], 'Too many elements in numeric expression'],
  [[{ numeric: ['=', 1, '<', 2] }], 'Too many elements in numeric expression'],
  [[{ numeric: ['>=', 1, '>', 2] }], 'Bad numeric range operator: >'],
  [[{ numeric: ['>', 3, '<', 1] }], 'Bottom must be less than top'],
  [[{ numeric: ['>', 20, '<='] }], 'Value of <= must be numeric'],
  [[{ numeric: ['>', 20, 30] }], 'Bad value in numeric range: 30'],
  [[{ numeric: ['>', '20', '<', '30'] }], 'Value of > must be numeric'],
  [[{ numeric: ['>', 20, '<', '30'] }], 'Value of < must be numeric'],
  [[{ numeric: ['>', 20, '<', 30, '<', 50] }], 'Too many terms in numeric range expression'],
  [[{ numeric: ['<', 1_000_000_001] }], 'Value must be between -1000000000 and 1000000000, inclusive'],
  [[{ 'anything-but': { suffix: 'test' } }], 'Unsupported anything-but pattern: suffix'],
  [[{ 'anything-but': { exists: false } }], 'Unsupported anything-but pattern: exists'],
  [[{ 'anything-but': { prefix: false } }], 'prefix match pattern must be a string'],
  [[{ 'anything-but': { prefix: '' } }], 'Null prefix not allowed'],
  [[{ 'anything-but': { prefix: 'a', wildcard: 'b' } }], 'Only one key allowed in match expression'],
  [[{ 'anything-but': [] }], 'Value of anything-but must be strings alone or numbers alone'],
  [[{ 'anything-but': ['a', 1] }], 'Value of anything-but must be strings alone or numbers alone'],
  [[{ 'anything-but': null }], 'Value of anything-but must be strings alone or numbers alone'],
  [[{ cidr: '10.0.0.1' }], 'Malformed CIDR "10.0.0.1"'],
  [[{ cidr: '10.0.0.0/33' }], 'Malformed CIDR "10.0.0.0/33"'],
  [[{ cidr: '::/129' }], 'Malformed CIDR "::/129"'],
  [[{ cidr: '10.0.0/8' }], 'Malformed CIDR "10.0.0/8"'],
  [[{ wildcard: 'a**b' }], 'Consecutive wildcard characters in wildcard pattern'],
  [[{ wildcard: 'a\\b' }], 'Invalid escape character in wildcard pattern'],
  [[{ wildcard: '*\\' }], 'Invalid escape character in wildcard pattern'],
  [[{ wildcard: '*a*b*c*' }], 'A wildcard pattern can not have more than 3 wildcard characters'],
];
for (const [list, problem] of conditions) {
  test(`${JSON.stringify(list)} is refused: ${problem}`, () => {
    assert.equal(problemOf({ k: list }), `FilterPolicy: ${problem}`);
  });
}

const policies: readonly (readonly [what: string, policy: object | string, problem: string])[] = [
  ['no JSON', '{invalidjson}', 'failed to parse JSON.'],
  ['an array', [], 'Filter is not an object'],
  ['null', 'null', 'Filter is not an object'],
  ['text', '"k"', 'Filter is not an object'],
  ['a value without a list', { key_a: 'value_one' }, '"key_a" must be an object or an array'],
  ['an operator without a list', { key: { suffix: 'value' } }, '"suffix" must be an object or an array'],
  ['an empty object in it', { a: {} }, 'Empty objects are not allowed'],
  ['an empty branch', { $or: [{}, { a: ['x'] }] }, 'Empty objects are not allowed'],
  ['one branch', { $or: [{ a: ['x'] }] }, 'Unrecognized match type a'],
  ['an operator for a branch', { $or: [{ prefix: 'x' }, { a: ['x'] }] }, 'Unrecognized match type a'],
  ['six keys', keys(6), 'Filter policy can not have more than 5 keys'],
  [
    'six keys, some in branches',
    { ...keys(4), $or: [{ a: ['x'] }, { b: ['x'] }] },
    'Filter policy can not have more than 5 keys',
  ],
  ['151 values', { k: range(151) }, 'Filter policy is too complex'],
  ['values that multiply to 5,100', { a: range(100), b: range(51) }, 'Filter policy is too complex'],
  [
    'branches that add up to 152',
    {
      source: range(4),
      $or: [{ name: range(6) }, { type: range(4), $or: [{ id: range(4) }, { space: range(4) }] }],
    },
    'Filter policy is too complex',
  ],
  ['eleven wildcards', { k: wildcards(11) }, 'Filter policy is too complex'],
  [
    'more than 256 KB',
    { k: ['x'.repeat(262_144 - '{"k":[""]}'.length + 1)] },
    'Filter policy is larger than 256 KB',
  ],
  ['40,000 levels', `${'{"k":'.repeat(40_000)}["a"]${'}'.repeat(40_000)}`, 'Filter policy is too complex'],
];
for (const [what, policy, problem] of policies) {
  test(`a policy of ${what} is refused: ${problem}`, () => {
    assert.equal(problemOf(policy), `FilterPolicy: ${problem}`);
  });
}

const atTheLimit: readonly (readonly [what: string, policy: object, scope?: FilterScope])[] = [
  ['five keys', keys(5)],
  ['five keys twice', { $or: [keys(5), keys(5)] }],
  ['six keys within one', { object: keys(6) }, 'MessageBody'],
  ['150 values', { k: range(150) }],
  [
    'branches that add up to 150',
    {
      source: range(3),
      $or: [{ name: range(6) }, { type: range(4), $or: [{ id: range(4) }, { space: range(7) }] }],
    },
  ],
  ['ten wildcards', { k: wildcards(10) }],
  ['256 KB', { k: ['x'.repeat(262_144 - '{"k":[""]}'.length)] }],
  [
    'values whose product with their depths is 144',
    { a: { b: { c: range(12) } }, d: { e: range(2) } },
    'MessageBody',
  ],
];
for (const [what, policy, scope] of atTheLimit) {
  test(`a policy of ${what} is accepted`, () => {
    assert.equal(problemOf(policy, scope), undefined);
  });
}

test('a value counts once for each level of its depth', () => {
  const deep = (values: number) => ({ a: { b: { c: range(4) } }, d: { e: range(3) }, f: range(values) });
  assert.equal(problemOf(deep(2), 'MessageBody'), undefined);
  assert.equal(problemOf(deep(3), 'MessageBody'), 'FilterPolicy: Filter policy is too complex');
});

test('keys within keys are for bodies alone', () => {
  const nested = { object: { key: [{ prefix: 'auto-' }] } };
  assert.equal(problemOf(nested, 'MessageBody'), undefined);
  const problem = 'Filter policy scope MessageAttributes does not support nested filter policy';
  assert.equal(problemOf(nested), problem);
  assert.equal(problemOf({ $or: [nested, { a: ['x'] }] }), problem);
});

test('a scope that SNS does not know is refused, a name of the prototype too', () => {
  for (const scope of ['RandomValue', '', 'constructor', 'messagebody']) {
    assert.equal(
      problemOf('{}', scope),
      `FilterPolicyScope: Invalid value [${scope}]. Please use either MessageBody or MessageAttributes`,
    );
  }
});
