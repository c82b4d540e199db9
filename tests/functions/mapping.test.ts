// A mapping that changes between messages: both ingest modes and the audit read each message by the version valid then.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { createMappingStore } from '../../adapters/mapping-store.ts';
import { audit } from '../../audit/audit.ts';
import type { AuditOptions } from '../../audit/options.ts';
import { rebuild } from '../../audit/rebuild.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { temporaryFolder } from '../support/folders.ts';
import { contextOf, startLambda, tableVariables } from './lambda.ts';

type Json = Record<string, unknown>;

/** A window of today, so that it has not expired. */
const START = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000;
const s3 = mockClient(S3Client);

let tables: Tables;
let ingest: (event: Json) => Promise<void>;
let ingestStream: (events: readonly Json[]) => Promise<unknown>;
beforeAll(async () => {
  tables = await openTables();
  startLambda({ ...tableVariables, AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint });
  s3.on(PutObjectCommand).resolves({});
  mockClient(SNSClient).on(PublishCommand).resolves({ MessageId: 'm1' });
  await putMappings();
  const direct = await import('../../functions/ingest.ts');
  const stream = await import('../../functions/ingest-stream.ts');
  ingest = (event) => direct.handler(event, contextOf('ingest'));
  ingestStream = (events) => {
    const Records = events.map((event, n) => ({
      kinesis: { sequenceNumber: String(n), data: Buffer.from(JSON.stringify(event)).toString('base64') },
    }));
    return stream.handler({ Records } as never, contextOf('ingest-stream'));
  };
});
afterAll(() => tables.close());

/** Six messages, ten seconds apart, of which the mapping reads four, by two versions. */
const messagesOf = (deviceId: string): Json[] =>
  Array.from({ length: 6 }, (_, n) => ({
    ...{ t: 40 + n, deviceId, site: 'seattle', receivedAt: START + n * 10_000, traceId: `${deviceId}-${n}` },
  }));

async function putMappings(): Promise<void> {
  const store = createMappingStore({ client: tables.client, table: 'rules' });
  const match = { type: 'lora' };
  const versions = [
    { expression: '{"temperature": t / 10, "child": "probe"}' },
    { expression: '{"temperature": t / 10 + 100, "child": "probe"}' },
    { expression: '$', enabled: false },
  ];
  for (const [n, version] of versions.entries())
    await store.append({ id: 'lora', match, from: START + 10_000 + n * 20_000, ...version });
  await store.append({ id: 'broken', from: 1, match: { device: 'broken' }, expression: '{"t": t + "x"}' });
}

const mappings = { rulesTable: 'rules', devicesTable: 'devices' };
const settings = { windowSeconds: 10, maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };

function archiveOf(messages: readonly Json[]): string {
  const archive = path.join(temporaryFolder(), 'archive');
  writeFileSync(archive, messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  return archive;
}

const clientSettings = () => ({
  endpoint: tables.endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

/** Whether the table agrees with an archive of these messages, and the audit's output. */
async function auditOf(messages: readonly Json[], changes: Partial<AuditOptions> = {}) {
  const announced: string[] = [];
  const options = {
    ...{ paths: [archiveOf(messages)], table: 'windows', mappings, ...settings },
    client: clientSettings(),
    ...changes,
  };
  return { agrees: await audit(options, (line) => announced.push(line)), announced };
}

test('direct, by the stream and out of the archive, the mapping is the one that held when the message arrived', async () => {
  for (const deviceId of ['direct', 'stream']) {
    const registry = { type: { S: 'lora' }, attributes: { M: {} } };
    const Item = { deviceId: { S: deviceId }, ...registry };
    await tables.client.send(new PutItemCommand({ TableName: 'devices', Item }));
  }

  for (const event of messagesOf('direct')) await ingest(event);
  await ingestStream(messagesOf('stream'));
  for (const gateway of ['direct', 'stream']) {
    const found: (string | undefined)[] = [];
    for (const n of [0, 1, 2, 3, 4, 5]) {
      const isMapped = n >= 1 && n <= 4;
      const item = await tables.item('windows', {
        deviceId: { S: isMapped ? `${gateway}:probe` : gateway },
        windowStart: { N: String(START + n * 10_000) },
      });
      found.push(item?.[isMapped ? 'temperature.max' : 't.max']?.N);
    }
    assert.deepEqual(found, ['40', '4.1', '4.2', '104.3', '104.4', '45']);
  }

  const messages = ['direct', 'stream'].flatMap(messagesOf);
  assert.deepEqual(await auditOf(messages), {
    agrees: true,
    announced: ['12 lines in 1 files: 12 readings', '12 windows compared, 0 differ; devices: 4'],
  });
  const { agrees } = await auditOf(messages, { mappings: undefined });
  assert.equal(agrees, false, 'without its mappings the archive says something else');

  const target = { table: 'rebuilt', retentionDays: 30, isDryRun: false };
  const silent = { say: () => {}, progress: () => {} };
  await rebuild(
    { ...target, ...settings, paths: [archiveOf(messages)], mappings, client: clientSettings() },
    silent,
  );
  assert.equal((await auditOf(messages, { table: 'rebuilt' })).agrees, true, 'windows that are made anew');
});

test('a message whose mapping fails is stored, and no format reads it', async () => {
  s3.resetHistory();
  const [broken, fine] = ['broken', 'fine'].map((deviceId) => messagesOf(deviceId)[0]!);
  await ingest(broken!);
  await ingest(fine!);
  const kept = s3.commandCalls(PutObjectCommand).map(({ args }) => args[0].input.Body as string);
  assert.equal(kept.length, 1);
  assert.match(kept[0]!, /"mapping-failed".*mapping broken: The right side of the/);
  assert.deepEqual(await auditOf([broken!, fine!]), {
    agrees: true,
    announced: [
      '2 lines in 1 files: 1 readings, 1 rejected: mapping-failed',
      '1 windows compared, 0 differ; devices: 1',
    ],
  });
});
