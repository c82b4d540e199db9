// Numbers as DynamoDB keeps them: exact, in one form, ordered by their bytes as by their values.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { addNumbers, compareNumbers, sortableNumber, storedNumber } from '../../dynamodb/values/number.ts';

const forms: readonly (readonly [given: string, stored: string])[] = [
  ['0', '0'],
  ['-0', '0'],
  ['0.000', '0'],
  ['0e125', '0'],
  ['0e-130', '0'],
  ['+1E6', '1000000'],
  ['1e3', '1000'],
  ['007', '7'],
  ['-1.50', '-1.5'],
  ['.5', '0.5'],
  ['5.', '5'],
  ['1E-3', '0.001'],
  ['123456789012345678901234567890.5', '123456789012345678901234567890.5'],
  ['1e125', `1${'0'.repeat(125)}`],
  ['1e-130', `0.${'0'.repeat(129)}1`],
];
test('converts numbers to one form', () => {
  for (const [given, stored] of forms) assert.deepEqual(storedNumber(given), { text: stored }, given);
});

const refused: readonly (readonly [string, RegExp])[] = [
  ['', /^The parameter cannot be converted to a numeric value: $/],
  ['x', /converted to a numeric value: x/],
  ['.', /converted/],
  ['1e', /converted/],
  ['--1', /converted/],
  [' 1', /converted/],
  ['0x10', /converted/],
  ['Infinity', /converted/],
  ['1e126', /Number overflow/],
  ['-1e126', /Number overflow/],
  ['1e-131', /Number underflow/],
  ['0e126', /Number overflow/],
  ['0e-131', /Number underflow/],
  ['1e99999999999', /Number overflow/],
  ['1e-9223372036854775808', /Number underflow/],
  ['1e9223372036854775808', /converted to a numeric value: 1e9223372036854775808/],
  [`1${'2'.repeat(38)}`, /more than 38 significant digits/],
];
test('refuses numbers that are invalid, too large, too small or too precise', () => {
  for (const [given, problem] of refused) assert.match(storedNumber(given).problem ?? '', problem, given);
});

const ordered = [
  ...['-1e125', '-100', '-12.5', '-12.49', '-1.5', '-1.05', '-1', '-0.1', '-1e-130', '0', '1e-130', '0.001'],
  ...['0.01', '1', '1.05', '1.5', '9', '9.5', '10', '99', '100', '100.0001', '99999999999999999999.1'],
  ...['99999999999999999999.2', '1e125'],
].map((given) => (storedNumber(given) as { text: string }).text);
test('orders numbers, and their bytes, by value', () => {
  for (const [i, a] of ordered.entries()) {
    for (const [j, b] of ordered.entries()) {
      assert.equal(Math.sign(compareNumbers(a, b)), Math.sign(i - j), `${a} ${b}`);
      assert.equal(sortableNumber(a).compare(sortableNumber(b)), Math.sign(i - j), `bytes of ${a} ${b}`);
    }
  }
});

const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.integer({ min: -9, max: 9 }))
  .map(([digits, power]) => ({
    text: (storedNumber(`${digits}e${power}`) as { text: string }).text,
    digits,
    power,
  }));

test('adds and subtracts exactly', () => {
  fc.assert(
    fc.property(decimal, decimal, fc.constantFrom(1 as const, -1 as const), (a, b, sign) => {
      const scaled = (each: typeof a) => each.digits * 10n ** BigInt(each.power + 9);
      const sum = scaled(a) + BigInt(sign) * scaled(b);
      assert.deepEqual(addNumbers(a.text, b.text, sign), storedNumber(`${sum}e-9`));
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('sorts the bytes of any two numbers as it sorts the numbers', () => {
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      assert.equal(
        sortableNumber(a.text).compare(sortableNumber(b.text)),
        Math.sign(compareNumbers(a.text, b.text)),
      );
    }),
    { seed: 2, numRuns: 500 },
  );
});

test('reads a number of a million digits in a short time', () => {
  for (const text of ['9'.repeat(1e6), `${'0'.repeat(1e6)}1`, `1${'0'.repeat(1e6)}`, `0.${'01'.repeat(5e5)}`])
    storedNumber(text);
});
