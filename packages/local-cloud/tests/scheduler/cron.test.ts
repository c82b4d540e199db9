// When a cron expression of EventBridge is due.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readCron } from '../../scheduler/cron.ts';

/** Monday, 30 November 2026. */
const MONDAY = Date.parse('2026-11-30T09:30:00Z');

const cases: readonly (readonly [expression: string, next: string | undefined])[] = [
  ['cron(0 10 * * ? *)', '2026-11-30T10:00:00Z'],
  ['cron(0 9 * * ? *)', '2026-12-01T09:00:00Z'],
  ['cron(30 9 * * ? *)', '2026-12-01T09:30:00Z'],
  ['cron(0/15 * * * ? *)', '2026-11-30T09:45:00Z'],
  ['cron(10-20/5,50 9 * * ? *)', '2026-11-30T09:50:00Z'],
  ['cron(15 12 1 * ? *)', '2026-12-01T12:15:00Z'],
  ['cron(0 18 ? * MON-FRI *)', '2026-11-30T18:00:00Z'],
  ['cron(0 18 ? * sun,SAT *)', '2026-12-05T18:00:00Z'],
  ['cron(0 8 ? * 2#1 *)', '2026-12-07T08:00:00Z'],
  ['cron(0 8 ? * 6L *)', '2026-12-25T08:00:00Z'],
  ['cron(0 8 L * ? *)', '2026-12-31T08:00:00Z'],
  ['cron(0 8 5W * ? *)', '2026-12-04T08:00:00Z'],
  ['cron(0 0 29 2 ? *)', '2028-02-29T00:00:00Z'],
  ['cron(0 0 1 JAN ? 2027-2030)', '2027-01-01T00:00:00Z'],
  ['cron(0 0 1 1 ? 2026)', undefined],
];
for (const [expression, next] of cases) {
  test(`${expression} is due ${next ?? 'never again'}`, () => {
    const time = readCron(expression)!(MONDAY);
    assert.equal(time && new Date(time).toISOString(), next?.replace('Z', '.000Z'));
  });
}

const refused = [
  'cron(0 10 * * * *)',
  'cron(0 10 ? * ? *)',
  'cron(0 10 * * ?)',
  'cron(60 10 * * ? *)',
  'cron(0 10 32 * ? *)',
  'cron(0 10 ? * 8 *)',
  'cron(5-1 * * * ? *)',
  'cron(0/0 * * * ? *)',
  'cron(a * * * ? *)',
  '0 10 * * ? *',
];
for (const expression of refused) {
  test(`${expression} is not a cron expression of EventBridge`, () =>
    assert.equal(readCron(expression), undefined));
}
