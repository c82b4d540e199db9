// The ports of what is stored besides the windows: hours for years, and the latest values of a large fleet.

import type { Device } from '../core/device.ts';
import type { StatisticTexts } from '../core/statistic-text.ts';
import type { Bucket } from '../core/rollup.ts';

/** Up to where hours are folded. */
export interface RollupProgress {
  /** Epoch milliseconds: all hours before this one are folded, for all devices. */
  readonly until: number;
  /** The hour at `until` is folded for the devices up to this one, by name. */
  readonly after: string;
}

/** An hour whose windows changed after it may have been folded. */
export interface Mark {
  /** Epoch milliseconds. */
  readonly start: number;
  /** How often they changed. */
  readonly times: number;
}

/** Stores hours for years. All verbs reject with the SDK's error. */
export interface Rollups {
  progress(): Promise<RollupProgress | undefined>;
  saveProgress(progress: RollupProgress): Promise<void>;
  /** Stores the hour, unless one with more readings is stored: windows only gain readings, until they expire. */
  keep(deviceId: string, hour: Bucket): Promise<void>;
  /** Records that windows of the hour at `start` (epoch milliseconds) changed. Call it after they were written. */
  mark(deviceId: string, start: number): Promise<void>;
  marks(deviceId: string): Promise<readonly Mark[]>;
  /** Removes the mark, unless the windows changed again since it was read. */
  unmark(deviceId: string, mark: Mark): Promise<void>;
}

/** One device of a fleet, and its latest values. */
export interface FleetEntry {
  /** Without its rejections and skipped members. */
  readonly device: Omit<Device, 'rejections' | 'skipped'>;
  readonly lastWindow?: StatisticTexts & { /** Epoch milliseconds. */ readonly start: number };
}

export interface Fleet {
  /** When the last windows were read; epoch milliseconds. */
  readonly asOf: number;
  /** By name. */
  readonly entries: readonly FleetEntry[];
}

/** A stored snapshot of a large fleet, whose windows are too many to read on each request. Rejects with the SDK's error. */
export interface FleetSnapshots {
  /** The last snapshot. */
  load(): Promise<Fleet | undefined>;
  keep(fleet: Fleet): Promise<void>;
}
