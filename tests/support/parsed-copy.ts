// Parses raw objects as the function does, and copies both archives to a folder as `aws s3 sync` would.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { createParsedArchive } from '../../adapters/parsed-archive.ts';
import { createRawArchive } from '../../adapters/raw-archive.ts';
import { openStagingFolder } from '../../adapters/staging-folder.ts';
import { createParseBatch, type ParseReport } from '../../pipeline/parse-batch.ts';
import type { WantedSpan } from '../../core/archive/due-hours.ts';
import { createParseHour } from '../../pipeline/parse-hour.ts';
import { temporaryFolder } from './folders.ts';
import type { MemoryS3 } from './memory-s3.ts';

const LIMITS = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };

/** `raw/2026/12/01/05/name` */
export const rawKeyOf = (hour: number, name: string): string =>
  `raw/${new Date(hour).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/')}/${name}`;

/** Runs as the schedule does at `at`, or over a span. */
export async function parseArchive(
  at: number,
  span?: WantedSpan,
  {
    folder = temporaryFolder(),
    rowsInMemory,
  }: { readonly folder?: string; readonly rowsInMemory?: number } = {},
): Promise<ParseReport> {
  const client = new S3Client({ region: 'us-east-1' });
  const now = () => at;
  const ports = {
    raw: createRawArchive({ client, bucket: 'raw' }),
    parsed: createParsedArchive({ client, bucket: 'parsed', now }),
    staging: openStagingFolder({
      folder,
      windowSeconds: 10,
      ...(rowsInMemory !== undefined && { rowsInMemory }),
    }),
    now,
  };
  const parseHour = createParseHour({ ...ports, mapMessage: undefined }, LIMITS);
  return createParseBatch({ ...ports, parseHour })({ span, endsAt: at + 900_000 });
}

/** Gives the folders of the buckets `raw` and `parsed`. */
export function copyBuckets({ objects }: MemoryS3): { readonly raw: string; readonly parsed: string } {
  const folder = temporaryFolder();
  for (const [name, bytes] of objects) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  return { raw: path.join(folder, 'raw', 'raw'), parsed: path.join(folder, 'parsed') };
}
