// The port of the learned state: one item per device and rule.

import type { Learned } from '../core/insight/observe.ts';
import type { DefrostSchedule } from '../core/rule-data.ts';

export interface Remembered {
  readonly learned: Learned;
  /** All minutes before this time have been learned from; epoch milliseconds. */
  readonly until: number;
  /** What was learned from: the rule's kind and metric. */
  readonly of: string;
  /**
   * When the device defrosts, as a user entered it; it replaces what is learned, and is kept when the learning starts
   * again.
   */
  readonly entered?: DefrostSchedule | undefined;
}

/** All verbs reject with the SDK's error. */
export interface LearnedStore {
  /** For a state that cannot be read, `learned` and `of` are empty, and `until` is its own, or NaN. */
  load(deviceId: string, ruleId: string): Promise<Remembered | undefined>;
  /**
   * Replaces the state whose `until` is `before` (undefined: no state; NaN: one that cannot be read); false if another
   * state or other defrosts were stored meanwhile.
   */
  save(
    deviceId: string,
    ruleId: string,
    remembered: Remembered,
    before: number | undefined,
  ): Promise<boolean>;
  /** Replaces the state whatever it is, so that learning starts again from the given one. */
  restart(deviceId: string, ruleId: string, remembered: Remembered): Promise<void>;
  /**
   * Stores what a user entered, or removes it (undefined); what was learned stays. False if nothing is stored for the
   * device.
   */
  enter(deviceId: string, ruleId: string, entered: DefrostSchedule | undefined): Promise<boolean>;
}

export interface LearnedKey {
  readonly deviceId: string;
  readonly ruleId: string;
}

/** The items by their keys. All verbs reject with the SDK's error. */
export interface LearnedItems {
  all(): AsyncIterable<LearnedKey>;
  of(deviceId: string): AsyncIterable<LearnedKey>;
  /** Safe to repeat. */
  remove(key: LearnedKey): Promise<void>;
}
