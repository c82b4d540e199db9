// The part of the log that the page shows: only refusals, the newest, bounded in number and length.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { silentLog } from '../log.ts';
import { keepRefusals } from '../refusals.ts';

test('refusals are kept as the log has them, newest first, and still go to the log', () => {
  const lines: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void lines.push(message) };
  const refusals = keepRefusals(log, { now: () => 5 });
  refusals.log.warn('refused', {
    client: 'a',
    action: 'iot:Publish',
    reason: 'no policy',
    missing: undefined,
  });
  refusals.log.warn('a rule action failed', { rule: 'x' });
  refusals.log.warn('subscription refused', { client: 'b', times: 3 });
  assert.deepEqual(refusals.list(), [
    { id: 2, at: 5, message: 'subscription refused', fields: { client: 'b', times: '3' } },
    { id: 1, at: 5, message: 'refused', fields: { client: 'a', action: 'iot:Publish', reason: 'no policy' } },
  ]);
  assert.deepEqual(lines, ['refused', 'a rule action failed', 'subscription refused']);
});

test('no more than two hundred are kept, and no value is longer than five hundred characters', () => {
  const refusals = keepRefusals(silentLog, { now: () => 0 });
  for (let n = 0; n < 500; n += 1) refusals.log.warn('publish refused', { reason: 'x'.repeat(1000) });
  const kept = refusals.list();
  assert.deepEqual([kept.length, kept[0]!.id, kept[0]!.fields['reason']!.length], [200, 500, 500]);
});
