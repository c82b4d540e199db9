// The ports of the pipeline, as types: what its use cases need from outside. adapters/ implements them over AWS.

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
import type { LearnedItems, LearnedStore } from './insight-ports.ts';
import type { Rollups } from './rollup-ports.ts';

/** The result of applying a delta. */
export interface AppliedDelta {
  /** The window after the change. */
  readonly window: Window;
  /** Readings that this call counted. */
  readonly applied: number;
  /** Readings that will never be counted, because the window is full. */
  readonly overflow: readonly Reading[];
}

export interface WindowStore {
  /**
   * Counts the delta's readings that are not counted yet, up to the window's limit. Safe to repeat. Rejects with the
   * SDK's error when a table cannot be reached.
   */
  apply(delta: Delta): Promise<AppliedDelta>;
  /** At most `limit` of the device's newest windows that start before `windowStart` (epoch milliseconds), oldest first. */
  before(deviceId: string, windowStart: number, limit: number): Promise<readonly Window[]>;
}

export interface HistoryQuestion {
  readonly deviceId: string;
  /** Only windows that have this metric, and only its statistics; all if absent. */
  readonly metric?: string;
  /** Epoch milliseconds: from the bucket that contains `from` to the last one that starts before `to`. */
  readonly from: number;
  readonly to: number;
  /** Length of a bucket: a multiple of the windows' length. */
  readonly seconds: number;
  /** Most buckets to return, at least 1. */
  readonly limit: number;
}

export interface HistoryPage {
  readonly buckets: readonly Bucket[];
  /** The `from` of the next page, when there is more. */
  readonly next?: number;
}

export type StoredSpan = Pick<HistoryQuestion, 'deviceId' | 'from' | 'to' | 'limit'>;

export interface WindowHistory {
  /** Whole buckets, oldest first; a page ends early when it took many reads. Rejects with the SDK's error. */
  read(question: HistoryQuestion): Promise<HistoryPage>;
  /** The hours that begin in the span, oldest first: the folded ones that are kept, the others computed from windows. */
  hours(span: Omit<StoredSpan, 'limit'>): Promise<readonly Bucket[]>;
  /** Stored windows, oldest first, at most `limit`; `from` and `to` as in a query. */
  stored(span: StoredSpan): Promise<readonly Window[]>;
  /** The fingerprints of a window's readings, all or the newest 128; undefined if there is no window. */
  fingerprints(
    deviceId: string,
    windowStart: number,
  ): Promise<{ readonly known: ReadonlySet<string>; readonly isWhole: boolean } | undefined>;
  /** The device's newest window. */
  last(deviceId: string): Promise<Window | undefined>;
}

export interface DevicePage {
  readonly devices: readonly Device[];
  /** The last device of this page, if there are more. */
  readonly last?: string;
}

export interface DeviceStore {
  load(deviceId: string): Promise<Device | undefined>;
  /** At most `limit` devices in no particular order, with `after` those after it. */
  list(page: { readonly limit: number; readonly after?: string }): Promise<DevicePage>;
  /** Deletes the device; false if it was not known. A message from it makes it known again. */
  remove(deviceId: string): Promise<boolean>;
  /** Stores that a message from a device came from `site` at `at` (epoch milliseconds), at most every ten minutes. */
  noteSeen(deviceId: string, site: string, at: number): Promise<void>;
  /** Stores what was rejected or skipped: each reason once a minute, skipped members when they change. */
  noteUnused(deviceId: string, unused: UnusedNote, at: number): Promise<void>;
  /** Stores the units that a device's messages give, when they change; each at most once a minute. */
  noteUnits(deviceId: string, units: Units, at: number): Promise<void>;
  /**
   * Stores that a device connected or disconnected, unless a later event is known (`stale`). Without `thing` it is
   * stored only if the registry's facts about the device are known already (`unknown`: they are not; a message alone
   * does not bring them). Safe to repeat.
   */
  applyPresence(event: PresenceEvent, thing?: ThingFacts): Promise<'applied' | 'stale' | 'unknown'>;
}

/**
 * Writes the rejections of one message to `rejected/<deviceId>/<yyyy>/<MM>/<dd>/<traceId>.json`, by the day of its
 * arrival (UTC). With `event` the whole message, for a replay. A retry writes the same again; without rejections nothing
 * is written. Rejects with the SDK's error.
 */
export type KeepRejected = (
  context: ParsedMessage['context'],
  rejected: ParsedMessage['rejected'],
  event?: ParsedMessage['event'],
) => Promise<void>;

/** A stored rule that was edited in the table or written by a newer version, and what is wrong with it. */
export interface UnreadableRule {
  readonly id: string;
  readonly problem: string;
}

/** A stored rule replaces the template's of the same id, readable or not. */
export interface RuleSet<Rule> {
  /** By id. */
  readonly rules: readonly Rule[];
  /** Rules that cannot be read; they judge nothing. */
  readonly unreadable: readonly UnreadableRule[];
}

/** The current rule: the stored one, or else the template's. */
export interface CurrentRule {
  readonly rule?: RuleData;
  /** Why the stored rule cannot be read; `rule` is absent then. */
  readonly problem?: string;
  /** The stored text, if any. A write names it, so that it never replaces a text it has not read. */
  readonly stored?: string;
}

