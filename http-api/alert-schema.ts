// The schema of alerts in answers.

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
          'The finding of a rule about trends or habits, such as `8 °C in about 25 minutes at this rate`',
        ),
      ),
  ),
  crossesAt: z.optional(
    time.check(z.describe('When the limit would be crossed at the rate at that time; epoch milliseconds')),
  ),
};

const unit = z.optional(z.string().check(z.describe('Unit of the value, such as °C')));

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
  value: z.string().check(z.describe('The value in the window of the last transition, as decimal text')),
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
        z.enum(['predicted', 'unusual']).check(z.describe('Kind of the rule about trends or habits')),
      ),
      ...ahead,
      channels: z.optional(
        z.array(z.string()).check(z.describe('Channels of the notification, such as email and sms')),
      ),
      notBefore: z.optional(
        z
          .int()
          .check(z.describe('Until when quiet hours or a snooze defer the notification, epoch milliseconds')),
      ),
      sentAt: z.optional(time.check(z.describe('When SNS accepted the notification; epoch milliseconds'))),
      sentTo: z.optional(
        z
          .array(z.strictObject({ channel: z.string(), address: z.string() }))
          .check(
            z.describe(
              'Confirmed subscriptions of its channels at that time, at most 50, masked for viewers. SNS does not report what arrived, and a filter of a subscription may have left it out',
            ),
          ),
      ),
      sentToMore: z.optional(z.int().check(z.describe('Number of further subscriptions'))),
      about: z.optional(
        z
          .string()
          .check(z.describe('For `delivery-failed`: the `entryId` of the entry that was not delivered')),
      ),
      changes: z.optional(
        z
          .int()
          .check(
            z.describe(
              'Number of changes that this entry summarises, because the history could not be written',
            ),
          ),
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
    ...{ ...rest, windowStart: windowStart || undefined }, // 0: no transition yet
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

/** Masks addresses as GET /recipients does. */
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
