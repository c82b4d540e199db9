// Compares the operators of filter policies with a second implementation, over random policies and messages.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { checkAttributes, type Attribute } from '../../sns/attributes.ts';
import { readFilter } from '../../sns/filter-policy.ts';
import { runsOf } from '../fuzzing.ts';
import { bodyPasses, list, number, passes, text } from './filter-cases.ts';

const word = fc.string({ unit: fc.constantFrom('a', 'b', '*', '\\', 'A'), maxLength: 8 });
const words = fc.uniqueArray(word, { minLength: 1, maxLength: 4 });

test('anything-but passes a text exactly when the list without it does not, and an array when one element is left', () => {
  fc.assert(
    fc.property(words, words, (excluded, values) => {
      const policy = { k: [{ 'anything-but': excluded }] };
      const left = values.filter((value) => !excluded.includes(value));
      assert.equal(passes(policy, { k: list(...values) }), left.length > 0);
      assert.equal(bodyPasses(policy, { k: values }), left.length > 0);
      for (const value of values) {
        assert.equal(passes(policy, { k: text(value) }), !passes({ k: excluded }, { k: text(value) }));
      }
    }),
    runsOf(1, 500),
  );
});

test('a text matches either a prefix or anything-but that prefix', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 3 }), fc.string(), (prefix, value) => {
      const k = text(value);
      assert.equal(passes({ k: [{ prefix }] }, { k }), value.startsWith(prefix));
      assert.equal(passes({ k: [{ 'anything-but': { prefix } }] }, { k }), !value.startsWith(prefix));
    }),
    runsOf(2, 500),
  );
});

const piece = fc.string({ unit: fc.constantFrom('a', 'b', '*', '\\', '\n'), maxLength: 4 });
/** As both a wildcard pattern and a regular expression write it. */
const escaped = (literal: string) => literal.replaceAll(/[\\*]/g, String.raw`\$&`);

test('a wildcard pattern matches what the regular expression of the same pieces matches', () => {
  const pieces = fc
    .array(piece, { minLength: 1, maxLength: 4 })
    .filter((all) => all.slice(1, -1).every((between) => between !== ''));
  const value = fc.string({ unit: fc.constantFrom('a', 'b', '*', '\\', '\n'), maxLength: 12 });
  fc.assert(
    fc.property(pieces, value, (all, found) => {
      const wildcard = all.map(escaped).join('*');
      const expected = new RegExp(`^${all.map(escaped).join('.*')}$`, 's').test(found);
      assert.equal(passes({ k: [{ wildcard }] }, { k: text(found) }), expected);
      assert.equal(passes({ k: [{ 'anything-but': { wildcard } }] }, { k: text(found) }), !expected);
    }),
    runsOf(3, 2_000),
  );
});

test('a range of numbers accepts the values between its bounds', () => {
  const bound = fc.integer({ min: -50, max: 50 });
  fc.assert(
    fc.property(bound, fc.integer({ min: 1, max: 20 }), bound, (bottom, width, value) => {
      const top = bottom + width;
      const found = (numeric: unknown[]) => passes({ k: [{ numeric }] }, { k: number(value) });
      assert.equal(found(['>', bottom, '<', top]), value > bottom && value < top);
      assert.equal(found(['>=', bottom, '<=', top]), value >= bottom && value <= top);
    }),
    runsOf(4, 500),
  );
});

test('dots in a key say the same as keys within keys', () => {
  const name = fc.constantFrom('a', 'b');
  const scalar = fc.constantFrom<unknown>('x', 'y', 1, null);
  const { body } = fc.letrec((tie) => ({
    body: fc.dictionary(name, fc.oneof({ maxDepth: 3 }, scalar, tie('body')), { maxKeys: 2 }),
  }));
  fc.assert(
    fc.property(body, name, name, fc.constantFrom('x', 1, { exists: false }), (found, a, b, condition) => {
      const nested = bodyPasses({ [a]: { [b]: [condition] } }, found);
      assert.equal(bodyPasses({ [`${a}.${b}`]: [condition] }, found), nested);
    }),
    runsOf(5, 1_000),
  );
});

const operand = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('', '*', '10.0.0.0/8', ['>', 1]));
const operator = fc.constantFrom(
  ...['prefix', 'suffix', 'wildcard', 'cidr', 'numeric', 'exists', 'anything-but', 'equals-ignore-case'],
  ...['$or', '__proto__', 'toString'],
);
const condition = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  operand,
  fc.dictionary(operator, operand, { maxKeys: 2 }),
);
const key = fc.constantFrom('a', 'a.b', '$or', '__proto__', 'constructor', '');
const { policy: anyPolicy } = fc.letrec((tie) => ({
  policy: fc.dictionary(
    key,
    fc.oneof({ maxDepth: 3 }, fc.array(condition, { maxLength: 3 }), tie('policy'), fc.array(tie('policy'))),
    { maxKeys: 3 },
  ),
}));
const attribute: fc.Arbitrary<Attribute> = fc.oneof(
  fc.string({ minLength: 1 }).map(text),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(number),
  fc.array(fc.constantFrom('a', '10.0.0.1', '::1%eth0', 'fe80::%', 1, null, true)).map((all) => list(...all)),
);

test('any policy is read or refused in words, and asking it about any message never throws', () => {
  const attributes = fc.dictionary(fc.constantFrom('a', 'constructor'), attribute);
  fc.assert(
    fc.property(
      fc.oneof(
        anyPolicy.map((policy) => JSON.stringify(policy)),
        fc.string(),
      ),
      fc.constantFrom('MessageAttributes', 'MessageBody'),
      attributes,
      fc.oneof(fc.json(), fc.string()),
      (policy, scope, given, body) => {
        checkAttributes(given);
        const filter = readFilter(policy, scope);
        if ('problem' in filter)
          return assert.match(
            filter.problem,
            /^(?:FilterPolicy: .|Filter policy scope MessageAttributes does not)/s,
          );
        assert.equal(typeof filter.accepts({ attributes: given, body }), 'boolean');
      },
    ),
    runsOf(6, 3_000),
  );
});
