// The ports of the pipeline: what its use cases need of the world, as types. adapters/ implements them over AWS.

import type { LivePolicy } from '../core/live-policy.ts';
import type { AlertState, HistoryEntry, Notification, Refusal } from '../core/alert-state.ts';
import type { KnownRules } from '../core/changed-rules.ts';
import type { Digest } from '../core/digest.ts';
import type { Device, ThingFacts, UnusedNote } from '../core/device.ts';
import type { Mapping, MappingVersion } from '../core/mapping.ts';
import type { ParsedMessage } from '../core/message.ts';
import type { PresenceEvent } from '../core/presence.ts';
import type { Reading } from '../core/reading.ts';
import type { Bucket } from '../core/rollup.ts';
import type { RuleData } from '../core/rule-data.ts';
import type { Subscriber } from '../core/sent-to.ts';
import type { Units } from '../core/unit.ts';
import type { Delta, Window } from '../core/window.ts';
import type { ListRecipients } from './recipient-ports.ts';
import type { LearnedStore } from './insight-ports.ts';
import type { Rollups } from './rollup-ports.ts';

/** What became of a delta. */
export interface AppliedDelta {
  /** As it is then. */
  readonly window: Window;
  /** How many readings this call counted. */
  readonly applied: number;
  /** Readings that are not counted, nor ever will be, because the window has as many as it takes. */
  readonly overflow: readonly Reading[];
}

export interface WindowStore {
  /**
   * Counts the delta's readings that are not counted yet, as far as the window takes them. Safe to repeat. Rejects with
   * the SDK's error when a table cannot be reached.
   */
  apply(delta: Delta): Promise<AppliedDelta>;
  /** At most `limit` of the device's newest windows that start before `windowStart` (epoch milliseconds), oldest first. */
  before(deviceId: string, windowStart: number, limit: number): Promise<readonly Window[]>;
}

export interface HistoryQuestion {
  readonly deviceId: string;
  /** Only windows that have this metric, and only its figures; all if absent. */
  readonly metric?: string;
  /** Epoch milliseconds: the buckets that start before `to`, from the one that holds `from` on. */
  readonly from: number;
  readonly to: number;
  /** Length of a bucket: a multiple of the windows' length. */
  readonly seconds: number;
  /** Buckets at most, at least 1. */
  readonly limit: number;
}

export interface HistoryPage {
  readonly buckets: readonly Bucket[];
  /** Where to go on, as `from`, when there is more. */
  readonly next?: number;
}

export type StoredSpan = Pick<HistoryQuestion, 'deviceId' | 'from' | 'to' | 'limit'>;

export interface WindowHistory {
  /** Whole buckets, oldest first; a page may end early after much reading. Rejects with the SDK's error. */
  read(question: HistoryQuestion): Promise<HistoryPage>;
  /** The hours that begin in the span, oldest first; kept ones where they are folded, else out of the windows. */
  hours(span: Omit<StoredSpan, 'limit'>): Promise<readonly Bucket[]>;
  /** Windows as they are stored, oldest first, at most `limit`; `from` and `to` as in a question. */
  stored(span: StoredSpan): Promise<readonly Window[]>;
  /** By what a window knows its readings again, all of them or the newest 128; undefined where there is no window. */
  fingerprints(
    deviceId: string,
    windowStart: number,
  ): Promise<{ readonly known: ReadonlySet<string>; readonly isWhole: boolean } | undefined>;
  /** The device's newest window. */
  last(deviceId: string): Promise<Window | undefined>;
}

export interface DevicePage {
  readonly devices: readonly Device[];
  /** The last device of this page, when there are more. */
  readonly last?: string;
}

