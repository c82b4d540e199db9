// An archive without windows: rebuilt on the real program, parsed by its function, and audited.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { temporaryFolder } from '../support/folders.ts';
import { rawKeyOf } from '../support/parsed-copy.ts';
import { clientSettings, queryWindows, runScript, startTidegate, type Tidegate } from './tidegate.ts';

const HOUR = 3_600_000;
const start = Math.floor(Date.now() / HOUR) * HOUR - 5 * HOUR;

/** A device's minute, and a reading that comes again an hour later. */
async function archive(tidegate: Tidegate): Promise<void> {
  const s3 = new S3Client({ ...clientSettings(tidegate), forcePathStyle: true });
  const line = (n: number, receivedAt: number) =>
    `${JSON.stringify({ id: `m${n}`, timestamp: start + n * 1000, temperature: n / 10, deviceId: 'old-1', site: 'Süd 7', clientId: 'old-1', receivedAt, traceId: `t${n}-${receivedAt}` })}\n`;
  const lines = Array.from({ length: 60 }, (_, n) => line(n, start + n * 1000 + 20));
  for (const [hour, Body] of [
    [start, lines.join('')] as const,
    [start + HOUR, line(7, start + HOUR)] as const,
  ]) {
    const Bucket = tidegate.endpoints.outputs['RawBucket']!;
    await s3.send(new PutObjectCommand({ Bucket, Key: rawKeyOf(hour, 'object.ndjson'), Body }));
  }
  s3.destroy();
}

async function parse(tidegate: Tidegate): Promise<void> {
  const lambda = new LambdaClient(clientSettings(tidegate));
  const span = { from: new Date(start).toISOString(), to: new Date(start + 2 * HOUR).toISOString() };
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({
      FunctionName: tidegate.endpoints.outputs['ParseBatchFunction'] ?? 'tidegate-ParseBatchFunction',
      Payload: JSON.stringify(span),
    }),
  );
  lambda.destroy();
  const { hours } = JSON.parse(Buffer.from(Payload!).toString()) as { hours: { state: string }[] };
  assert.equal(FunctionError, undefined);
  assert.deepEqual(
    hours.map(({ state }) => state),
    ['done', 'done'],
  );
}

test('windows are rebuilt from an archive, also with another length, and the audit compares the three archives', async () => {
  const dataDir = temporaryFolder();
  let tidegate = await startTidegate(dataDir);
  await archive(tidegate);
  const run = (program: string, ...more: string[]) =>
    runScript(`audit/${program}.ts`, ['--local', '--data-dir', dataDir, ...more]);
  const span = ['--from', new Date(start).toISOString(), '--to', new Date(start + HOUR).toISOString()];

  const dry = await run('rebuild-main', ...span, '--dry-run');
  assert.match(dry.stdout, /^old-1: 6 windows would be made, 0 completed, 60 readings counted$/m, dry.stderr);
  assert.deepEqual(await queryWindows(tidegate, 'old-1'), []);
  const refused = await run('rebuild-main', '--window-seconds', '60');
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /^--window-seconds 60: the windows of .* have 10 s: name a new table with --table/,
  );
  const made = await run('rebuild-main', ...span);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /: 6 windows made, 0 completed, 60 readings counted; devices: 1$/m);
  assert.match(made.stderr, /^windows up to .*: 61 lines read, /);
  assert.equal((await queryWindows(tidegate, 'old-1')).length, 6);

  const minutes = ['--table', 'minutes', '--window-seconds', '60'];
  assert.equal((await run('rebuild-main', ...span, ...minutes)).code, 0);
  await parse(tidegate);
  assert.equal(await tidegate.stop(), 0);
  tidegate = await startTidegate(dataDir);
  const audited = await run('main', ...span);
  assert.deepEqual([audited.code, audited.stderr], [0, '']);
  assert.match(audited.stdout, /^6 windows compared, 0 differ; devices: 1$/m);
  assert.match(
    audited.stdout,
    /^1 device days compared with the parsed archive, 0 differ; hours of arrival: 2$/m,
  );
  assert.match(audited.stdout, /^1 readings came again in a later hour/m);
  const ofMinutes = await run('main', ...span, ...minutes);
  assert.match(ofMinutes.stdout, /^1 windows compared, 0 differ; devices: 1$/m, ofMinutes.stderr);

  const parsed = path.join(dataDir, 's3', tidegate.endpoints.outputs['ParsedBucket']!, 'readings');
  const files = readdirSync(parsed, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.parquet'));
  assert.equal(files.length, 2);
  rmSync(path.join(parsed, files.sort()[0]!));
  const lost = await run('main', ...span);
  assert.equal(lost.code, 1);
  assert.match(
    lost.stdout,
    /^old-1 .*: 1 readings in the parsed archive, 61 in the raw one; temperature has 1 values instead of 61/m,
  );
  assert.equal(await tidegate.stop(), 0);
});
