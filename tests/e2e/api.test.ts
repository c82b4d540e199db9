// The HTTP API on the real program: callers see what devices do, and only authorised callers are served.

import { afterAll, beforeAll, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import assert from 'node:assert/strict';
import { callApi, type Call, type Keys } from '../../packages/local-cloud/tests/http-api/call-api.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { connectDevice, createDevice, startTidegate, whenClosed, type Tidegate } from './tidegate.ts';

type Json = Record<string, unknown>;

const certs = temporaryFolder();
let tidegate: Tidegate;

beforeAll(async () => {
  tidegate = await startTidegate(temporaryFolder());
  await createDevice(tidegate, 'fridge-1', certs);
});
afterAll(async () => {
  await tidegate.stop();
});

async function call(asked: Call): Promise<{ status: number | undefined; body: Json }> {
  const { status, body } = await callApi(tidegate.endpoints.outputs['ApiUrl']!, asked);
  return { status, body: JSON.parse(body) as Json };
}

const deviceIs = (what: string, isSo: (device: Json) => boolean) =>
  eventually(`fridge-1 ${what}`, async () => {
    const { body } = await call({ path: '/devices/fridge-1' });
    return isSo(body) && body;
  });

function delivered(by: 'mail' | 'sms'): string[] {
  const folder = path.join(tidegate.dataDir, by);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => readFileSync(path.join(folder, file), 'utf8'));
}

