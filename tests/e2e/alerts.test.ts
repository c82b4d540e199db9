// What nobody publishes, on the real program: a device that leaves is told of, once, and again when it is back for good.
import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { callApi } from '../../packages/local-cloud/tests/http-api/call-api.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { clientSettings, connectDevice, createDevice, startTidegate, type Tidegate } from './tidegate.ts';

type Json = Record<string, unknown>;

const certs = temporaryFolder();
let tidegate: Tidegate;
let lambda: LambdaClient;

beforeAll(async () => {
  tidegate = await startTidegate(temporaryFolder());
  lambda = new LambdaClient(clientSettings(tidegate));
  await createDevice(tidegate, 'fridge-1', certs);
});
afterAll(async () => {
  lambda.destroy();
  await tidegate.stop();
});

async function call(method: string, asked: string, body?: unknown): Promise<Json> {
  const [place = '', query = ''] = asked.split('?');
  const answer = await callApi(tidegate.endpoints.outputs['ApiUrl']!, {
    method,
    path: place,
    query: Object.fromEntries(new URLSearchParams(query)),
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  assert.ok((answer.status ?? 0) < 300, `${method} ${asked}: ${answer.body}`);
  return (answer.body === '' ? {} : JSON.parse(answer.body)) as Json;
}

/** Does now what is done every minute. */
async function sweep(): Promise<void> {
  const FunctionName = tidegate.endpoints.outputs['SweepFunction']!;
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName }));
  assert.equal(FunctionError, undefined);
}

/** First lines of the mails so far, oldest first. */
function mailed(): string[] {
  const folder = path.join(tidegate.dataDir, 'mail');
  if (!existsSync(folder)) return [];
  const mails = readdirSync(folder).toSorted((a, b) => (a < b ? -1 : 1));
  return mails.map(
    (file) => /\r?\n\r?\n([^\r\n]*)/.exec(readFileSync(path.join(folder, file), 'utf8'))?.[1] ?? '',
  );
}

const whatOf = (history: Json) => (history['entries'] as { what: string }[]).map(({ what }) => what);

test('a device that goes is told of once, also when it comes and goes, and once more when it is back', async () => {
  const put = call('PUT', '/rules/gone', {
    offlineFor: '10s',
    severity: 'minor',
    match: { group: 'Seattle' },
  });
  assert.deepEqual((await put)['offlineFor'], '10s');
  const first = await connectDevice(tidegate, 'fridge-1', certs);
  await first.publishAsync('telemetry/seattle/fridge-1', JSON.stringify({ temperature: 4 }), { qos: 1 });
  await first.endAsync();
  await eventually(
    'the mail that it is offline',
    async () => {
      await sweep();
      return mailed().some((line) => /^ALARM: offline for \d+s$/.test(line));
    },
    60_000,
  );
  const again = await connectDevice(tidegate, 'fridge-1', certs);
  await sweep();
  await again.endAsync();
  await sweep();
  const standing = (await call('GET', '/alerts'))['alerts'] as Json[];
  assert.deepEqual(
    standing.map(({ ruleId, state, severity }) => [ruleId, state, severity]),
    [['gone', 'alarm', 'minor']],
  );
  const back = await connectDevice(tidegate, 'fridge-1', certs);
  await eventually(
    'the mail that it is back',
    async () => {
      await sweep();
      return mailed().some((line) => line.startsWith('OK: online again after'));
    },
    60_000,
  );
  await back.endAsync();
  assert.equal(mailed().length, 2);
  assert.deepEqual(whatOf(await call('GET', '/devices/fridge-1/alerts/history')), ['cleared', 'raised']);
});

test('a dry run tells of what was published a moment ago', async () => {
  const client = await connectDevice(tidegate, 'fridge-1', certs);
  const timestamp = Date.now() - 60_000;
  await client.publishAsync('telemetry/seattle/fridge-1', JSON.stringify({ timestamp, temperature: 7.5 }), {
    qos: 1,
  });
  await client.endAsync();
  const found = await eventually('the alert that would have been', async () => {
    const { notifications } = await call('POST', '/rules/warm/dry-run?hours=1', {
      metric: 'temperature',
      above: 7,
    });
    return (notifications as Json[]).find(({ transition }) => transition === 'raised');
  });
  assert.deepEqual([found['deviceId'], found['value'], found['limit']], ['fridge-1', '7.5', '7']);
});

test('a rule that is removed ends its alarm, and that is told', async () => {
  await eventually(
    'another mail that it is offline',
    async () => {
      await sweep();
      return mailed().filter((line) => line.startsWith('ALARM: offline')).length === 2;
    },
    60_000,
  );
  await call('DELETE', '/rules/gone');
  await eventually('the mail that it ended', async () => {
    await sweep();
    return mailed().some((line) => line.startsWith('ENDED: offline for'));
  });
  assert.deepEqual((await call('GET', '/alerts'))['alerts'], []);
  const count = mailed().length;
  await sweep();
  assert.equal(mailed().length, count);
});