export interface DeviceStore {
  load(deviceId: string): Promise<Device | undefined>;
  /** At most `limit` devices, in no order that means anything, those after `after` when it is given. */
  list(page: { readonly limit: number; readonly after?: string }): Promise<DevicePage>;
  /** Forgets the device; false when nothing was known of it. A message of it makes it known again. */
  remove(deviceId: string): Promise<boolean>;
  /** Notes that a message of a device came from `site` at `at` (epoch milliseconds), at most every ten minutes. */
  sighted(deviceId: string, site: string, at: number): Promise<void>;
  /** Keeps what was not used of a device's messages: each reason once a minute, skipped members when they change. */
  noteUnused(deviceId: string, unused: UnusedNote, at: number): Promise<void>;
  /** Keeps the units that a device's messages give, when they change; one that changes again, a minute later at the earliest. */
  noteUnits(deviceId: string, units: Units, at: number): Promise<void>;
  /**
   * Writes down that a device came or went, unless something later is known (`stale`). Without `thing` it is written
   * only of a device of which the registry's facts are known already (`unknown`: they are not; a sighting alone brings
   * none). Safe to repeat.
   */
  applyPresence(event: PresenceEvent, thing?: ThingFacts): Promise<'applied' | 'stale' | 'unknown'>;
}

/**
 * Writes the rejections of one message to `rejected/<deviceId>/<yyyy>/<MM>/<dd>/<traceId>.json`, by the day of its arrival (UTC).
 * With `event` the whole message, for a replay. Writes the same again on a retry, nothing without rejections; rejects with the SDK's error.
 */
export type KeepRejected = (
  context: ParsedMessage['context'],
  rejected: ParsedMessage['rejected'],
  event?: ParsedMessage['event'],
) => Promise<void>;

/** A stored rule that was edited by hand or written by a newer version, and what is wrong with it. */
export interface UnreadableRule {
  readonly id: string;
  readonly problem: string;
}

/** A stored rule replaces the template's of the same id, readable or not. */
export interface RuleSet<Rule> {
  /** By id. */
  readonly rules: readonly Rule[];
  /** Nothing is judged by them. */
  readonly unreadable: readonly UnreadableRule[];
}

/** A rule as it is now: stored, or else the template's. */
export interface CurrentRule {
  readonly rule?: RuleData;
  /** Why the stored one cannot be read; there is no `rule` then. */
  readonly problem?: string;
  /** The text that is stored; absent where nothing is. A write names it, so that it replaces nothing that it did not see. */
  readonly stored?: string;
}

/** All verbs reject with the SDK's error when the table cannot be reached. */
export interface RuleStore {
  read(): Promise<RuleSet<RuleData>>;
  load(id: string): Promise<CurrentRule>;
  /**
   * Stores the rule in the place of what was loaded. `changed`: somebody else was faster. `full`: there are as many rules as
   * there may be, and this one would be one more; whatever writers do at once, no more are left than that.
   */
  put(rule: RuleData, loaded: CurrentRule): Promise<'stored' | 'changed' | 'full'>;
  /** Removes what was loaded; the template's rule, if it has one of this id, holds again. */
  remove(id: string, loaded: CurrentRule): Promise<'removed' | 'changed'>;
}

/** Both verbs reject with the SDK's error when the table cannot be reached. */
export interface MappingStore {
  read(): Promise<{
    /** By id. */
    readonly mappings: readonly Mapping[];
    /** Versions that read nothing, by the id of their mapping. */
    readonly unreadable: readonly UnreadableRule[];
  }>;
  /**
   * Keeps one more version. `taken`: its mapping has one of this time. `full`, with a `limit`: so many mappings are in use,
   * and this one would be one more; whatever writers do at once, no more are left than that.
   */
  append(version: MappingVersion, limit?: number): Promise<'stored' | 'taken' | 'full'>;
}

/** What is known of a device's alerts. */
export interface DeviceAlerts {
  /** By rule id. */
  readonly states: Map<string, AlertState>;
  /** Stored states that cannot be read: what is wrong, by rule id. Those rules cannot be judged of the device. */
  readonly unreadable?: ReadonlyMap<string, Error>;
  /** Until then (epoch milliseconds) nobody is told of the device. */
  readonly snooze?: Snooze;
}

export interface Snooze {
  readonly until: number;
  readonly by: string;
  readonly comment?: string;
}

export interface AlertStore {
  load(deviceId: string): Promise<DeviceAlerts>;
  /** The snooze instead of what was there; none without one. */
  snooze(deviceId: string, snooze: Snooze | undefined): Promise<void>;
  /** Replaces `previous` (undefined: no state yet) by `next`; false when another writer was faster. */
  transition(previous: AlertState | undefined, next: AlertState): Promise<boolean>;
}

