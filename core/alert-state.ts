// What is remembered of one rule and one device: whether there is an alarm, who is told of it, and what is still owed.

import type { SentTo } from './sent-to.ts';
import type { Units } from './unit.ts';
import type { Channel, Level, Severity, Side, Stat } from './alert-rule.ts';

/**
 * What happened to an alarm. `repeated` and `escalated` remind of one that nobody has acknowledged; `ended`: its rule
 * was removed, switched off or matches the device no more.
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
 * `pending`: beyond a limit, for fewer windows than the rule asks for. `acknowledged`: an alarm that somebody has taken
 * charge of.
 */
export const ALERT_STATES = ['ok', 'pending', 'alarm', 'acknowledged'] as const;

/** What was found: a statistic and its limit, as decimal text, since when a device is gone, or what lies ahead. */
export type Finding = LimitFinding | SilenceFinding | InsightFinding;

export interface LimitFinding {
  readonly silence?: undefined;
  readonly insight?: undefined;
  /** Absent where readings are counted. */
  readonly metric?: string;
  readonly stat: Stat;
  readonly perMinute?: true;
  readonly value: string;
  /** Of value and limit, as people read it; absent where it is not known. */
  readonly unit?: string;
  readonly side: Side;
  readonly limit: string;
  /** Absent: as the transition has it, beyond the limit or back. */
  readonly relation?: Relation;
}

/**
 * How the value lies to the limit. `within`: not beyond it, and it need never have been, as the rule was changed.
 * `lasting`: not yet back behind the limit that clears. `returning`: back, for too few windows yet.
 */
export type Relation = 'beyond' | 'back' | 'within' | 'lasting' | 'returning';

/** What the trend or the habits of a metric say. */
export interface InsightFinding {
  readonly silence?: undefined;
  readonly insight: 'predicted' | 'unusual';
  readonly metric: string;
  readonly stat: 'mean';
  readonly side: Side;
  /** The mean of the minute that decided, and the limit that lies ahead or the end of what is usual, else ''; decimal text. */
  readonly value: string;
  readonly limit: string;
  readonly unit?: string;
  /** For people, such as `above its normal band for 12 minutes; 8 °C in about 25 minutes at this rate`. */
  readonly words: string;
  /** When the limit will be crossed at the present rate, epoch milliseconds; absent where that cannot be said. */
  readonly crossesAt?: number;
}

export interface SilenceFinding {
  readonly silence: 'silent' | 'offline';
  readonly insight?: undefined;
  /** None: its times are in seconds. */
  readonly unit?: string;
  /** The metric that is silent; absent where the whole device is. */
  readonly metric?: string;
  /** With a metric: the device goes on sending others. */
  readonly isReporting?: true;
  /** Seconds, as decimal text: how long it was gone, and the longest that is allowed. */
  readonly value: string;
  readonly limit: string;
}

interface AnyNotification {
  /** The same for every copy of this notification, and for no other. */
  readonly alertId: string;
  readonly transition: Transition;
  readonly deviceId: string;
  readonly site: string;
  readonly ruleId: string;
  /** The severity that the alert has now; of one that is cleared, the one that it had. */
  readonly severity: Severity;
  readonly channels: readonly Channel[];
  /** The window that decided; of an absence, when the device was last there. */
  readonly windowStart: number;
  /** When the trouble began: the first window beyond the limit, or when the device was last there. */
  readonly since: number;
  readonly decidedAt: number;
  /** The rule was changed since people heard of the alert last, and that is a reason for this one. */
  readonly isRuleChanged?: true;
  /** Stands for several changes, this one the last: they came faster than notifications could go out. */
  readonly folded?: Folded;
  /** Of the device's site, an IANA name; absent where the registry names none. */
  readonly timeZone?: string;
  /** What the rule says for people. */
  readonly comment?: string;
}

export interface Folded {
  /** This one included. */
  readonly changes: number;
  /** When the first of them was decided; epoch milliseconds. */
  readonly since: number;
  readonly worst: Severity;
}

/** What is told; times in epoch milliseconds. */
export type Notification = AnyNotification & Finding;

