// Stored alert states: the current format round-trips, and that of version 0.1.0 is read under the current names.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { itemOf, stateOf } from '../../adapters/alert-item.ts';

const NOTIFICATION = {
  ...{ alertId: 'a1', transition: 'raised', deviceId: 'store-1', site: 'seattle', ruleId: 'silent' },
  ...{ severity: 'major', channels: ['email'], windowStart: 1000, since: 1000, decidedAt: 2000 },
  ...{ value: '130', limit: '120' },
};
const ENTRY = { entryId: 'a1', deviceId: 'store-1', ruleId: 'silent', at: 2000, what: 'raised' };
const EARLIER = {
  deviceId: { S: 'store-1' },
  ruleId: { S: 'silent' },
  state: { S: 'alarm' },
  severity: { S: 'major' },
  version: { N: '3' },
  windowStart: { N: '1000' },
  value: { N: '130' },
  alarm: {
    S: JSON.stringify({
      ...{ raisedAt: 2000, firstToldAt: 2000, toldAt: 2500 },
      told: { ...NOTIFICATION, absence: 'silent' },
    }),
  },
  pending: {
    S: JSON.stringify([
      { notification: { ...NOTIFICATION, absence: 'silent' }, payer: 'sweep/1', heldUntil: 9000 },
    ]),
  },
  unfiled: { S: JSON.stringify([ENTRY]) },
};
const READ = {
  ...{ deviceId: 'store-1', ruleId: 'silent', state: 'alarm', severity: 'major' },
  alarm: {
    ...{ raisedAt: 2000, firstNotifiedAt: 2000, notifiedAt: 2500 },
    announced: { ...NOTIFICATION, silence: 'silent' },
  },
  ...{ version: 3, windowStart: 1000, value: '130' },
  pending: [{ notification: { ...NOTIFICATION, silence: 'silent' }, sender: 'sweep/1', heldUntil: 9000 }],
  unrecorded: [ENTRY],
};

test('a state that version 0.1.0 stored is read under the names of today', () => {
  assert.deepEqual(stateOf(EARLIER), READ);
});

test('a state is read as it was written', () => {
  const state = stateOf(EARLIER);
  assert.ok(!(state instanceof Error));
  const item = itemOf(state);
  assert.equal('unfiled' in item, false);
  assert.deepEqual(stateOf(item), READ);
});