/** All that somebody has to look after. */
export interface OpenAlerts {
  /**
   * States that are not ok, owe something or wait for newer windows to be judged, of all devices, as they were at some time of the reading. Throws for one
   * that cannot be read, by its name, after all others.
   */
  listOpen(): AsyncIterable<AlertState>;
  /** Snoozes of all devices, those that are over too; one that cannot be read holds back nothing and is left out. */
  listSnoozes(): AsyncIterable<Snooze & { readonly deviceId: string }>;
}

/** All verbs reject with the SDK's error. */
export interface AlertHistory {
  /** Safe to repeat. */
  record(entries: readonly HistoryEntry[]): Promise<void>;
  /**
   * Adds to the entries of these notifications when SNS took them (epoch milliseconds), and who of `confirmed`, the topic's
   * confirmed subscriptions, has one of their channels; an entry that is not there stays away.
   */
  noteSent(sent: readonly Notification[], at: number, confirmed?: readonly Subscriber[]): Promise<void>;
  /** Newest first. */
  read(question: AlertHistoryQuestion): Promise<AlertHistoryPage>;
}

export interface AlertHistoryQuestion {
  /** All devices if absent. */
  readonly deviceId?: string;
  /** Epoch milliseconds: from `from` until before `to`. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  /** Of the page before. */
  readonly next?: string;
}

export interface AlertHistoryPage {
  readonly entries: readonly HistoryEntry[];
  /** Where to go on, when there may be more. */
  readonly next?: string;
}

/** Both verbs give why it was refused, where a repeat would be too; what may pass rejects with the SDK's error. */
export interface Notifier {
  /** `recent`: the device's last windows, oldest first. A repeat carries the same alertId, so receivers can tell. */
  notify(notification: Notification, recent: readonly Window[]): Promise<Refusal | undefined>;
  notifyAll(digest: Digest): Promise<Refusal | undefined>;
}

export interface RateLimit {
  /** Whether one more notification may be sent on its own in this minute. Rejects with the SDK's error. */
  admit(): Promise<boolean>;
  /** Whether it is known already that no more may be. */
  isFull(): boolean;
}

/** Both verbs reject with the SDK's error. */
export interface SweepProgress {
  /** Notes that somebody looks now. */
  begin(): Promise<SweepSpan>;
  /** Notes what the next sweep has to know. */
  stop(left: Omit<SweepSpan, 'since'>): Promise<void>;
}

export interface SweepSpan {
  /** Since when somebody has looked without a long break; epoch milliseconds. Before that, nobody knows who was gone. */
  readonly since: number;
  /** The last device that was looked at, where some were left. */
  readonly last?: string | undefined;
  /** As the sweep before knew them. */
  readonly rules: KnownRules;
}

/** What judging and delivering alerts needs. */
export interface AlertPorts {
  readonly alerts: AlertStore & OpenAlerts;
  readonly history: AlertHistory;
  readonly rules: RuleStore;
  readonly notifier: Notifier;
  readonly listRecipients: ListRecipients;
  readonly guard: RateLimit;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface IngestPorts extends AlertPorts {
  readonly keepRejected: KeepRejected;
  readonly windows: WindowStore;
  readonly devices: DeviceStore;
  readonly rollups: Pick<Rollups, 'mark'>;
  readonly mappings: MappingStore;
}

export interface SweepPorts extends AlertPorts {
  readonly devices: DeviceStore;
  readonly windows: Pick<WindowStore, 'before'>;
  readonly watch: SweepProgress;
  readonly learnedStore: LearnedStore;
}

/** The groups of a user of the user pool, by the subject of its tokens; none for a user who is gone. Rejects with the SDK's error. */
export type UserGroups = (userId: string) => Promise<readonly string[]>;

/** Leaves an identity of all policies for live data just these; doing so twice changes nothing. Rejects with the SDK's error. */
export type AttachLivePolicies = (identityId: string, wanted: readonly LivePolicy[]) => Promise<void>;

/** Where a use case says what it did. */
export interface Counting {
  /** Adds to a metric, zero too. With a reason it is a metric of its own, with that dimension. */
  count(name: string, value: number, reason?: string): void;
  warn(message: string, fields: Readonly<Record<string, string | number>>): void;
}
