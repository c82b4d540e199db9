// Whatever number a device sends comes out of the rules engine with the same value, digit for digit where it matters.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { decimalText, parseDecimal } from '../../json/decimal.ts';
import { select } from './message.ts';

const digits = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 1, maxLength });
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    digits(17),
    fc.option(digits(17)),
    fc.option(fc.integer({ min: -400, max: 400 })),
  )
  .map(([sign, whole, fraction, exponent]) => {
    const point = fraction === null ? '' : `.${fraction}`;
    const power = exponent === null ? '' : `e${exponent}`;
    return `${sign}${whole.replace(/^0+(?=\d)/, '')}${point}${power}`;
  });

function value(text: string): string {
  const decimal = parseDecimal(text);
  assert.ok(decimal, text);
  return decimalText(decimal);
}

describe('numbers of a payload', () => {
  it('keep their value', () => {
    fc.assert(
      fc.property(number, (text) => {
        const out = select('SELECT *', `{"n":${text}}`);
        assert.equal(value(out.slice(5, -1)), value(text));
      }),
      { seed: 4, numRuns: 5_000 },
    );
  });
  it('are compared by value, however they are written', () => {
    const payload =
      '{"a":9007199254740993,"b":9007199254740993.0,"c":9.007199254740993e15,"d":9007199254740992}';
    assert.equal(
      select('SELECT a = b AS ab, b = c AS bc, a = d AS ad, a > d AS gt', payload),
      '{"ab":true,"bc":true,"ad":false,"gt":true}',
    );
  });
  it('keep long texts of digits in strings as they are', () => {
    const payload = '{"iccid":"8914800000000000000000","when":"1e1000"}';
    assert.equal(select('SELECT *', payload), payload);
  });
});
