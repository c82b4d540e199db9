// Members of records whose names come from devices.

import { expect, test } from '@jest/globals';
import { own } from '../../core/own.ts';

test.each([
  ['temperature', 4],
  ['constructor', undefined],
  ['toString', undefined],
  ['__proto__', undefined],
])('the own member %s of a record is %s', (name, value) => {
  expect(own({ temperature: 4 }, name)).toBe(value);
});

test('no record has no members', () => {
  expect(own(undefined, 'temperature')).toBeUndefined();
});
