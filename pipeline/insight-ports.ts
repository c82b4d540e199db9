// The port of what was learned: one item a device and rule.

import type { Learned } from '../core/insight/observe.ts';

export interface Remembered {
  readonly learned: Learned;
  /** All minutes before this time have been learned from; epoch milliseconds. */
  readonly until: number;
  /** What was learned from: the rule's kind and metric. */
  readonly of: string;
}

/** All verbs reject with the SDK's error. */
export interface LearnedStore {
  /** Of what cannot be read: nothing learned, `of` nothing, and its `until`, or NaN. */
  load(deviceId: string, ruleId: string): Promise<Remembered | undefined>;
  /** Replaces what was kept `until` that time (undefined: nothing; NaN: what cannot be read); false where it is another by now. */
  save(
    deviceId: string,
    ruleId: string,
    remembered: Remembered,
    before: number | undefined,
  ): Promise<boolean>;
  /** All that is learned of the device from that time on is learned anew. */
  restart(deviceId: string, ruleId: string, remembered: Remembered): Promise<void>;
}

export interface LearnedKey {
  readonly deviceId: string;
  readonly ruleId: string;
}

/** The items by their keys. All verbs reject with the SDK's error. */
export interface LearnedItems {
  all(): AsyncIterable<LearnedKey>;
  of(deviceId: string): AsyncIterable<LearnedKey>;
  /** Doing so twice changes nothing. */
  remove(key: LearnedKey): Promise<void>;
}
