// Rounding at the fifteenth decimal, compared with a library that rounds digit by digit.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { Decimal } from 'decimal.js';
import * as fc from 'fast-check';
import { decimalText, roundedDecimalOf, roundedFromText, type Rounded } from '../../core/decimal.ts';

const Exact = Decimal.clone({
  precision: 500,
  rounding: Decimal.ROUND_HALF_EVEN,
  toExpNeg: -400,
  toExpPos: 400,
});
const runs = (numRuns: number) => ({ numRuns, seed: 15 });

/** The library's result for a number's text: undefined over 1e15. */
function expected(text: string): { value: string; isRounded: boolean } | undefined {
  const exact = new Exact(text);
  const value = exact.toDecimalPlaces(15);
  if (value.abs().greaterThan(1e15)) return undefined;
  return { value: value.isZero() ? '0' : value.toFixed(), isRounded: !value.equals(exact) };
}

const shown = (found: Rounded | undefined) => found && { ...found, value: decimalText(found.value) };

const halves: [text: string, value: string][] = [
  ['0.0000000000000005', '0'],
  ['0.0000000000000015', '0.000000000000002'],
  ['0.0000000000000025', '0.000000000000002'],
  ['-0.0000000000000025', '-0.000000000000002'],
  ['0.00000000000000250000000001', '0.000000000000003'],
  ['0.0000000000000024999999999', '0.000000000000002'],
  ['0.9999999999999995', '1'],
  ['1e-400', '0'],
  ['5e-324', '0'],
];
for (const [text, value] of halves) {
  test(`${text} is ${value}, rounded`, () => {
    assert.deepEqual(shown(roundedFromText(text)), { value, isRounded: true });
    assert.deepEqual(expected(text), { value, isRounded: true });
  });
}

test('any number is rounded half to even, and marked as rounded if it is', () => {
  const doubles = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ noNaN: true, min: -2e15, max: 2e15 }),
    fc.double({ noNaN: true, min: -1, max: 1 }),
    // The noise of floating point.
    fc
      .tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.constantFrom(3, 7, 9, 1.8, 0.1))
      .map(([n, by]) => n / by),
    // Halves of the last decimal.
    fc.integer({ min: -1e9, max: 1e9 }).map((n) => Number(`${n}5e-16`)),
  );
  const property = fc.property(doubles, (value) => {
    const within = Math.abs(value) <= 1e15 ? expected(String(value)) : undefined;
    assert.deepEqual(shown(roundedDecimalOf(value)), within);
  });
  fc.assert(property, runs(20_000));
});

test('any decimal text, however long, plain or scientific, is rounded the same way', () => {
  const digits = (maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 1, maxLength });
  const part = fc.option(digits(40), { nil: undefined });
  const exponent = fc.option(fc.integer({ min: -60, max: 40 }), { nil: undefined });
  const texts = fc
    .tuple(fc.constantFrom('', '-'), fc.oneof(digits(18), fc.constant('0')), part, exponent)
    .map(([sign, whole, fraction, power]) =>
      [
        sign,
        whole,
        fraction === undefined ? '' : `.${fraction}`,
        power === undefined ? '' : `e${power}`,
      ].join(''),
    );
  const property = fc.property(texts, (text) => {
    assert.deepEqual(shown(roundedFromText(text)), expected(text));
  });
  fc.assert(property, runs(20_000));
});

test('a rounded value is not rounded again', () => {
  const property = fc.property(fc.double({ noNaN: true, min: -1e15, max: 1e15 }), (value) => {
    const once = roundedDecimalOf(value)!;
    assert.deepEqual(roundedFromText(decimalText(once.value)), { value: once.value, isRounded: false });
  });
  fc.assert(property, runs(5000));
});

for (const text of [
  '',
  '-',
  '.',
  '1.',
  '.5',
  '+1',
  '1e',
  '0x10',
  '1_000',
  'Infinity',
  'NaN',
  '1e999',
  '1e16',
]) {
  test(`${JSON.stringify(text)} is not a value`, () => assert.equal(roundedFromText(text), undefined));
}
