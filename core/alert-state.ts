// The stored state of one rule for one device: whether there is an alarm, who was notified, and what is still to be sent.

import type { SentTo } from './sent-to.ts';
import type { Units } from './unit.ts';
import type { Channel, Level, Severity, Side, Stat } from './alert-rule.ts';

/**
 * What happened to an alarm. `repeated` and `escalated` remind of an unacknowledged alarm; `ended`: its rule was
 * removed or switched off, or no longer matches the device.
 */
export const TRANSITIONS = [
  'raised',
  'worsened',
  'eased',
  'cleared',
  'repeated',
  'escalated',
  'ended',
] as const;
export type Transition = (typeof TRANSITIONS)[number];

/**
 * `pending`: beyond a limit, but for fewer windows than the rule requires. `acknowledged`: an alarm that a user
 * acknowledged.
 */
export const ALERT_STATES = ['ok', 'pending', 'alarm', 'acknowledged'] as const;

/** What was found: a statistic and its limit as decimal text, how long a device has been silent, or a prediction. */
export type Finding = LimitFinding | SilenceFinding | InsightFinding;

export interface LimitFinding {
  readonly silence?: undefined;
  readonly insight?: undefined;
  /** Absent if readings are counted. */
  readonly metric?: string;
  readonly stat: Stat;
  readonly perMinute?: true;
  readonly value: string;
  /** Unit of value and limit, as people read it; absent if unknown. */
  readonly unit?: string;
  readonly side: Side;
  readonly limit: string;
  /** Absent: follows from the transition, beyond the limit or back. */
  readonly relation?: Relation;
}

/**
 * Where the value lies relative to the limit. `within`: not beyond it, and perhaps never was, because the rule was
 * changed. `lasting`: not yet back behind the limit that clears. `returning`: back, but for too few windows so far.
 */
export type Relation = 'beyond' | 'back' | 'within' | 'lasting' | 'returning';

/** What the trend or the usual values of a metric say. */
export interface InsightFinding {
  readonly silence?: undefined;
  readonly insight: 'predicted' | 'unusual';
  readonly metric: string;
  readonly stat: 'mean';
  readonly side: Side;
  /**
   * Decimal text: the mean of the minute that decided, and the predicted limit or the bound of the usual values,
   * otherwise ''.
   */
  readonly value: string;
  readonly limit: string;
  readonly unit?: string;
  /** For people, such as `above its normal band for 12 minutes; 8 °C in about 25 minutes at this rate`. */
  readonly words: string;
  /** When the metric will cross the limit at the present rate, epoch milliseconds; absent if that cannot be predicted. */
  readonly crossesAt?: number;
}

export interface SilenceFinding {
  readonly silence: 'silent' | 'offline';
  readonly insight?: undefined;
  /** Never set: value and limit are in seconds. */
  readonly unit?: string;
  /** The silent metric; absent if the whole device is silent. */
  readonly metric?: string;
  /** With a metric: the device keeps sending other metrics. */
  readonly isReporting?: true;
  /** Seconds as decimal text: how long it was silent, and the longest silence allowed. */
  readonly value: string;
  readonly limit: string;
}

interface AnyNotification {
  /** The same for every copy of this notification; no other notification has it. */
  readonly alertId: string;
  readonly transition: Transition;
  readonly deviceId: string;
  readonly site: string;
  readonly ruleId: string;
  /** The alert's severity now; for a cleared alert, its last severity. */
  readonly severity: Severity;
  readonly channels: readonly Channel[];
  /** The window that decided; for silence, when the device was last there. */
  readonly windowStart: number;
  /** When the trouble began: the first window beyond the limit, or when the device was last there. */
  readonly since: number;
  readonly decidedAt: number;
  /** The rule was changed since the last notification of the alert, and that change is a reason for this one. */
  readonly isRuleChanged?: true;
  /** Replaces several changes, of which this is the last: they came faster than notifications could be sent. */
  readonly folded?: Folded;
  /** Time zone of the device's site, an IANA name; absent if the registry has none. */
  readonly timeZone?: string;
  /** The rule's comment. */
  readonly comment?: string;
}

export interface Folded {
  /** Number of changes, including this one. */
  readonly changes: number;
  /** When the first of them was decided; epoch milliseconds. */
  readonly since: number;
  readonly worst: Severity;
}

/** A notification; times in epoch milliseconds. */
export type Notification = AnyNotification & Finding;

