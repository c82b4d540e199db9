// The HTTP API for messages and failures: explaining a message, replays that count once, recipients, and permissions.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ListSubscriptionsByTopicCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { describeRoutes } from '../../http-api/routes.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda, tableVariables } from './lambda.ts';

type Json = Record<string, unknown>;
type Event = Json & { requestContext: { http: object } };

const NOW = Date.now();
const FUNCTION_KEY = (JSON.parse((sampleEvent('api-replay') as { body: string }).body) as { key: string })
  .key;
const REJECTED_KEY = 'rejected/store-1/2026/11/21/late.json';
const message = (traceId: string, more: Json = {}) => ({
  ...{ deviceId: 'store-1', site: 'seattle', receivedAt: NOW, clientId: 'store-1', traceId },
  ...{ timestamp: NOW - 500, temperature: 9.5, door: 'ajar', ...more },
});
const objects = new Map<string, string | Buffer>([
  [
    `errors/${FUNCTION_KEY}`,
    JSON.stringify({
      requestContext: { functionArn: 'arn:aws:lambda:us-east-1:1:function:ingest:$LATEST' },
      requestPayload: message('failed'),
      responsePayload: { errorMessage: 'DynamoDB did not answer' },
    }),
  ],
  [
    `errors/${REJECTED_KEY}`,
    JSON.stringify({
      ...{ deviceId: 'store-1', site: 'seattle', receivedAt: NOW, traceId: 'late' },
      rejected: [{ index: 0, reason: 'too-late', detail: 'late', original: {} }],
    }),
  ],
  [
    `raw/raw/${new Date(NOW).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/')}/s-1-${new Date(NOW).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')}-a.gz`,
    gzipSync(
      [message('other', { deviceId: 'store-2' }), message('late', { timestamp: 1000, temperature: 4 })]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    ),
  ],
]);

let tables: Tables;
let api: (event: unknown) => Promise<{ statusCode: number; body: string }>;
let written: string[];
let isIngestDown = false;

beforeAll(async () => {
  tables = await openTables();
  ({ written } = startLambda({ ...tableVariables, AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint }));
  const s3 = mockClient(S3Client);
  s3.on(PutObjectCommand).resolves({});
  s3.on(GetObjectCommand).callsFake(async ({ Bucket, Key }: { Bucket: string; Key: string }) => {
    const content = objects.get(`${Bucket}/${Key}`);
    if (content === undefined) throw new NoSuchKey({ message: 'no such key', $metadata: {} });
    return {
      Body: {
        transformToByteArray: async () => Buffer.from(content),
        transformToString: async () => String(content),
      },
    };
  });
  s3.on(ListObjectsV2Command).callsFake(
    async ({ Bucket, Prefix, Delimiter }: { Bucket: string; Prefix: string; Delimiter?: string }) => {
      const keys = [...objects.keys()]
        .filter((name) => name.startsWith(`${Bucket}/${Prefix}`))
        .map((name) => name.slice(Bucket.length + 1));
      const below = (key: string) => key.slice(Prefix.length).split(/(?<=\/)/)[0]!;
      const isFolder = (key: string) => Delimiter !== undefined && below(key).endsWith('/');
      return {
        CommonPrefixes: [...new Set(keys.filter(isFolder).map((key) => Prefix + below(key)))].map(
          (folder) => ({
            Prefix: folder,
          }),
        ),
        Contents: keys
          .filter((key) => !isFolder(key))
          .map((Key) => ({ Key, Size: 10, LastModified: new Date(NOW + 2000) })),
      };
    },
  );
  const sns = mockClient(SNSClient);
  sns.on(PublishCommand).resolves({ MessageId: 'm' });
  sns.on(ListSubscriptionsByTopicCommand).resolves({
    Subscriptions: [
      { Protocol: 'email', Endpoint: 'ann@example.com', SubscriptionArn: 'arn:aws:sns:x' },
      { Protocol: 'sms', Endpoint: '+12065550100', SubscriptionArn: 'PendingConfirmation' },
    ],
  });
  const ingest = (await import('../../functions/ingest.ts')).handler;
  mockClient(LambdaClient)
    .on(InvokeCommand)
    .callsFake(async ({ FunctionName, Payload }: { FunctionName: string; Payload: Uint8Array }) => {
      assert.equal(FunctionName, 'ingest');
      const errorMessage = 'still down';
      if (isIngestDown)
        return { FunctionError: 'Unhandled', Payload: Buffer.from(JSON.stringify({ errorMessage })) };
      await ingest(JSON.parse(Buffer.from(Payload).toString()) as never, contextOf('ingest'));
      return { Payload: Buffer.from('null') };
    });
  const { handler } = await import('../../functions/api.ts');
  api = (event) => handler(event as never, contextOf('api')) as ReturnType<typeof api>;
});
afterAll(() => tables.close());

/** What an administrator is answered, which keeps what the description promises. */
async function ask(
  method: string,
  path: string,
  query = '',
  body?: Json,
): Promise<{ status: number; body: Json }> {
  const event = sampleEvent('api-replay') as Event;
  const { statusCode, body: text } = await api({
    ...event,
    ...{ rawPath: path, rawQueryString: query, routeKey: `${method} ${path}` },
    body: body && JSON.stringify(body),
    requestContext: { ...event.requestContext, http: { ...event.requestContext.http, method, path } },
  });
  const found = JSON.parse(text) as Json;
  const template = path.replace(/^\/devices\/[^/]+/, '/devices/{deviceId}');
  const route = describeRoutes().find((each) => each.path === template && each.method === method)!;
  if (statusCode === 200) route.answer.parse(found);
  return { status: statusCode, body: found };
}

