// The recent windows in a notification: read when it is sent, and their failure does not stop it.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Notification } from '../../core/alert-state.ts';
import { countDeliveries } from '../../pipeline/deliver-events.ts';
import { createRecentWindows } from '../../pipeline/recent-windows.ts';

const START = 1_790_000_000_000;
const NOW = START + 3_600_000;
const notification = {
  ...{ alertId: 'a1', transition: 'raised', deviceId: 'store-1', site: 'seattle', ruleId: 'warm' },
  ...{ severity: 'major', channels: ['email'], windowStart: START, since: START, decidedAt: START },
  ...{ metric: 'temperature', stat: 'max', value: '9', side: 'above', limit: '8' },
} as Notification;

async function asked(of: Partial<Notification>): Promise<unknown[]> {
  const questions: unknown[] = [];
  const before = async (...question: unknown[]) => (questions.push(question), []);
  const recent = createRecentWindows({ windows: { before }, now: () => NOW });
  await recent({ ...notification, ...of } as Notification, {});
  return questions;
}

const cases: [title: string, of: Partial<Notification>, questions: unknown[]][] = [
  ['a notification has those up to the window that decided', {}, [['store-1', START + 1, 24]]],
  ['a reminder has the newest', { transition: 'repeated' }, [['store-1', NOW + 1, 24]]],
  ['an escalation has the newest', { transition: 'escalated' }, [['store-1', NOW + 1, 24]]],
  ['a device that is gone has none', { silence: 'offline', metric: undefined }, []],
];
for (const [title, of, questions] of cases)
  test(title, async () => assert.deepEqual(await asked(of), questions));

test('if the windows cannot be read, the notification is sent without them, and the log says so', async () => {
  const before = async () => Promise.reject(new Error('throttled'));
  const warnings: unknown[] = [];
  const events = countDeliveries({
    count: () => assert.fail('nothing is counted'),
    warn: (...warning) => void warnings.push(warning),
  });
  const recent = createRecentWindows({ windows: { before }, now: () => NOW });
  assert.deepEqual(await recent(notification, events), []);
  assert.deepEqual(warnings, [
    [
      'Notification sent without the last values',
      { deviceId: 'store-1', ruleId: 'warm', reason: 'throttled' },
    ],
  ]);
});