export interface AlertState {
  readonly deviceId: string;
  readonly ruleId: string;
  readonly state: (typeof ALERT_STATES)[number];
  /** Of an alarm; absent when there is none. */
  readonly severity?: Severity;
  readonly alarm?: Alarm;
  readonly acknowledged?: Acknowledgement;
  /** Grows by one with every write, so that a writer that lost a race notices. */
  readonly version: number;
  /** The window that made the last transition. */
  readonly windowStart: number;
  /** What was measured there, decimal text. */
  readonly value: string;
  /** That transition cleared an alert of this severity: more readings of its window may take that back. */
  readonly cleared?: Severity;
  /**
   * It got better by a window, and it is not known that newer windows, which may have been judged before that one, leave it
   * so. Whoever wrote it judges them next; where that failed, whoever comes next does.
   */
  readonly newerUnjudged?: true;
  /** While it is pending: the newest window that is known to be beyond a limit. Older ones do not end the row. */
  readonly pendingBy?: number;
  /** Notifications written down and not yet known to be sent, oldest first. */
  readonly pending: readonly PendingNotification[];
  /** What happened and is not yet in the history, oldest first. */
  readonly unrecorded: readonly HistoryEntry[];
}

/** An alarm that stands; times in epoch milliseconds. */
export interface Alarm {
  readonly raisedAt: number;
  /** When people were told of it first: later than it was raised after quiet hours or a snooze. */
  readonly firstNotifiedAt: number;
  /** What people were told last; reminders tell it again. */
  readonly announced: Notification;
  /** When they were told, or last reminded; with quiet hours or a snooze, when they are to be. */
  readonly notifiedAt: number;
  readonly escalatedAt?: number;
  /** Of a device that was gone: since when it has been back without a break. */
  readonly backSince?: number;
  /** Those of the rule when the alarm got its severity, so that a change of the rule is told as one. */
  readonly levels?: readonly Level[];
}

/** Who took charge of an alarm, and when (epoch milliseconds). */
export interface Acknowledgement {
  readonly by: string;
  readonly at: number;
  readonly comment?: string;
}

/** A notification owed, and who is about to send it: until `heldUntil` (epoch milliseconds) nobody else does. */
export interface PendingNotification {
  readonly notification: Notification;
  readonly sender: string;
  readonly heldUntil: number;
  /** Nobody is told before: quiet hours, or a snooze. */
  readonly notBefore?: number;
  /** One of too many in a minute: it is told in a digest with others. */
  readonly inDigest?: true;
  /** SNS refused it, in a way that a repeat alone does not mend. */
  readonly refused?: Refused;
}

/** Times in epoch milliseconds. */
export interface Refused {
  readonly times: number;
  /** When it was refused first. */
  readonly since: number;
  /** Nobody tries before. */
  readonly retryAt: number;
}

/** Why SNS did not take a notification. `message`: it takes others. `topic`: it takes none until somebody mends the stack. */
export interface Refusal {
  readonly of: 'message' | 'topic';
  readonly reason: string;
}

/** What happened to an alert; in epoch milliseconds. */
export interface HistoryEntry extends Partial<SentTo> {
  /** The same for every copy of this entry, and for no other of the device. */
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
  /** When the trouble began that a transition is of. */
  readonly since?: number;
  /** What a limit rule judged: the metric, and on which side of the limit it was. */
  readonly metric?: string;
  readonly side?: Side;
  /** Of which kind the rule about trends or habits is. */
  readonly insight?: InsightFinding['insight'];
  /** What such a rule found, for people, and when a limit would be crossed (epoch milliseconds). */
  readonly words?: string;
  readonly crossesAt?: number;
  /** To whom a transition is announced; what could not be delivered has an entry of its own. */
  readonly channels?: readonly Channel[];
  /** Until when it is deferred, by quiet hours or a snooze; epoch milliseconds. */
  readonly notBefore?: number;
  /** When SNS took the notification; absent where it has not, or the history could not be written then. */
  readonly sentAt?: number;
  /** Of a `delivery-failed`: the entry of the transition whose notification it is. */
  readonly about?: string;
  /** Stands for so many, this one the last: the history could not be written for long. */
  readonly changes?: number;
  /** Why SNS did not take a notification, or that it could not deliver one, and what becomes of it. */
  readonly reason?: string;
}

export const REMARKS = ['acknowledged', 'commented'] as const;
export type Remark = (typeof REMARKS)[number];

/** When something is decided (epoch milliseconds), and until when the device or the alert is to be left alone. */
export interface Moment {
  readonly now: number;
  readonly snoozedUntil?: number;
  /** Of the device's metrics, as people read them. */
  readonly units?: Units;
  /** Of the device's site, an IANA name. */
  readonly timeZone?: string;
}
