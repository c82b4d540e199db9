// Texts about messages: the known facts of each step, refusals, and replays.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { HistoryEntry } from '../../dashboard/model/api-types.ts';
import {
  delayText,
  messageSteps,
  type Followed,
  type FollowedReading,
} from '../../dashboard/model/followed.ts';
import { refusalText } from '../../dashboard/model/refusals.ts';
import { replayText } from '../../dashboard/model/replay.ts';
import { stepsOf, deliveryText } from '../../dashboard/model/story.ts';

const AT = Date.UTC(2026, 10, 20, 12, 0, 3);
const reading = (more: Partial<FollowedReading> = {}): FollowedReading => ({
  ...{ deviceId: 'a', timestamp: AT - 1000, isOwnTime: true, metrics: [], counted: 'counted' },
  window: { start: AT - 3000, end: AT + 7000 },
  ...more,
});
const message = (more: Partial<Followed> = {}): Followed => ({
  ...{ receivedAt: AT, readings: [reading()], rejected: [], skipped: [], rounded: 0 },
  ...{ judged: [], hints: [], alerts: [], ...more },
});
const raised: HistoryEntry = {
  ...{ entryId: '1', deviceId: 'a', ruleId: 'high', at: AT + 200, what: 'raised', value: '9', limit: '8' },
  channels: ['email', 'sms'],
};
const namesOf = (found: Followed) =>
  messageSteps(found).map(({ name, look }) => (look ? `${name} (${look})` : name));

const ways: readonly (readonly [what: string, message: Followed, steps: readonly string[]])[] = [
  ['read and counted', message(), ['Measured', 'Received', 'Read', 'Window']],
  [
    'without a time of its own',
    message({ readings: [reading({ isOwnTime: false })] }),
    ['Received', 'Read', 'Window'],
  ],
  [
    'not counted yet',
    message({ readings: [reading({ counted: 'absent' })] }),
    ['Measured', 'Received', 'Read', 'Window (open)'],
  ],
  [
    'rejected as a whole',
    message({ readings: [], rejected: [{ reason: 'x', detail: 'y', remedy: 'z' }] }),
    ['Received', 'Read (open)'],
  ],
  [
    'an alarm that was sent',
    message({ alerts: [{ ...raised, sentAt: AT + 900 }] }),
    ['Measured', 'Received', 'Read', 'Window', 'Alert (hot)', 'Sent'],
  ],
  [
    'an alarm that was not',
    message({ alerts: [raised] }),
    ['Measured', 'Received', 'Read', 'Window', 'Alert (hot)', 'Sent (open)'],
  ],
];
for (const [what, found, steps] of ways)
  test(`the steps of a message: ${what}`, () => assert.deepEqual(namesOf(found), steps));

test('readings of one window are one step, and the delay is shown if both ends are known', () => {
  const two = message({ readings: [reading(), reading({ timestamp: AT })] });
  assert.deepEqual(messageSteps(two).filter(({ name }) => name === 'Window').length, 1);
  assert.equal(delayText(messageSteps(two)), undefined);
  const sent = message({ alerts: [{ ...raised, sentAt: AT + 900 }] });
  assert.equal(delayText(messageSteps(sent)), '0.90 s from the rule to SNS');
});

const RECIPIENTS = [
  { channel: 'email', address: 'a…@example.com', isConfirmed: true },
  { channel: 'email', address: 'b…@example.com', isConfirmed: false },
  { channel: 'sqs', address: 'arn:aws', isConfirmed: true },
];
const TWO = [
  { channel: 'email', address: 'x…@example.com' },
  { channel: 'email', address: 'y…@example.com' },
  { channel: 'sms', address: '+1…00' },
];
const tellings: readonly (readonly [entry: Partial<HistoryEntry>, text: string | undefined])[] = [
  [{ channels: ['email'], sentAt: AT }, 'by email; the subscribers were not recorded'],
  [{ channels: ['sms'], sentAt: AT, sentTo: [] }, 'to no SMS subscribers'],
  [
    { channels: ['email', 'sms'], sentAt: AT, sentTo: TWO },
    'to 2 email subscribers (x…@example.com, y…@example.com); 1 SMS subscriber (+1…00)',
  ],
  [
    { channels: ['email'], sentAt: AT, sentTo: TWO.slice(0, 1), sentToMore: 7 },
    'to 1 email subscriber (x…@example.com); and 7 more',
  ],
  [{ channels: ['sms'] }, 'Not known to be sent yet, by SMS to nobody: no matching subscription'],
  [
    { channels: ['email', 'sms'] },
    'Not known to be sent yet, by email and SMS to a…@example.com, b…@example.com (not confirmed)',
  ],
  [{}, undefined],
];
for (const [entry, text] of tellings)
  test(`the recipients of ${JSON.stringify(entry)}`, () => {
    const { channels: _channels, ...bare } = raised;
    assert.equal(deliveryText({ ...bare, ...entry }, RECIPIENTS), text);
  });

test('failed deliveries are listed with their notification, or alone if its entry is missing', () => {
  const failed = (entryId: string, about: string, at: number): HistoryEntry => ({
    ...{ ...raised, entryId, about, at, what: 'delivery-failed' },
  });
  const steps = stepsOf([raised, failed('f2', '1', 9), failed('f1', '1', 8), failed('f3', 'gone', 7)]);
  assert.deepEqual(
    steps.map(({ entry, failures }) => [entry.entryId, failures.map(({ entryId }) => entryId).join()]),
    [
      ['1', 'f1,f2'],
      ['f3', ''],
    ],
  );
});

test('a refusal shows the request, the reason and the client', () => {
  const refused = (text: string, fields: Record<string, string>) =>
    refusalText({ id: 1, at: AT, message: text, fields });
  assert.deepEqual(
    refused('refused', {
      ...{ client: 'x', action: 'iot:Publish', resource: 'topic/a', reason: 'no policy', ip: '::1' },
      principal: 'e1265fe4a5a26d5feef1585f',
    }),
    {
      head: 'Refused: iot:Publish topic/a',
      reason: 'no policy',
      who: 'client x, from ::1, principal e1265fe4a5a2…',
    },
  );
  assert.equal(refused('connection closed', { reason: 'r' }).head, 'Connection closed');
  assert.equal(refused('subscription refused', { filter: '#' }).head, 'Subscription refused: #');
});

test('the result of a replay is described', () => {
  assert.equal(replayText({ replayed: 1, failed: [] }), 'One message sent to the ingest function again.');
  assert.equal(
    replayText({ replayed: 1, failed: [{ index: 0, error: 'out of time' }] }),
    '1 of 2 failed again: out of time',
  );
});
