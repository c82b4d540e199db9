// A parsed archive that the real parse-batch code writes from generated raw lines: three days of three sites, with difficult cases.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { createParsedArchive } from '../../adapters/parsed-archive.ts';
import { createRawArchive } from '../../adapters/raw-archive.ts';
import { openStagingFolder } from '../../adapters/staging-folder.ts';
import type { MapMessage } from '../../core/map-message.ts';
import type { Mapped } from '../../core/mapping.ts';
import { createParseBatch } from '../../pipeline/parse-batch.ts';
import { createParseHour } from '../../pipeline/parse-hour.ts';
import { temporaryFolder } from '../support/folders.ts';
import { openMemoryS3 } from '../support/memory-s3.ts';

/** A reading that was sent: decimal texts by metric, as they are to be counted. */
export interface Sent {
  readonly site: string;
  readonly device: string;
  readonly timestamp: number;
  readonly receivedAt: number;
  readonly id?: string;
  readonly values: Readonly<Record<string, string>>;
}

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const LIMITS = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
export const WINDOW_SECONDS = 10;
/** The day after the last one with readings. */
export const TODAY = Date.parse('2026-09-24T00:00:00Z');
export const FIRST_DAY = TODAY - 3 * DAY;
/** In Fahrenheit, and as it is counted in Celsius: the nearest double's shortest text has a digit less. */
export const FAHRENHEIT = '100.3 °F';
export const BEYOND_DOUBLE = '37.944444444444444';

/** A mapping of one device says that it is to be Celsius. */
export const mappedOf = (event: unknown): Mapped | undefined =>
  (event as { deviceId: string }).deviceId === IN_CELSIUS
    ? { id: 'celsius', celsius: true, isFormat: true }
    : undefined;
const mapMessage: MapMessage = async (event) => mappedOf(event);
const IN_CELSIUS = 'seattle-2';

const SITES = ['seattle', 'boise', 'Store 7'];
const HOURS = [0, 6, 12, 18];

/** Every reading once. Two devices a site, four times a day; one of them sends less on the second day. */
export function sentReadings(): Sent[] {
  const sent: Sent[] = [];
  for (let day = FIRST_DAY; day < TODAY; day += DAY)
    for (const [s, site] of SITES.entries())
      for (const n of [1, 2])
        for (const hour of HOURS) {
          if (site === 'boise' && n === 2 && day === FIRST_DAY + DAY && hour > 0) continue;
          for (const second of [5, 9, 31]) {
            const timestamp = day + hour * HOUR + second * 1000 + n;
            const step = sent.length % 17;
            const values = {
              temperature: `${(step - 3) / 10}`,
              compressor: `${(s + n + hour / 6 + (second > 9 ? 1 : 0)) % 2}`,
              ...(site === 'seattle' && n === 2 && second === 31 && { probe: BEYOND_DOUBLE }),
            };
            const id = step % 2 === 0 ? { id: `m${step}` } : {};
            sent.push({
              ...{ site, device: `${site.replace(' ', '-')}-${n}`, timestamp },
              ...{ receivedAt: timestamp + 40, values, ...id },
            });
          }
        }
  // Measured at the end of the first day, sent in the morning of the third.
  const timestamp = FIRST_DAY + DAY - 1000;
  const receivedAt = FIRST_DAY + 2 * DAY + 6 * HOUR + 60_000;
  sent.push({ site: 'seattle', device: 'seattle-1', timestamp, receivedAt, values: { temperature: '99.5' } });
  return sent;
}

/** Some readings again, from another hour of arrival on: of a day that is merged, and of one that is not. */
export function resent(sent: readonly Sent[]): Sent[] {
  return sent
    .filter(({ timestamp, site }) => timestamp % DAY < HOUR && site === 'boise')
    .map((reading) => ({ ...reading, receivedAt: reading.receivedAt + 6 * HOUR }));
}

export function lineOf({ site, device, timestamp, receivedAt, id, values }: Sent, trace: number): string {
  const members = Object.entries(values).map(([name, value]) => [
    name,
    name === 'temperature' ? `${value} °C` : value === BEYOND_DOUBLE ? FAHRENHEIT : Number(value),
  ]);
  return `${JSON.stringify({
    ...{ deviceId: device, site, receivedAt, clientId: device, traceId: `t-${trace}`, timestamp },
    ...(id !== undefined && { id }),
    ...(Object.fromEntries(members) as object),
  })}\n`;
}

export interface Fixture {
  /** As a bucket: `readings/`, `hours/`. */
  readonly folder: string;
  readonly lines: readonly string[];
  /** A file of an hour as it was before the day was merged. */
  readonly hourFile: { readonly key: string; readonly bytes: Buffer };
}

/** Parsed in three runs: in the first day, after two days, and at the end. */
export async function writeFixture(): Promise<Fixture> {
  const sent = sentReadings();
  const lines = [...sent, ...resent(sent)].map((reading, trace) => ({
    hour: Math.floor(reading.receivedAt / HOUR) * HOUR,
    line: lineOf(reading, trace),
  }));
  const s3 = openMemoryS3();
  for (const hour of new Set(lines.map((each) => each.hour))) {
    const own = lines.filter((each) => each.hour === hour).map(({ line }) => line);
    const name = new Date(hour).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/');
    // One line twice, as Firehose may write it.
    s3.objects.set(`raw/raw/${name}/a.ndjson`, Buffer.from([...own, own[0]].join('')));
  }
  let time = 0;
  const client = new S3Client({ region: 'us-east-1' });
  const now = () => time;
  const staging = openStagingFolder({ folder: temporaryFolder(), windowSeconds: WINDOW_SECONDS });
  const parsed = createParsedArchive({ client, bucket: 'parsed', now });
  const raw = createRawArchive({ client, bucket: 'raw' });
  const parseHour = createParseHour({ raw, parsed, staging, mapMessage }, LIMITS);
  const run = createParseBatch({ parsed, staging, parseHour, now });
  const key = `readings/site=boise/date=2026-09-21/hour-2026-09-21T06.parquet`;
  let hourFile: Buffer | undefined;
  for (const at of [FIRST_DAY + 20 * HOUR, FIRST_DAY + 2 * DAY + HOUR, TODAY + HOUR]) {
    time = at;
    const { failed } = await run({ endsAt: at + HOUR });
    if (failed.length > 0) throw new Error(JSON.stringify(failed));
    hourFile ??= s3.objects.get(`parsed/${key}`);
    // The third day stays as its hours wrote it.
    if (at === FIRST_DAY + 2 * DAY + HOUR) keepUnmerged(s3.objects);
  }
  const folder = temporaryFolder();
  for (const [name, bytes] of s3.objects) {
    if (!name.startsWith('parsed/')) continue;
    const file = path.join(folder, name.slice('parsed/'.length));
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  return { folder, lines: lines.map(({ line }) => line), hourFile: { key, bytes: hourFile! } };
}

/** As if the merge of tomorrow had been today already. */
function keepUnmerged(objects: Map<string, Buffer>): void {
  const name = 'parsed/progress.json';
  const stored = JSON.parse(objects.get(name)!.toString()) as { progress: object };
  const progress = { ...stored.progress, mergedOn: new Date(TODAY).toISOString().slice(0, 10) };
  objects.set(name, Buffer.from(JSON.stringify({ ...stored, progress })));
}
