// The form of alerts in answers.

import * as z from 'zod/mini';
import { SEVERITIES } from '../core/alert-rule.ts';
import {
  ALERT_STATES,
  REMARKS,
  TRANSITIONS,
  type AlertState,
  type HistoryEntry,
} from '../core/alert-state.ts';
import { shownAddress } from './recipient-routes.ts';
import { time } from './fields.ts';
import type { ApiCaller } from './route.ts';

const severity = z.optional(z.enum(SEVERITIES));

const ahead = {
  words: z.optional(
    z
      .string()
      .check(
        z.describe(
          'What a rule about trends or habits found, such as `8 °C in about 25 minutes at this rate`',
        ),
      ),
  ),
  crossesAt: z.optional(
    time.check(z.describe('When the limit would be crossed at the rate of that time; epoch milliseconds')),
  ),
};

const unit = z.optional(z.string().check(z.describe('Of what was measured, as people read it, such as °C')));

export const alert = z.strictObject({
  deviceId: z.string(),
  ruleId: z.string(),
  state: z.enum(ALERT_STATES),
  severity,
  since: z.optional(time),
  raisedAt: z.optional(time),
  notifiedAt: z.optional(time),
  escalatedAt: z.optional(time),
  windowStart: z.optional(time),
  value: z
    .string()
    .check(z.describe('What was measured in the window of the last transition, as decimal text')),
  unit,
  ...ahead,
  pendingNotifications: z.int().check(z.describe('Notifications that are not yet known to be sent')),
  acknowledged: z.optional(z.strictObject({ by: z.string(), at: time, comment: z.optional(z.string()) })),
});

export const snooze = z.strictObject({ until: time, by: z.string(), comment: z.optional(z.string()) });

export const listedSnooze = z.extend(snooze, { deviceId: z.string() });

export const historyPage = z.strictObject({
  entries: z.array(
    z.strictObject({
      entryId: z.string(),
      deviceId: z.string(),
      ruleId: z.string(),
      at: time,
      what: z.enum([...TRANSITIONS, ...REMARKS, 'delivery-failed']),
      severity,
      windowStart: z.optional(time),
      value: z.optional(z.string()),
      limit: z.optional(z.string()),
      unit,
      by: z.optional(z.string()),
      comment: z.optional(z.string()),
      since: z.optional(time),
      metric: z.optional(z.string()),
      side: z.optional(z.enum(['above', 'below'])),
      insight: z.optional(
        z.enum(['predicted', 'unusual']).check(z.describe('Of which kind a rule about trends or habits is')),
      ),
      ...ahead,
      channels: z.optional(
        z.array(z.string()).check(z.describe('Over which a transition is announced, such as email and sms')),
      ),
      notBefore: z.optional(
        z
          .int()
          .check(z.describe('Until when that is deferred by quiet hours or a snooze, epoch milliseconds')),
      ),
      sentAt: z.optional(
        time.check(z.describe('When SNS took the notification of a transition; epoch milliseconds')),
      ),
      sentTo: z.optional(
        z
          .array(z.strictObject({ channel: z.string(), address: z.string() }))
          .check(
            z.describe(
              'Who had confirmed a subscription of its channels then, 50 of them at most, masked for viewers; SNS says nothing of what arrived, and a filter of a subscription may have left it out',
            ),
          ),
      ),
      sentToMore: z.optional(z.int().check(z.describe('How many more there were'))),
      about: z.optional(
        z.string().check(z.describe('Of a `delivery-failed`: the `entryId` of what was not delivered')),
      ),
      changes: z.optional(
        z
          .int()
          .check(z.describe('How many entries this one stands for, where the history could not be written')),
      ),
      reason: z.optional(z.string().check(z.describe('Why a notification was not delivered'))),
    }),
  ),
  next: z.optional(z.string()),
});

export function shownAlert({
  pending,
  unrecorded: _unfiled,
  version: _version,
  alarm,
  ...state
}: AlertState) {
  const { raisedAt, notifiedAt, escalatedAt, announced } = alarm ?? {};
  const { windowStart, ...rest } = state;
  const { words, crossesAt } = announced?.insight ? announced : {};
  return {
    ...{ ...rest, windowStart: windowStart || undefined }, // 0: there was no transition yet
    ...{
      since: announced?.since,
      raisedAt,
      notifiedAt,
      escalatedAt,
      unit: announced?.unit,
      pendingNotifications: pending.length,
    },
    ...{ words, crossesAt },
  };
}

/** Addresses are masked as those of GET /recipients are. */
export function shownEntry(
  { sentTo, ...entry }: HistoryEntry,
  caller: Pick<ApiCaller, 'group'>,
): HistoryEntry {
  return {
    ...entry,
    ...(sentTo && {
      sentTo: sentTo.map(({ channel, address }) => ({ channel, address: shownAddress(address, caller) })),
    }),
  };
}
