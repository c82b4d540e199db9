// Takes a device's windows of a day from the parsed archive if they are exactly those that ingest made, and logs the reason if not.

import { DAY_MS, lackOf } from '../core/archive/day-choice.ts';
import { windowsOfDay } from '../core/archive/device-day.ts';
import { dateOf, partitionOf, type Partition } from '../core/archive/parsed-rows.ts';
import type { Device } from '../core/device.ts';
import { hasWholeWindows } from '../core/hour.ts';
import type { TimeLimits } from '../core/reading.ts';
import type { Bucket } from '../core/rollup.ts';
import type { Window } from '../core/window.ts';
import type { DeviceRows } from './archive-ports.ts';
import type { Counting } from './ports.ts';

/** The windows, oldest first; undefined if the archive cannot be used, which is counted and logged with its reason. Never rejects. */
export type ArchivedDay = (
  device: Pick<Device, 'deviceId' | 'site'>,
  asked: {
    /** Start of a day of UTC, epoch milliseconds. */
    readonly day: number;
    /** The hours of the day that the table has. */
    readonly hours: readonly Bucket[];
    /** Whether these are all hours: then the windows are compared with them. Otherwise the archive is used if it is complete. */
    readonly isWhole: boolean;
  },
  counting: Counting,
) => Promise<readonly Window[] | undefined>;

/** A device may have been at each of them. */
const MAX_SITES = 50;

export function createArchivedDay(parts: {
  readonly rows: DeviceRows;
  readonly windowSeconds: number;
  readonly limits: TimeLimits;
}): ArchivedDay {
  const { rows: archive, windowSeconds, limits } = parts;

  /** Rejects with an Error that says why the archive is incomplete or cannot be searched. */
  async function partitionsOf(site: string | undefined, day: number, isWhole: boolean): Promise<Partition[]> {
    const date = dateOf(day);
    if (isWhole) {
      if (site === undefined) throw new Error('the site of the device is unknown');
      return [partitionOf(site, date)];
    }
    const lack = lackOf(day, await archive.progress(), limits);
    if (lack !== undefined) throw new Error(lack);
    const folders = await archive.siteFolders(MAX_SITES + 1);
    if (folders.length > MAX_SITES)
      throw new Error(`it has more than ${MAX_SITES} sites, the most that are searched for a device`);
    return folders.map((folder) => `${folder}/date=${date}`);
  }

  return async ({ deviceId, site }, { day, hours, isWhole }, counting) => {
    try {
      if (!hasWholeWindows(windowSeconds))
        throw new Error(`windows of ${windowSeconds} seconds go beyond a day`);
      const partitions = await partitionsOf(site, day, isWhole);
      const found = await Promise.all(partitions.map((partition) => archive.rowsOf(partition, deviceId)));
      // The table deletes hour by hour.
      const wholeFrom = isWhole ? day : Math.min(...hours.map(({ start }) => start), Infinity);
      const owner = { deviceId, site: site ?? '' };
      const windows = windowsOfDay(found.flat(), owner, { windowSeconds, hours, wholeFrom });
      counting.count('ArchiveDaysRead', 1);
      return windows;
    } catch (error) {
      const reason = (error as Error).message;
      counting.count('ArchiveDaysUnused', 1);
      counting.warn('A day was not taken from the parsed archive', {
        ...{ deviceId, day: dateOf(day), reason },
      });
      return undefined;
    }
  };
}

/** Reads days of one device, each once. */
export interface DeviceDays {
  /**
   * As `ArchivedDay`, for the day that starts at that time; `hours` gives the hours of the day that the table has, and
   * may include others.
   */
  of(day: number, hours: () => Promise<readonly Bucket[]>): Promise<readonly Window[] | undefined>;
  /** Whether the archive gave the day. */
  isUsed(day: number): boolean;
}

/** `firstWhole`: the first day of which the table has all hours. */
export function openDeviceDays(
  read: ArchivedDay,
  device: Pick<Device, 'deviceId' | 'site'>,
  firstWhole: number,
  counting: Counting,
): DeviceDays {
  const days = new Map<number, ReturnType<ArchivedDay>>();
  const used = new Set<number>();

  async function load(day: number, hours: readonly Bucket[]) {
    const own = await read(
      device,
      { day, hours: hoursOfDay(hours, day), isWhole: day >= firstWhole },
      counting,
    );
    if (own) used.add(day);
    return own;
  }

  return {
    async of(day, hours) {
      let found = days.get(day);
      if (!found) days.set(day, (found = hours().then(async (all) => load(day, all))));
      return found;
    },
    isUsed: (day) => used.has(day),
  };
}

/** Those of the hours that are in the day. */
export const hoursOfDay = (hours: readonly Bucket[], day: number): Bucket[] =>
  hours.filter(({ start }) => start >= day && start < day + DAY_MS);
