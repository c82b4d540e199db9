// A process that parses archives in a folder as the function does those in buckets, and ends itself by SIGKILL at a write that is named.

import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openStagingFolder } from '../../adapters/staging-folder.ts';
import { hourText } from '../../core/archive/parsed-rows.ts';
import { createParseBatch } from '../../pipeline/parse-batch.ts';
import { createParseHour } from '../../pipeline/parse-hour.ts';
import type { HourManifest, ParsedArchive, ParseProgress, RawArchive } from '../../pipeline/parse-ports.ts';

const [folder = '', at = '', span = '', killAt = ''] = process.argv.slice(2);
const MISSING = { open: [], unmerged: [] };
let writes = 0;

/** Half of the file is written when the process ends, under a name that nobody reads. */
function write(key: string, bytes: Buffer | string): void {
  const file = path.join(folder, 'parsed', key);
  mkdirSync(path.dirname(file), { recursive: true });
  const isLast = (writes += 1) === Number(killAt);
  writeFileSync(`${file}.new`, isLast ? bytes.slice(0, bytes.length / 2) : bytes);
  if (isLast) process.kill(process.pid, 'SIGKILL');
  renameSync(`${file}.new`, file);
}

const json = (key: string): unknown => {
  const file = path.join(folder, 'parsed', key);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
};
const manifestKey = (hour: string) => `hours/${hour.replaceAll(/[-T]/g, '/')}.json`;

const raw: RawArchive = {
  async objects(hour) {
    const prefix = `raw/${hourText(hour).replaceAll(/[-T]/g, '/')}`;
    const dir = path.join(folder, 'raw', prefix);
    const names = existsSync(dir) ? readdirSync(dir).sort() : [];
    return names.map((name) => {
      const { size, mtimeMs } = statSync(path.join(dir, name));
      return { key: `${prefix}/${name}`, etag: String(mtimeMs), size };
    });
  },
  read: ({ key }) => createReadStream(path.join(folder, 'raw', key)),
};

const parsed: ParsedArchive = {
  // The next run comes when the lease of this one is over.
  async lease() {
    const progress = (json('progress.json') as ParseProgress | undefined) ?? MISSING;
    return {
      progress,
      save: async (next) => write('progress.json', JSON.stringify(next)),
      release: async () => {},
    };
  },
  manifest: async (hour) => json(manifestKey(hourText(hour))) as HourManifest | undefined,
  saveManifest: async (manifest) => write(manifestKey(manifest.hour), JSON.stringify(manifest)),
  async files(partition) {
    const dir = path.join(folder, 'parsed', partition);
    const names = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith('.parquet')) : [];
    return names
      .sort()
      .map((name) => ({ key: `${partition}/${name}`, size: statSync(path.join(dir, name)).size }));
  },
  put: async (key, file) => write(key, readFileSync(file.path)),
  async fetch(key, copy) {
    const file = path.join(folder, 'parsed', key);
    if (!existsSync(file)) return false;
    await pipeline(createReadStream(file), createWriteStream(copy));
    return true;
  },
  async remove(keys) {
    for (const key of keys) {
      if ((writes += 1) === Number(killAt)) process.kill(process.pid, 'SIGKILL');
      rmSync(path.join(folder, 'parsed', key), { force: true });
    }
  },
};

const now = () => Number(at);
const staging = openStagingFolder({ folder, windowSeconds: 10, rowsInMemory: 500 });
const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const parseHour = createParseHour({ raw, parsed, staging, mapMessage: undefined }, limits);
const [from, to] = span.split('-').map(Number);
const report = await createParseBatch({ parsed, staging, parseHour, now })({
  span: from === undefined || to === undefined ? undefined : { from, to },
  endsAt: now() + 900_000,
});
console.log(JSON.stringify({ writes, failed: report.failed, unmerged: report.unmerged }));