export interface AlertState {
  readonly deviceId: string;
  readonly ruleId: string;
  readonly state: (typeof ALERT_STATES)[number];
  /** Of the alarm; absent if there is none. */
  readonly severity?: Severity;
  readonly alarm?: Alarm;
  readonly acknowledged?: Acknowledgement;
  /** Increases by one with every write, so that a writer that lost a race notices. */
  readonly version: number;
  /** The window that made the last transition. */
  readonly windowStart: number;
  /** The value measured in that window, decimal text. */
  readonly value: string;
  /** That transition cleared an alert of this severity: more readings of the same window may undo it. */
  readonly cleared?: Severity;
  /**
   * A window eased or cleared the alarm, and newer windows, which may have been judged before it, are not yet judged again.
   * The writer judges them next; if that fails, the next writer does.
   */
  readonly newerUnjudged?: true;
  /** While `pending`: the newest window known to be beyond a limit. Older windows do not end the row. */
  readonly pendingBy?: number;
  /** Notifications that are stored and not yet known to be sent, oldest first. */
  readonly pending: readonly PendingNotification[];
  /** Entries that are not yet written to the history, oldest first. */
  readonly unrecorded: readonly HistoryEntry[];
}

/** An active alarm; times in epoch milliseconds. */
export interface Alarm {
  readonly raisedAt: number;
  /** When people were first notified: later than `raisedAt` after quiet hours or a snooze. */
  readonly firstNotifiedAt: number;
  /** The last notification; reminders repeat it. */
  readonly announced: Notification;
  /** When people were last notified or reminded; during quiet hours or a snooze, when they will be. */
  readonly notifiedAt: number;
  readonly escalatedAt?: number;
  /** For silence: since when the device has been back without interruption. */
  readonly backSince?: number;
  /** The rule's levels when the alarm got its severity, so that a change of the rule is announced as one. */
  readonly levels?: readonly Level[];
}

/** Who acknowledged an alarm, and when (epoch milliseconds). */
export interface Acknowledgement {
  readonly by: string;
  readonly at: number;
  readonly comment?: string;
}

/** A pending notification, and who is about to send it: nobody else sends it until `heldUntil` (epoch milliseconds). */
export interface PendingNotification {
  readonly notification: Notification;
  readonly sender: string;
  readonly heldUntil: number;
  /** Deferred until then, by quiet hours or a snooze. */
  readonly notBefore?: number;
  /** One of too many in a minute: it is sent in a digest with others. */
  readonly inDigest?: true;
  /** SNS refused it for a reason that a retry alone does not remedy. */
  readonly refused?: Refused;
}

/** Times in epoch milliseconds. */
export interface Refused {
  readonly times: number;
  /** When SNS refused it first. */
  readonly since: number;
  /** Not retried before. */
  readonly retryAt: number;
}

/** Why SNS refused a notification. `message`: SNS takes others. `topic`: SNS takes none until the stack is repaired. */
export interface Refusal {
  readonly of: 'message' | 'topic';
  readonly reason: string;
}

/** One entry of an alert's history; times in epoch milliseconds. */
export interface HistoryEntry extends Partial<SentTo> {
  /** The same for every copy of this entry; no other entry of the device has it. */
  readonly entryId: string;
  readonly deviceId: string;
  readonly ruleId: string;
  readonly at: number;
  readonly what: Transition | Remark | 'delivery-failed';
  readonly severity?: Severity;
  readonly windowStart?: number;
  readonly value?: string;
  readonly limit?: string;
  readonly unit?: string;
  readonly by?: string;
  readonly comment?: string;
  /** For a transition: when the trouble began. */
  readonly since?: number;
  /** For a limit rule: the judged metric, and the side of the limit. */
  readonly metric?: string;
  readonly side?: Side;
  /** The kind of a rule about trends or habits. */
  readonly insight?: InsightFinding['insight'];
  /** That rule's finding in words, and when a limit is expected to be crossed (epoch milliseconds). */
  readonly words?: string;
  readonly crossesAt?: number;
  /** The channels that a transition is announced to; a failed delivery has its own entry. */
  readonly channels?: readonly Channel[];
  /** Deferred until then by quiet hours or a snooze; epoch milliseconds. */
  readonly notBefore?: number;
  /** When SNS took the notification; absent if it has not, or if the history could not be written at that time. */
  readonly sentAt?: number;
  /** For `delivery-failed`: the entry of the transition that the notification announced. */
  readonly about?: string;
  /** Replaces this many entries, of which this is the last: the history could not be written for a long time. */
  readonly changes?: number;
  /** Why SNS refused the notification or could not deliver it, and what happens next. */
  readonly reason?: string;
}

export const REMARKS = ['acknowledged', 'commented'] as const;
export type Remark = (typeof REMARKS)[number];

/** When something is decided (epoch milliseconds), and until when the device or the alert is snoozed. */
export interface Moment {
  readonly now: number;
  readonly snoozedUntil?: number;
  /** Units of the device's metrics, as people read them. */
  readonly units?: Units;
  /** Time zone of the device's site, an IANA name. */
  readonly timeZone?: string;
}
