// The archive for bench/query.ts: one value per minute of two metrics, in merged days as parse-batch writes them.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createParquetFile } from '../adapters/parquet-file.ts';
import { dayFile, partitionOf } from '../core/archive/parsed-rows.ts';

export interface QueryInput {
  /** The folder of a bucket. */
  readonly bucket: string;
  readonly days: number;
  /** Devices per site. */
  readonly devices: number;
  /** Whether the files say that readings may have been sent twice, as those of older versions do. */
  readonly mayRepeat: boolean;
}

export const SITES: readonly string[] = ['seattle', 'portland', 'spokane', 'boise', 'tacoma'];
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const MINUTES = 1440;
const START = Date.parse('2026-11-01T00:00:00Z');
const NONE: undefined[] = Array<undefined>(MINUTES).fill(undefined);

export const deviceName = (site: string, n: number): string => `${site}-${String(n).padStart(3, '0')}`;

/** Returns the number of rows. */
export function writeArchive({ bucket, days, devices, mayRepeat }: QueryInput): number {
  for (const site of SITES)
    for (let start = START; start < START + days * DAY_MS; start += DAY_MS) {
      const partition = partitionOf(site, new Date(start).toISOString().slice(0, 10));
      const file = path.join(bucket, dayFile(partition));
      mkdirSync(path.dirname(file), { recursive: true });
      const growing = createParquetFile(file);
      for (let n = 0; n < devices; n += 1)
        for (const metric of ['humidity', 'temperature'])
          growing.add({ block: blockOf(site, n, metric, start), from: 0, to: MINUTES });
      growing.finish(Array.from({ length: 24 }, (_, hour) => start + hour * HOUR_MS));
      // A second file of a day makes queries remove duplicates.
      if (mayRepeat) createEmpty(path.join(path.dirname(file), 'hour-2026-12-31T23.parquet'));
    }
  return SITES.length * days * devices * 2 * MINUTES;
}

function createEmpty(file: string): void {
  createParquetFile(file).finish([]);
}

/** A random walk in tenths, the same on every run. */
function blockOf(site: string, n: number, metric: string, start: number) {
  const [timestamps, values] = [new Float64Array(MINUTES), new Float64Array(MINUTES)];
  const [receivedAt, hours] = [new Float64Array(MINUTES), new Float64Array(MINUTES)];
  let seed = (n + 1) * 48_271 + metric.length + start / DAY_MS;
  let tenths = 40;
  for (let minute = 0; minute < MINUTES; minute += 1) {
    seed = (seed * 48_271) % 2_147_483_647;
    tenths += Math.round((seed / 2_147_483_647) * 4 - 2);
    timestamps[minute] = start + minute * MINUTE_MS + n * 37;
    values[minute] = tenths / 10;
    receivedAt[minute] = timestamps[minute]! + 50 + (seed % 200);
    hours[minute] = Math.floor(receivedAt[minute]! / HOUR_MS) * HOUR_MS;
  }
  const units = metric === 'temperature' ? Array<string>(MINUTES).fill('°C') : NONE;
  const device = deviceName(site, n);
  return {
    site,
    device,
    metric,
    timestamps,
    values,
    receivedAt,
    hours,
    units,
    exact: NONE,
    messageIds: NONE,
  };
}