const entry = (key: string) => ask('GET', '/errors/entry', `key=${encodeURIComponent(key)}`);
const countedIn = ({ body }: { body: Json }) =>
  (body['messages'] as { readings: { counted: string }[] }[]).map(({ readings }) =>
    readings.map(({ counted }) => counted),
  );

test('the errors bucket is listed with reasons, of all kinds or of one, or of one device', async () => {
  const { body } = await ask('GET', '/errors');
  const failures = body['failures'] as { key: string; reasons: string[]; canReplay: boolean }[];
  assert.deepEqual(
    failures
      .map(({ key, reasons, canReplay }) => [key, reasons, canReplay])
      .sort(([a], [b]) => String(a).localeCompare(String(b))),
    [
      [FUNCTION_KEY, ['ingest: DynamoDB did not answer'], true],
      [REJECTED_KEY, ['reading 0: too-late: late'], true],
    ],
  );
  assert.deepEqual([body['total'], body['isWhole']], [2, true]);
  assert.equal((await ask('GET', '/errors', 'kind=rule')).body['total'], 0);
  assert.equal((await ask('GET', '/errors', 'device=store-1')).body['total'], 1);
  assert.equal((await ask('GET', '/errors', 'device=store-2')).body['total'], 0);
});

test('a replay is counted once, however often it is repeated, and reports what still fails', async () => {
  isIngestDown = true;
  const replay = () => api(sampleEvent('api-replay')).then(({ body }) => JSON.parse(body) as Json);
  assert.deepEqual(await replay(), { replayed: 0, failed: [{ index: 0, error: 'still down' }] });
  assert.deepEqual(countedIn(await entry(FUNCTION_KEY)), [['absent']]);
  isIngestDown = false;
  for (let times = 0; times < 2; times += 1) assert.deepEqual(await replay(), { replayed: 1, failed: [] });
  const found = await entry(FUNCTION_KEY);
  assert.deepEqual(countedIn(found), [['counted']]);
  const [followed] = found.body['messages'] as {
    alerts: { what: string; sentAt?: number }[];
    skipped: Json[];
  }[];
  assert.deepEqual(
    followed!.alerts.map(({ what, sentAt }) => [what, Number(sentAt) >= NOW]),
    [['raised', true]],
  );
  assert.deepEqual(followed!.skipped, [{ name: 'door', reason: 'text' }]);
  assert.ok(written.some((line) => line.includes('"MessagesReplayed":1')));
});

test('a rejected message is replayed from the archive and is rejected again for the same reason', async () => {
  const { body } = await ask('POST', '/errors/replay', '', { key: REJECTED_KEY });
  assert.deepEqual(body, { replayed: 1, failed: [] });
  const found = await entry(REJECTED_KEY);
  const [{ rejected, traceId }] = found.body['messages'] as [{ rejected: Json[]; traceId: string }];
  assert.deepEqual([traceId, rejected[0]!['reason']], ['late', 'too-late']);
});

test('a missing object or an invalid key is reported', async () => {
  const gone = 'rejected/store-1/2026/11/21/gone.json';
  assert.equal((await entry(gone)).status, 404);
  assert.equal((await ask('POST', '/errors/replay', '', { key: gone })).status, 404);
  assert.equal((await ask('POST', '/errors/replay', '', { key: 'raw/x' })).status, 400);
  objects.set(
    'errors/rules/PresenceRule/x/1790000000000-1.json',
    JSON.stringify({ ruleName: 'PresenceRule' }),
  );
  const refused = await ask('POST', '/errors/replay', '', {
    key: 'rules/PresenceRule/x/1790000000000-1.json',
  });
  assert.equal(refused.status, 409);
  assert.match(String(refused.body['detail']), /does not handle readings/);
});

test('the last messages of a device come from the archive, by trace ID too', async () => {
  const path = '/devices/store-1/messages';
  const { body } = await ask('GET', path);
  const [last] = body['messages'] as {
    traceId: string;
    archive: { key: string; storedAt: number };
    payload: string;
  }[];
  assert.equal(body['seen'], 2);
  assert.deepEqual([last!.traceId, last!.archive.storedAt], ['late', NOW + 2000]);
  assert.deepEqual(JSON.parse(last!.payload), { timestamp: 1000, temperature: 4, door: 'ajar' });
  assert.deepEqual((await ask('GET', path, 'traceId=none')).body['messages'], []);
  assert.equal(((await ask('GET', path, `traceId=late&before=${NOW + 1}`)).body['messages'] as []).length, 1);
  assert.deepEqual((await ask('GET', path, `before=${NOW}`)).body['messages'], []);
});

test('a payload is explained as ingest would read it, and only for its own device', async () => {
  const payload = Buffer.from(JSON.stringify({ timestamp: NOW - 500, temperature: 9.5 })).toString('base64');
  const explain = (topic: string) =>
    ask('POST', '/devices/store-1/messages/explain', '', { topic, payload, receivedAt: NOW });
  const { body } = await explain('telemetry/seattle/store-1');
  const [reading] = body['readings'] as Json[];
  // The replay above has counted the same reading: its identity is its own time and values.
  assert.deepEqual([reading!['counted'], reading!['isOwnTime']], ['counted', true]);
  assert.ok((body['judged'] as string[]).includes('temperature-high judges temperature of store-1'));
  for (const topic of ['telemetry/seattle/store-2', 'other/seattle/store-1', 'telemetry/seattle'])
    assert.equal((await explain(topic)).status, 400);
});

test('an administrator sees the recipients in full', async () => {
  assert.deepEqual((await ask('GET', '/recipients')).body, {
    recipients: [
      { channel: 'email', address: 'ann@example.com', isConfirmed: true },
      { channel: 'sms', address: '+12065550100', isConfirmed: false },
    ],
  });
});
