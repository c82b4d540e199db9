// Counts the rows of both archives by site, day, device and metric, and reports the differences for each device and day.

import { dateOf, partitionOf, type Partition } from '../core/archive/parsed-rows.ts';
import {
  addRow,
  digestDifference,
  emptyDigest,
  momentOf,
  type DigestedRow,
  type RowDigest,
} from '../core/archive/row-digest.ts';

/** The two archives. */
export type Side = 'raw' | 'parsed';

/** A day of a device at one site. */
export interface DeviceDay {
  /** The number of readings. Readings with the same time and ID in the same hour of arrival count once. */
  readonly readings: Record<Side, number>;
  readonly metrics: Map<string, Record<Side, RowDigest>>;
}

export interface DeviceDays {
  /** The entry for the time, which may be empty. */
  at(site: string, deviceId: string, timestamp: number): DeviceDay;
  /** Adds the parsed archive's rows of partitions that were not added before. */
  takeParsed(others: DeviceDays): void;
  all(): ReadonlyMap<Partition, ReadonlyMap<string, DeviceDay>>;
}

const DAY_MS = 86_400_000;

const emptyDay = (): DeviceDay => ({ readings: { raw: 0, parsed: 0 }, metrics: new Map() });

export function createDeviceDays(): DeviceDays {
  const partitions = new Map<Partition, Map<string, DeviceDay>>();
  /** Cached by site and day, since creating a partition's name is slow. */
  const known = new Map<string, Map<number, Map<string, DeviceDay>>>();

  function devicesOf(site: string, day: number): Map<string, DeviceDay> {
    let days = known.get(site);
    if (!days) known.set(site, (days = new Map()));
    let devices = days.get(day);
    if (!devices) {
      const partition = partitionOf(site, dateOf(day * DAY_MS));
      devices = partitions.get(partition) ?? new Map<string, DeviceDay>();
      partitions.set(partition, devices);
      days.set(day, devices);
    }
    return devices;
  }

  return {
    all: () => partitions,
    takeParsed(others) {
      for (const [partition, devices] of others.all()) {
        const own = partitions.get(partition) ?? new Map<string, DeviceDay>();
        partitions.set(partition, own);
        for (const [deviceId, { readings, metrics }] of devices) {
          const day = own.get(deviceId) ?? emptyDay();
          own.set(deviceId, day);
          day.readings.parsed = readings.parsed;
          for (const [metric, { parsed }] of metrics)
            day.metrics.set(metric, { raw: emptyDigest(), ...day.metrics.get(metric), parsed });
        }
      }
    },
    at(site, deviceId, timestamp) {
      const devices = devicesOf(site, Math.floor(timestamp / DAY_MS));
      let found = devices.get(deviceId);
      if (!found) devices.set(deviceId, (found = emptyDay()));
      return found;
    },
  };
}

/** @throws Error like `addRow` */
export function countRow({ metrics }: DeviceDay, side: Side, metric: string, row: DigestedRow): void {
  let both = metrics.get(metric);
  if (!both) metrics.set(metric, (both = { raw: emptyDigest(), parsed: emptyDigest() }));
  addRow(both[side], row);
}

/** Counts the readings of rows that come metric by metric. `moments` has those that are counted already. */
export function countReading(day: DeviceDay, side: Side, row: DigestedRow, moments: Set<number>): void {
  const moment = momentOf(row);
  if (moments.has(moment)) return;
  moments.add(moment);
  day.readings[side] += 1;
}

/** How the parsed archive differs from the raw one for this device and day; undefined if they agree. */
export function dayDifference({ readings, metrics }: DeviceDay): string | undefined {
  const differences = [...metrics].flatMap(([metric, { parsed, raw }]) => {
    const difference = digestDifference(parsed, raw);
    return difference === undefined ? [] : [`${metric} has ${difference}`];
  });
  if (differences.length === 0) return undefined;
  const counts = `${readings.parsed} readings in the parsed archive, ${readings.raw} in the raw one`;
  return [counts, ...differences].join('; ');
}