/** All verbs reject with the SDK's error when the table cannot be reached. */
export interface RuleStore {
  read(): Promise<RuleSet<RuleData>>;
  load(id: string): Promise<CurrentRule>;
  /**
   * Replaces what was loaded by the rule. `changed`: another writer was faster. `full`: the limit of rules is reached
   * and this one would exceed it; concurrent writers cannot exceed it either.
   */
  put(rule: RuleData, loaded: CurrentRule): Promise<'stored' | 'changed' | 'full'>;
  /** Removes what was loaded; the template's rule of this id, if any, takes effect again. */
  remove(id: string, loaded: CurrentRule): Promise<'removed' | 'changed'>;
}

/** Both verbs reject with the SDK's error when the table cannot be reached. */
export interface MappingStore {
  read(): Promise<{
    /** By id. */
    readonly mappings: readonly Mapping[];
    /** Versions that cannot be used, by the id of their mapping. */
    readonly unreadable: readonly UnreadableRule[];
  }>;
  /** Adds a version. `taken`: it has a version of this time. `full`, with a `limit`: one more mapping would exceed it; concurrent writers cannot exceed it either. */
  append(version: MappingVersion, limit?: number): Promise<'stored' | 'taken' | 'full'>;
}

/** A device's alerts. */
export interface DeviceAlerts {
  /** By rule id. */
  readonly states: Map<string, AlertState>;
  /** Stored states that cannot be read, with the error, by rule id. These rules cannot judge the device. */
  readonly unreadable?: ReadonlyMap<string, Error>;
  /** Until then (epoch milliseconds) no notification about the device is sent. */
  readonly snooze?: Snooze;
}

export interface Snooze {
  readonly until: number;
  readonly by: string;
  readonly comment?: string;
}

export interface AlertStore {
  load(deviceId: string): Promise<DeviceAlerts>;
  /** Replaces the snooze; undefined removes it. */
  snooze(deviceId: string, snooze: Snooze | undefined): Promise<void>;
  /** Replaces `previous` (undefined: no state yet) by `next`; false when another writer was faster. */
  transition(previous: AlertState | undefined, next: AlertState): Promise<boolean>;
}

/** Everything that needs attention. */
export interface OpenAlerts {
  /**
   * States of all devices that are not ok, have something pending or wait for newer windows to be judged. Each is as of
   * some time during the read. A state that cannot be read throws, by name, after all others.
   */
  listOpen(): AsyncIterable<AlertState>;
  /** Snoozes of all devices, also past ones. A snooze that cannot be read silences nothing and is left out. */
  listSnoozes(): AsyncIterable<Snooze & { readonly deviceId: string }>;
}

/** All verbs reject with the SDK's error. */
export interface AlertHistory {
  /** Safe to repeat. */
  record(entries: readonly HistoryEntry[]): Promise<void>;
  /**
   * Adds to the entries of these notifications when SNS accepted them (epoch milliseconds), and who of `confirmed`, the
   * topic's confirmed subscriptions, has one of their channels. A missing entry is not created.
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
  /** From the page before. */
  readonly next?: string;
}

export interface AlertHistoryPage {
  readonly entries: readonly HistoryEntry[];
  /** For the next page, if there may be more. */
  readonly next?: string;
}

/** Both verbs give a refusal that a retry would meet again; an error that may pass rejects with the SDK's error. */
export interface Notifier {
  /** `recent`: the device's last windows, oldest first. A repeat carries the same alertId. */
  notify(notification: Notification, recent: readonly Window[]): Promise<Refusal | undefined>;
  notifyAll(digest: Digest): Promise<Refusal | undefined>;
}

export interface RateLimit {
  /** Whether one more single notification may be sent in this minute. Rejects with the SDK's error. */
  admit(): Promise<boolean>;
  /** Whether the limit is known to be reached. */
  isFull(): boolean;
}

/** Both verbs reject with the SDK's error. */
export interface SweepProgress {
  /** Records that a sweep runs now. */
  begin(): Promise<SweepSpan>;
  /** Stores what the next sweep has to know. */
  stop(left: Omit<SweepSpan, 'since'>): Promise<void>;
}

export interface SweepSpan {
  /** Since when sweeps have run without a long break; epoch milliseconds. Silence before that is not known. */
  readonly since: number;
  /** The last device that was swept, if some were left. */
  readonly last?: string | undefined;
  /** The rules as of the sweep before. */
  readonly rules: KnownRules;
}

/** What judging and delivering alerts needs. */
export interface AlertPorts {
  readonly alerts: AlertStore & OpenAlerts;
  readonly history: AlertHistory;
  readonly rules: RuleStore;
  readonly notifier: Notifier;
  readonly listRecipients: ListRecipients;
  readonly rateLimit: RateLimit;
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
  readonly sweepProgress: SweepProgress;
  readonly learnedStore: LearnedStore;
  readonly learnedItems: LearnedItems;
}

/** The groups of a user of the user pool, by the subject of its tokens; none for a user who no longer exists. Rejects with the SDK's error. */
export type UserGroups = (userId: string) => Promise<readonly string[]>;

/** Sets an identity's policies for live data to exactly these. Safe to repeat. Rejects with the SDK's error. */
export type AttachLivePolicies = (identityId: string, wanted: readonly LivePolicy[]) => Promise<void>;

/** Counts and logs what a use case did. */
export interface Counting {
  /** Adds to a metric, also zero. With a reason it is a separate metric with that dimension. */
  count(name: string, value: number, reason?: string): void;
  warn(message: string, fields: Readonly<Record<string, string | number>>): void;
}
