// Runs one contender of bench/rebuild.ts in its own process: builds windows from raw lines in an existing table. Prints JSON.

import { createWindowStore } from '../adapters/window-store.ts';
import { openDynamoDb } from '../adapters/dynamodb-client.ts';
import { createOwnTables } from '../audit/own-tables.ts';
import { rebuild } from '../audit/rebuild.ts';
import { inParallel } from '../core/in-parallel.ts';
import { parseMessage } from '../core/message.ts';
import { foldReadings } from '../core/window.ts';
import { linesOf } from './fold-input.ts';

const [part = '', endpoint = '', table = '', file = ''] = process.argv.slice(2);
const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const settings = { windowSeconds: 10, retentionDays: 36_500 };
/** The batch size of Kinesis, and the concurrent calls of the stream's function. */
const [BATCH, CALLS] = [1000, 16];
const client = {
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};

const silent = { say: () => {}, progress: () => {} };

async function ingest(): Promise<void> {
  const dynamoDb = openDynamoDb(client);
  await createOwnTables(dynamoDb).create(table, settings.windowSeconds);
  const fingerprintsTable = `${table}-fingerprints`;
  const store = createWindowStore({ client: dynamoDb, table, fingerprintsTable, ...settings });
  let batch: unknown[] = [];
  async function apply(): Promise<void> {
    const readings = batch.flatMap((event) => parseMessage(event, limits).accepted);
    await inParallel(foldReadings(readings, settings.windowSeconds), CALLS, async (delta) =>
      store.apply(delta),
    );
    batch = [];
  }
  for (const line of linesOf(file)) {
    batch.push(JSON.parse(line.toString()));
    if (batch.length === BATCH) await apply();
  }
  await apply();
  dynamoDb.destroy();
}

const before = process.cpuUsage();
const begun = performance.now();
if (part === 'ingest') await ingest();
else {
  // The table of a running stack, which others may write to at the same time.
  const stackTables =
    part === 'shared' ? { fingerprintsTable: 'fingerprints', rollupsTable: 'rollups' } : undefined;
  await rebuild(
    { ...settings, ...limits, paths: [file], table, stackTables, client, isDryRun: false },
    silent,
  );
}
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    processorSeconds: (user + system) / 1e6,
    seconds: (performance.now() - begun) / 1000,
    peakMebibytes: process.resourceUsage().maxRSS / 1024,
  }),
);
