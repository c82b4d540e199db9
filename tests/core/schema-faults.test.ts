// Faults in the form of data, for every kind of schema that the API has.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as z from 'zod/mini';
import { formFaults } from '../../core/schema-faults.ts';

const short = z.string().check(z.minLength(1), z.maxLength(5));
const cases: readonly (readonly [schema: z.ZodMiniType, value: unknown, detail: string])[] = [
  [z.int().check(z.minimum(1), z.maximum(60)), 61, 'must be a whole number from 1 to 60'],
  [z.int().check(z.minimum(1), z.maximum(60)), 1.5, 'must be a whole number from 1 to 60'],
  [z.number().check(z.minimum(0)), -1, 'must be a number from 0'],
  [z.number().check(z.maximum(9)), 10, 'must be a number up to 9'],
  [z.number(), 'x', 'must be a number'],
  [z.boolean(), 1, 'must be true or false'],
  [z.string(), null, 'must be text'],
  [short, '', 'must be text of 1 to 5 characters'],
  [short, 'too long', 'must be text of 1 to 5 characters'],
  [z.string().check(z.regex(/^a/, 'must be a thing')), 'b', 'must be a thing'],
  [z.string().check(z.regex(/^a/, 'must be a thing')), 7, 'must be a thing'],
  [z.enum(['a', 'b', 'c']), 'd', 'must be a, b or c'],
  [z.literal('a'), 'd', 'must be a'],
  [z.array(z.string()).check(z.minLength(1), z.maxLength(3)), [], 'must be a list of 1 to 3'],
  [z.array(z.string()).check(z.minLength(1)), [], 'must be a list of 1 or more'],
  [z.array(z.string()), {}, 'must be a list'],
  [z.union([z.string(), z.number()], 'must be a time'), true, 'must be a time'],
  [z.union([z.number(), z.boolean()]), 'x', 'must be a number or true or false'],
  [z.nullable(z.number()), 'x', 'must be a number, or null to remove it'],
  [z.record(z.string(), z.number()), [], 'must be a JSON object'],
  [z.pipe(z.string(), z.transform(Number)), 4, 'must be text'],
];
for (const [schema, value, detail] of cases) {
  test(`${JSON.stringify(value)} ${detail}`, () => {
    assert.deepEqual(formFaults(z.strictObject({ field: schema }), { field: value }), [
      { name: 'field', detail },
    ]);
    assert.deepEqual(formFaults(schema, value), [{ name: '', detail }]);
  });
}

test('a missing field, an element, a key of a record and unknown fields are named by their paths', () => {
  const schema = z.strictObject({
    list: z.array(z.number()),
    units: z.record(z.string().check(z.regex(/^[a-z]+$/, 'must be small letters')), z.string()),
    inner: z.optional(z.strictObject({ first: z.optional(z.string()) })),
    needed: z.boolean(),
  });
  const value = { list: [1, 'x'], units: { A1: 'C', b: 3 }, inner: { frist: 1 }, other: 1 };
  assert.deepEqual(
    formFaults(schema, value).map(({ name, detail }) => `${name} ${detail}`),
    [
      'list.1 must be a number',
      'units.A1 must be named by small letters',
      'units.b must be text',
      'inner.frist is not known here: did you mean first?',
      'needed must be given: true or false',
      'other is not known here: use list, units, inner, needed',
    ],
  );
  assert.deepEqual(formFaults(schema, { list: [], units: {}, needed: true }), []);
});