async function guest(): Promise<Keys> {
  const ask = async (operation: string, input: object) => {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityService.${operation}`,
    };
    const response = await fetch(tidegate.endpoints.aws, {
      method: 'POST',
      headers,
      body: JSON.stringify(input),
    });
    return (await response.json()) as Record<string, Record<string, string>>;
  };
  const { IdentityId } = await ask('GetId', {
    IdentityPoolId: tidegate.endpoints.outputs['DashboardIdentityPool'],
  });
  const { Credentials } = await ask('GetCredentialsForIdentity', { IdentityId });
  return {
    accessKeyId: Credentials!['AccessKeyId']!,
    secretAccessKey: Credentials!['SecretKey']!,
    sessionToken: Credentials!['SessionToken']!,
  };
}

test('a device that connects, measures and leaves is seen to do so', async () => {
  assert.equal((await call({ path: '/devices/fridge-1' })).status, 404);
  const before = Date.now();
  const client = await connectDevice(tidegate, 'fridge-1', certs);
  const online = await deviceIs('comes', ({ online }) => online === true);
  assert.deepEqual(
    [online['type'], online['groups'], online['attributes']],
    ['sensor', ['Seattle'], { city: 'Seattle' }],
  );
  const start = Math.floor((before - 3_600_000) / 60_000) * 60_000;
  for (const [second, temperature] of [
    [0, 4.1],
    [10, 4.3],
    [59, 5],
    [60, -0.5],
  ] as const) {
    const payload = JSON.stringify({ timestamp: start + second * 1000, temperature });
    await client.publishAsync('telemetry/seattle/fridge-1', payload, { qos: 1 });
  }
  const query = { from: String(start), to: String(start + 120_000), metric: 'temperature', resolution: '1m' };
  const windows = await eventually('two minutes of windows', async () => {
    const { body } = await call({ path: '/devices/fridge-1/windows', query });
    const found = body['windows'] as { readings: number; metrics: Json }[];
    return found.reduce((sum, { readings }) => sum + readings, 0) === 4 && found;
  });
  assert.deepEqual(
    windows.map(({ metrics }) => metrics['temperature']),
    [
      { min: 4.1, max: 5, sum: 13.4, count: 3, mean: 4.466666666666667, last: 5 },
      { min: -0.5, max: -0.5, sum: -0.5, count: 1, mean: -0.5, last: -0.5 },
    ],
  );
  const seen = await deviceIs('is heard', ({ lastSeenAt }) => lastSeenAt !== undefined);
  assert.equal(seen['site'], 'seattle');
  await client.endAsync();
  const offline = await deviceIs('leaves', ({ online }) => online === false);
  assert.equal(offline['disconnectReason'], 'CLIENT_INITIATED_DISCONNECT');
  assert.ok(Number(offline['presenceSince']) >= Number(online['presenceSince']));
});

test('a lost connection is distinguished from one that is taken over', async () => {
  const first = await connectDevice(tidegate, 'fridge-1', certs);
  const closed = whenClosed(first);
  const { presenceSince } = await deviceIs('comes', ({ online }) => online === true);
  const second = await connectDevice(tidegate, 'fridge-1', certs);
  await closed;
  await deviceIs(
    'is there again',
    (device) => device['online'] === true && Number(device['presenceSince']) > Number(presenceSince),
  );
  second.stream.destroy();
  const offline = await deviceIs('is cut off', ({ online }) => online === false);
  assert.equal(offline['disconnectReason'], 'CONNECTION_LOST');
});

test('a wrong signature is refused, and a guest may see devices', async () => {
  const forbidden = { status: 403, body: { message: 'Forbidden' } };
  assert.deepEqual(await call({ keys: null }), forbidden);
  assert.deepEqual(await call({ keys: { accessKeyId: 'local', secretAccessKey: 'guess' } }), forbidden);
  const visitor = await guest();
  const { status, body } = await call({ keys: visitor });
  assert.deepEqual([status, (body['devices'] as Json[]).length], [200, 1]);
  assert.deepEqual(await call({ keys: { ...visitor, secretAccessKey: 'guess' } }), forbidden);
});

test('rules that are put while the stack runs raise alerts of their own, each by its channel alone', async () => {
  const rule = {
    metric: 'humidity',
    stat: 'max',
    levels: [{ severity: 'warning', above: 80, clearBelow: 70 }],
    match: { device: 'fridge-*' },
    channels: ['email'],
  };
  const put = { method: 'PUT', headers: { 'content-type': 'application/json' } };
  const wrong = await call({ ...put, path: '/rules/damp', body: JSON.stringify({ ...rule, stat: 'most' }) });
  assert.equal(wrong.status, 400);
  const right = await call({ ...put, path: '/rules/damp', body: JSON.stringify(rule) });
  const { warnings, ...made } = right.body;
  assert.deepEqual([right.status, made], [200, { id: 'damp', ...rule }]);
  assert.match(
    String(warnings),
    /^The device that matches did not send `humidity` in its last window; the metrics there are: `temperature`/,
  );
  assert.equal((await call({ path: '/rules', keys: await guest() })).status, 403);
  const byText = { ...rule, metric: 'pressure', channels: ['sms'] };
  const second = await call({ ...put, path: '/rules/pressed', body: JSON.stringify(byText) });
  assert.equal(second.status, 200);
  const client = await connectDevice(tidegate, 'fridge-1', certs);
  let sent = 0;
  await eventually(
    'a mail about humidity and an SMS about pressure',
    async () => {
      const payload = JSON.stringify({ humidity: 91, pressure: 92, sent: (sent += 1) });
      await client.publishAsync('telemetry/seattle/fridge-1', payload, { qos: 1 });
      const mailed = delivered('mail').some((mail) => mail.includes('ALARM warning: humidity 91 above 80'));
      return mailed && delivered('sms').some((sms) => sms.includes('pressure 92'));
    },
    45_000, // a function knows a rule after half a minute
  );
  assert.ok(!delivered('mail').some((mail) => mail.includes('pressure')));
  assert.ok(!delivered('sms').some((sms) => sms.includes('humidity')));
  await client.endAsync();
});

test('a field of a rule is changed by a patch, of the state that its tag names', async () => {
  const path = '/rules/temperature-high';
  const { headers } = await callApi(tidegate.endpoints.outputs['ApiUrl']!, { path });
  const etag = String(headers['etag']);
  const asked = {
    ...{ method: 'PATCH', path, body: JSON.stringify({ above: 7.5, channels: ['email'] }) },
    headers: { 'content-type': 'application/merge-patch+json', 'if-match': etag },
  };
  const { status, body } = await call(asked);
  assert.deepEqual(
    [status, body['above'], body['clearBelow'], body['severity'], body['channels']],
    [200, 7.5, 7, 'critical', ['email']],
  );
  assert.equal((await call(asked)).status, 412);
  const removed = await callApi(tidegate.endpoints.outputs['ApiUrl']!, { method: 'DELETE', path });
  assert.equal(removed.status, 204);
  assert.equal((await call({ path })).body['above'], 8);
});

test('a guest with too many requests gets Retry-After, while a user is served', async () => {
  const visitor = await guest();
  let refused: Awaited<ReturnType<typeof callApi>> | undefined;
  for (let asked = 0; asked < 300 && refused === undefined; asked += 1) {
    const answer = await callApi(tidegate.endpoints.outputs['ApiUrl']!, { keys: visitor });
    if (answer.status !== 200) refused = answer;
  }
  assert.ok(refused);
  assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1']);
  assert.match(refused.body, /"detail":"You may make 10 requests a second/);
  assert.equal((await call({})).status, 200);
});

test('the AWS port and the status page have the same address', async () => {
  const { ApiUrl } = tidegate.endpoints.outputs;
  assert.equal(ApiUrl, `${tidegate.endpoints.web}/api`);
  const status = (await (await fetch(`${tidegate.endpoints.web}/status.json`)).json()) as { outputs: Json };
  assert.equal(status.outputs['ApiUrl'], ApiUrl);
  const query = await fetch(tidegate.endpoints.aws, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20261120/us-east-1/cloudformation/aws4_request, SignedHeaders=host, Signature=00',
    },
    body: 'Action=DescribeStacks&Version=2010-05-15',
  });
  assert.match(await query.text(), new RegExp(`<OutputValue>${ApiUrl}</OutputValue>`));
});
