// The recipients of notifications are shown in full to callers who may act on alerts, and masked for viewers, in every history.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Group } from '../../core/access.ts';
import type { HistoryEntry } from '../../core/alert-state.ts';
import { sentTo } from '../../core/sent-to.ts';
import { alertRoutes } from '../../http-api/alert-routes.ts';
import { createHttpApi } from '../../http-api/app.ts';
import { shownFollowed } from '../../http-api/message-schema.ts';

const SUBSCRIBERS = [
  { channel: 'email', address: 'ann@example.com', isConfirmed: true },
  { channel: 'sms', address: '+12065550100', isConfirmed: true },
  { channel: 'sqs', address: 'arn:aws:sqs:us-east-1:111122223333:pager', isConfirmed: true },
];
const entry: HistoryEntry = {
  ...{ entryId: 'a', deviceId: 'd', ruleId: 'warm', at: 5, what: 'raised', sentAt: 6 },
  ...sentTo({ channels: ['sms', 'email'] }, SUBSCRIBERS),
};
const history = { record: async () => {}, read: async () => ({ entries: [entry] }) };
const serve = createHttpApi(alertRoutes({ alerts: {} as never, history, now: () => 10 }));

async function shown(path: string, group: Group) {
  const response = await serve(new Request(`https://api.example${path}`), {
    resolve: async () => ({ id: 'ann', isGuest: false, group }),
    onError: (error) => assert.fail(String(error)),
  });
  const { entries } = (await response.json()) as { entries: HistoryEntry[] };
  return entries[0]!.sentTo?.map(({ address }) => address);
}

const WHOLE = ['+12065550100', 'ann@example.com'];
const MASKED = ['+1…00', 'a…@example.com'];
for (const [group, addresses] of [
  ['viewer', MASKED],
  ['operator', WHOLE],
  ['admin', WHOLE],
] as const)
  test(`to the group ${group} the history shows ${addresses.join(' and ')}`, async () => {
    for (const path of ['/alerts/history', '/devices/d/alerts/history'])
      assert.deepEqual(await shown(path, group), addresses);
    const followed = { readings: [], rejected: [], skipped: [], rounded: 0, judged: [], hints: [] };
    const { alerts } = shownFollowed({ ...followed, alerts: [entry] }, { group });
    assert.deepEqual(
      alerts[0]!.sentTo?.map(({ address }) => address),
      addresses,
    );
  });

test('an entry names 50 subscribers and counts the others', () => {
  const many = Array.from({ length: 64 }, (_, n) => ({ channel: 'email', address: `p${n}@example.com` }));
  const { sentTo: named, sentToMore } = sentTo({ channels: ['email', 'sms'] }, many);
  assert.deepEqual([named.length, named[49]!.address, sentToMore], [50, 'p49@example.com', 14]);
});
