// Expressions: DynamoDB's errors, and that cached ones do not depend on the request before.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Engine } from '../../dynamodb/engine.ts';
import { compileExpression } from '../../dynamodb/expressions/compiled.ts';
import { answerOf, call, openInMemory } from './engine-calls.ts';
import { setUp } from './random-requests.ts';

let engine: Engine;
beforeAll(async () => {
  engine = openInMemory();
  for (const { operation, input } of setUp) await call(engine, operation, input);
});
afterAll(() => engine.close());

const values = { ':n': { N: '1' }, ':s': { S: 'x' }, ':l': { L: [{ N: '1' }] }, ':bs': { BS: ['AA=='] } };
const names = { '#a': 'a', '#b': 'b' };

type Kind = 'UpdateExpression' | 'ConditionExpression' | 'ProjectionExpression' | 'KeyConditionExpression';
const refused: readonly (readonly [Kind, string, string])[] = [
  ['UpdateExpression', '', 'The expression can not be empty;'],
  ['UpdateExpression', 'SET SET', 'Syntax error; token: "SET", near: "SET SET"'],
  ['UpdateExpression', 'SET a = :n b = :n', 'Syntax error; token: "b", near: ":n b ="'],
  ['UpdateExpression', 'SET a = ', 'Syntax error; token: "<EOF>", near: "= "'],
  ['UpdateExpression', 'SET a ? :n', 'Syntax error; token: "?", near: "a ?"'],
  ['UpdateExpression', 'SET a[x] = :n', 'Syntax error; token: "x", near: "[x]"'],
  ['UpdateExpression', 'SET count = :n', 'Attribute name is a reserved keyword; reserved keyword: count'],
  [
    'UpdateExpression',
    'SET #x = :n',
    'An expression attribute name used in the document path is not defined; attribute name: #x',
  ],
  [
    'UpdateExpression',
    'SET a = :x',
    'An expression attribute value used in expression is not defined; attribute value: :x',
  ],
  ['UpdateExpression', 'SET a = f(:n, :n)', 'Invalid function name; function: f'],
  [
    'UpdateExpression',
    'SET a = :s + :n',
    'Incorrect operand type for operator or function; operator or function: +, operand type: S',
  ],
  [
    'UpdateExpression',
    'SET a = if_not_exists(:n, :n)',
    'Operator or function requires a document path; operator or function: if_not_exists',
  ],
  [
    'UpdateExpression',
    'SET a = list_append(:l)',
    'Incorrect number of operands for operator or function; operator or function: list_append, number of operands: 1',
  ],
  [
    'UpdateExpression',
    'ADD a :s',
    'Incorrect operand type for operator or function; operator: ADD, operand type: STRING',
  ],
  [
    'UpdateExpression',
    'DELETE a :n',
    'Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER',
  ],
  [
    'UpdateExpression',
    'SET a = :n SET b = :n',
    'The "SET" section can only be used once in an update expression;',
  ],
  [
    'UpdateExpression',
    'SET a.b = :n REMOVE a',
    'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]',
  ],
  [
    'UpdateExpression',
    'SET a.b = :n REMOVE a[0]',
    'Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [0]]',
  ],
  ['ConditionExpression', '((a = :n))', 'The expression has redundant parentheses;'],
  ['ConditionExpression', 'a', 'Syntax error; token: "<EOF>", near: "a"'],
  ['ConditionExpression', 'a = :n AND', 'Syntax error; token: "<EOF>", near: "AND"'],
  ['ConditionExpression', 'a = :n b', 'Syntax error; token: "b", near: ":n b"'],
  ['ConditionExpression', 'NOT NOT a = :n', 'Syntax error; token: "NOT", near: "NOT NOT a"'],
  [
    'ConditionExpression',
    'size(a)',
    'The function is not allowed to be used this way in an expression; function: size',
  ],
  [
    'ConditionExpression',
    'a = contains(a, :n)',
    'The function is not allowed to be used this way in an expression; function: contains',
  ],
  [
    'ConditionExpression',
    '#a = a',
    'The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]',
  ],
  [
    'ConditionExpression',
    'a BETWEEN :s AND :n',
    'The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {S:x}, upper bound operand: AttributeValue: {N:1}',
  ],
  [
    'ConditionExpression',
    'attribute_type(a, :s)',
    'Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}',
  ],
  [
    'ProjectionExpression',
    'a, a',
    'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]',
  ],
  ['ProjectionExpression', 'a,', 'Syntax error; token: "<EOF>", near: ","'],
];
for (const [kind, text, problem] of refused) {
  test(`${kind} "${text}": ${problem}`, () => {
    assert.throws(() => compileExpression(kind, text, names, values), {
      name: 'ValidationException',
      message: `Invalid ${kind}: ${problem}`,
    });
  });
}

