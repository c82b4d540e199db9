// The ports through which reports and pages read days from the parsed archive.

import type { DeviceRow } from '../core/archive/device-day.ts';
import type { Partition } from '../core/archive/parsed-rows.ts';
import type { ParseProgress } from './parse-ports.ts';

export interface DeviceRows {
  /**
   * All values of a device in the partition, in no order; none if it has no files. Reads only those parts of the files that have the
   * device. Rejects with an Error that names the file if it is damaged or was written by another version,
   * else with the SDK's error.
   */
  rowsOf(partition: Partition, deviceId: string): Promise<readonly DeviceRow[]>;
  /** Folders of the sites, such as `readings/site=seattle`, at most `limit`. */
  siteFolders(limit: number): Promise<readonly string[]>;
  /** Undefined before the first hour was parsed. */
  progress(): Promise<ParseProgress | undefined>;
}
