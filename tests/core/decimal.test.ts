// Exact decimals, compared with a slow and obvious parser of the same text.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { decimalFromText, decimalOf, decimalText } from '../../core/decimal.ts';

const values: [number, string][] = [
  [0, '0'],
  [-0, '0'],
  [4.2, '4.2'],
  [-1.5, '-1.5'],
  [0.1, '0.1'],
  [1e-15, '0.000000000000001'],
  [-1e-7, '-0.0000001'],
  [1.23e-5, '0.0000123'],
  [1e15, '1000000000000000'],
  [-1e15, '-1000000000000000'],
  [123456789012345.6, '123456789012345.6'],
  [999999999.999999, '999999999.999999'],
  [Number('9007199254740.993'), '9007199254740.992'],
];
for (const [value, text] of values) {
  test(`${value} is ${text}`, () => assert.equal(decimalText(decimalOf(value)!), text));
}

const refused = [
  1e-16,
  1e-200,
  5e-324,
  1.0000001e15,
  1e16,
  1e21,
  1e300,
  -1e300,
  Infinity,
  -Infinity,
  NaN,
  0.1 + 0.2,
];
for (const value of refused) {
  test(`${value} does not fit`, () => assert.equal(decimalOf(value), undefined));
}

test("a number's decimal is that of its shortest text", () => {
  fc.assert(
    fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (value) => {
      assert.equal(decimalOf(value), decimalFromText(String(value)));
    }),
  );
});

test('numbers with few decimals keep their text', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), fc.integer({ min: 0, max: 9 }), (digits, places) => {
      const value = Number(`${digits}e-${places}`);
      const expected = BigInt(digits) * 10n ** BigInt(15 - places);
      assert.equal(decimalOf(value), expected);
    }),
  );
});

test('text survives a round trip', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }), (value) => {
      assert.equal(decimalFromText(decimalText(value)), value);
    }),
  );
});

for (const [text, value] of [
  ['1E+3', 1000n * 10n ** 15n],
  ['1.50', 15n * 10n ** 14n],
  ['000', 0n],
  ['0e-999', 0n],
  ['', undefined],
  ['1e999999999', undefined],
  ['0x10', undefined],
  ['1.', undefined],
  ['NaN', undefined],
] as const) {
  test(`text ${JSON.stringify(text)} is read as ${value}`, () => assert.equal(decimalFromText(text), value));
}
