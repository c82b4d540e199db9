// Which serial numbers are accepted as new devices.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { hourOf, judgeSerial } from '../../core/provisioning.ts';

const pattern = /tg-[a-z0-9]{4,32}/;
const event = (SerialNumber: unknown) => ({ parameters: { SerialNumber } });

test('a serial number that matches the whole pattern is accepted', () => {
  assert.deepEqual(judgeSerial(event('tg-000042'), pattern), { serialNumber: 'tg-000042' });
});

test('any alternative of the pattern may match the whole serial number', () => {
  for (const serialNumber of ['tg-1', 'tg-12', 'x'])
    assert.deepEqual(judgeSerial(event(serialNumber), /tg-1|tg-12|x/), { serialNumber });
  assert.ok('refused' in judgeSerial(event('tg-123'), /tg-1|tg-12|x/));
});

const refused: readonly (readonly [title: string, event: unknown, reason: string])[] = [
  ['no event', undefined, 'parameter SerialNumber is missing'],
  ['a text as event', 'tg-000042', 'parameter SerialNumber is missing'],
  ['no parameters', {}, 'parameter SerialNumber is missing'],
  ['parameters that are null', { parameters: null }, 'parameter SerialNumber is missing'],
  [
    'a serial number that only the prototype has',
    { parameters: Object.create({ SerialNumber: 'tg-000042' }) as object },
    'parameter SerialNumber is missing',
  ],
  ['a number', event(42), 'parameter SerialNumber is missing'],
  ['an empty one', event(''), 'the serial number is not a valid thing name'],
  ['a path', event('tg-00/../42'), 'the serial number is not a valid thing name'],
  ['one with a line break after it', event('tg-000042\n'), 'the serial number is not a valid thing name'],
  ['one that is too long', event(`tg-${'0'.repeat(200)}`), 'the serial number is not a valid thing name'],
  [
    'the name of a sensor behind a gateway',
    event('tg-000042:a'),
    'the serial number contains a colon, which is reserved for sensors behind a gateway',
  ],
  [
    'a name under which claims connect',
    event('claim-000042'),
    'the serial number begins with claim-, under which claims connect',
  ],
  ['something before it', event('xtg-000042'), 'the serial number does not match the pattern'],
  ['something after it', event('tg-000042-evil'), 'the serial number does not match the pattern'],
  [
    'a device created manually',
    event('store-sensor-seattle1'),
    'the serial number does not match the pattern',
  ],
];
for (const [title, given, reason] of refused) {
  test(`refuses ${title}`, () => assert.deepEqual(judgeSerial(given, pattern), { refused: reason }));
}

test('a colon is refused for every pattern', () => {
  assert.match(JSON.stringify(judgeSerial(event('a:b'), /.*/)), /contains a colon/);
});

test('an hour of the clock is named by its start, in UTC', () => {
  const endsAt = Date.UTC(2026, 10, 30, 21);
  assert.deepEqual(hourOf(Date.UTC(2026, 10, 30, 20)), { name: '2026-11-30T20', endsAt });
  assert.deepEqual(hourOf(endsAt - 1), { name: '2026-11-30T20', endsAt });
  assert.equal(hourOf(endsAt).name, '2026-11-30T21');
});