test('accepts expressions of up to 4 KB and 300 operators', () => {
  const condition = (text: string) => compileExpression('ConditionExpression', text, names, values);
  const padded = (length: number) => `a = :n${' '.repeat(length - 6)}`;
  condition(padded(4_096));
  assert.throws(() => condition(padded(4_097)), /maximum allowed size; expression size: 4097/);
  const joined = (count: number) => Array.from({ length: count }, () => 'a=:n').join(' OR ');
  condition(joined(150));
  assert.throws(() => condition(joined(151)), /too many operators; operator count: 301/);
});

test('refuses excessive nesting instead of running out of stack', () => {
  for (const text of [`${'('.repeat(2_000)}a = :n${')'.repeat(2_000)}`, '('.repeat(4_000)]) {
    assert.throws(() => compileExpression('ConditionExpression', text, names, values), /nested too deeply/);
    assert.throws(
      () => compileExpression('UpdateExpression', `SET a = ${text}`.slice(0, 4_096), names, values),
      /nested too deeply/,
    );
  }
});

test('compiles once for any values, and again for other names or types', () => {
  const compile = (name: string, value: object) =>
    compileExpression('ConditionExpression', '#a = :v', { '#a': name }, { ':v': value as never });
  const first = compile('a', { N: '1' });
  assert.equal(compile('a', { N: '22' }), first);
  assert.notEqual(compile('b', { N: '1' }), first);
  assert.notEqual(compile('a', { S: '1' }), first);
  assert.equal(first.run({ a: { N: '22' } }, { ':v': { N: '22' } }), true);
  assert.equal(first.run({ a: { N: '22' } }, { ':v': { N: '1' } }), false);
});

test('keeps only the last thousand expressions', () => {
  const compile = (n: number) => compileExpression('ConditionExpression', `a${n} = :n`, {}, values);
  const [first, last] = [compile(0), compile(1)];
  for (let n = 2; n <= 1_000; n += 1) compile(n);
  assert.equal(compile(1), last);
  assert.notEqual(compile(0), first);
});

async function updated(item: object, UpdateExpression: string, more: object = {}) {
  const key = { id: { S: 'u' } };
  await call(engine, 'PutItem', { TableName: 'plain', Item: { ...key, ...item } });
  const { body } = await answerOf(engine, 'UpdateItem', {
    TableName: 'plain',
    Key: key,
    UpdateExpression,
    ReturnValues: 'ALL_NEW',
    ...more,
  });
  const { id: _id, ...rest } = (body['Attributes'] ?? { id: {}, error: body['message'] }) as Record<
    string,
    unknown
  >;
  return rest;
}
const numbers = (...members: number[]) => ({ L: members.map((n) => ({ N: String(n) })) });

test('reads all values before it writes any', async () => {
  assert.deepEqual(await updated({ a: { N: '1' }, b: { N: '2' } }, 'SET a = b, b = a'), {
    a: { N: '2' },
    b: { N: '1' },
  });
});

test('counts positions of a list as they were before the update', async () => {
  assert.deepEqual(await updated({ a: numbers(0, 1, 2, 3) }, 'REMOVE a[0], a[2]'), { a: numbers(1, 3) });
});

test('appends values that are set beyond the end of a list, in the order of their positions', async () => {
  const ExpressionAttributeValues = { ':x': { N: '8' }, ':y': { N: '9' } };
  assert.deepEqual(
    await updated({ a: numbers(0) }, 'SET a[999999999] = :y, a[5] = :x', { ExpressionAttributeValues }),
    { a: numbers(0, 8, 9) },
  );
});

test('removes a set whose last member is deleted', async () => {
  const ExpressionAttributeValues = { ':m': { SS: ['x', 'y'] } };
  assert.deepEqual(await updated({ a: { SS: ['x'] } }, 'DELETE a :m', { ExpressionAttributeValues }), {});
});

test('refuses a sum beyond 38 digits, and leaves the item as it was', async () => {
  const ExpressionAttributeValues = { ':m': { N: '0.1' } };
  const { error } = await updated({ a: { N: '9'.repeat(38) } }, 'ADD a :m', { ExpressionAttributeValues });
  assert.match(String(error), /38 significant digits/);
  const { Item } = await call(engine, 'GetItem', { TableName: 'plain', Key: { id: { S: 'u' } } });
  assert.deepEqual((Item as { a: unknown }).a, { N: '9'.repeat(38) });
});
