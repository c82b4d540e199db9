// Decimals of 34 digits: reading, rounding half to even, writing.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  add,
  compare,
  type Decimal,
  decimalText,
  divide,
  multiply,
  parseDecimal,
  roundTo,
  subtract,
} from '../../json/decimal.ts';

const decimal = (text: string) => {
  const value = parseDecimal(text);
  assert.ok(value, text);
  return value;
};
const written = (value: Decimal | undefined) => value && decimalText(value);

describe('decimals', () => {
  const texts: [string, string | undefined][] = [
    ['0', '0'],
    ['-0.000', '0'],
    ['10.0', '10'],
    ['1e3', '1000'],
    ['0.000001', '0.000001'],
    ['0.0000001', '1E-7'],
    ['12.5E-10', '1.25E-9'],
    ['1E33', `1${'0'.repeat(33)}`],
    ['1E34', '1E+34'],
    ['1e999', '1E+999'],
    ['1e1000', undefined],
    ['1e-999', '1E-999'],
    ['1e-1000', undefined],
    ['1e99999999999999999999', undefined],
    ['1234567890123456789012345678901234.5', '1234567890123456789012345678901234'],
    ['1234567890123456789012345678901235.5', '1234567890123456789012345678901236'],
    ['1234567890123456789012345678901234.51', '1234567890123456789012345678901235'],
    ['1234567890123456789012345678901234.50001', '1234567890123456789012345678901235'],
    ['99999999999999999999999999999999995', '1E+35'],
    ['.5', undefined],
    ['NaN', undefined],
    ['1_000', undefined],
  ];
  for (const [text, expected] of texts) {
    it(`reads ${text} as ${expected ?? 'no decimal'}`, () =>
      assert.equal(written(parseDecimal(text)), expected));
  }

  it('reads 100,000 digits without delay', () => {
    assert.equal(written(parseDecimal(`0.${'3'.repeat(100_000)}`)), `0.${'3'.repeat(34)}`);
  });

  it('divides to 34 digits, rounding half to even with the rest in mind', () => {
    assert.equal(written(divide(decimal('2'), decimal('3'))), `0.${'6'.repeat(33)}7`);
    assert.equal(divide(decimal('1'), decimal('0')), undefined);
  });

  it('rounds in the four ways', () => {
    const ways = ['down', 'floor', 'ceil', 'half-away'] as const;
    const rounded = (text: string) => ways.map((way) => written(roundTo(decimal(text), 0, way))).join(' ');
    assert.equal(rounded('2.5'), '2 2 3 3');
    assert.equal(rounded('-2.5'), '-2 -3 -2 -3');
    assert.equal(rounded('-2.4'), '-2 -3 -2 -2');
    assert.equal(rounded('1e-900'), '0 0 1 0');
  });

  it('agrees with whole-number arithmetic', () => {
    const digits = fc.bigInt({ min: -(10n ** 16n), max: 10n ** 16n });
    fc.assert(
      fc.property(digits, digits, (a, b) => {
        const [x, y] = [decimal(a.toString()), decimal(b.toString())];
        assert.equal(written(add(x, y)), (a + b).toString());
        assert.equal(written(subtract(x, y)), (a - b).toString());
        assert.equal(written(multiply(x, y)), (a * b).toString());
        assert.equal(compare(x, y), a < b ? -1 : a > b ? 1 : 0);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
