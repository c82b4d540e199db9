// A browser on the real program: identity, credentials, MQTT over WebSocket, and the rights that a login adds.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { GetThingShadowCommand, IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { callApi, type Call } from '../../packages/local-cloud/tests/http-api/call-api.ts';
import { presign } from '../../packages/local-cloud/tests/web/presign.ts';
import { temporaryFolder } from '../support/folders.ts';
import { logIn as logInTo } from '../support/log-in.ts';
import { eventually } from '../support/waiting.ts';
import {
  clientSettings,
  connectDevice,
  createDevice,
  runScript,
  startTidegate,
  type Tidegate,
} from './tidegate.ts';

const dataDir = temporaryFolder();
const certs = temporaryFolder();
const first = 'you@localhost';
let tidegate: Tidegate;

beforeAll(async () => {
  tidegate = await startTidegate(dataDir);
  await createDevice(tidegate, 'fridge-1', certs);
});

afterAll(async () => {
  await tidegate.stop();
});

type Json = Record<string, unknown>;

interface Browser {
  readonly identityId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** As a page of the web port calls: unsigned, with its origin, and only what CORS lets it read. */
async function call(operation: string, input: Json): Promise<Json> {
  const origin = tidegate.endpoints.web;
  const response = await fetch(tidegate.endpoints.aws, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityService.${operation}`,
      ...{ origin, 'sec-fetch-site': 'same-site' },
    },
    body: JSON.stringify(input),
  });
  assert.equal(response.headers.get('access-control-allow-origin'), origin);
  const answer = (await response.json()) as Json;
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer;
}

async function credentialsOf(identityId: unknown, logins: Json = {}): Promise<Browser> {
  const answer = await call('GetCredentialsForIdentity', { IdentityId: identityId, Logins: logins });
  const issued = answer['Credentials'] as Record<string, string>;
  return {
    identityId: String(identityId),
    accessKeyId: issued['AccessKeyId']!,
    secretAccessKey: issued['SecretKey']!,
    sessionToken: issued['SessionToken']!,
  };
}

const poolId = () => tidegate.endpoints.outputs['DashboardIdentityPool'];

async function openGuest(): Promise<Browser> {
  return credentialsOf((await call('GetId', { IdentityPoolId: poolId() }))['IdentityId']);
}

/** The whole way of a page: the login by code and PKCE, an identity by the ID token, credentials for it. */
async function logIn(user: string, password: string): Promise<Browser> {
  const { outputs } = tidegate.endpoints;
  const target = {
    url: outputs['LoginUrl']!,
    clientId: outputs['DashboardClient']!,
    callback: 'http://localhost:8080/',
  };
  const { id_token } = await logInTo(target, user, password);
  const logins = { [`cognito-idp.us-east-1.amazonaws.com/${outputs['DashboardUsers']}`]: id_token };
  const { IdentityId } = await call('GetId', { IdentityPoolId: poolId(), Logins: logins });
  return credentialsOf(IdentityId, logins);
}

const firstPassword = () => readFileSync(path.join(dataDir, 'cognito/password.txt'), 'utf8').trim();

/** Adds a user by the command that people type, and logs in. */
async function member(email: string, ...flags: string[]): Promise<Browser> {
  const { code, stdout, stderr } = await runScript('commands/user.ts', [
    ...['add', email, '--data-dir', dataDir],
    ...flags,
  ]);
  assert.equal(code, 0, stderr);
  return logIn(email, /^password: (\S+)$/m.exec(stdout)![1]!);
}

async function api(keys: Browser, asked: Call): Promise<{ status: number | undefined; body: Json }> {
  const headers = { 'content-type': 'application/json' };
  const { status, body } = await callApi(tidegate.endpoints.outputs['ApiUrl']!, { headers, ...asked, keys });
  return { status, body: (body === '' ? {} : JSON.parse(body)) as Json };
}

async function connect(browser: Browser): Promise<MqttClient> {
  const address = tidegate.endpoints.web.replace('http:', 'ws:');
  const clientId = `dashboard-${browser.identityId}`;
  const url = await presign(address, browser);
  const client = await connectAsync(url, { clientId, reconnectPeriod: 0, connectTimeout: 10_000 }, false);
  client.on('error', () => {}); // a refusal shows as a closed connection
  return client;
}

const logged = (what: string, pattern: RegExp) => eventually(what, () => pattern.test(tidegate.output()));

test('a guest sees the messages of a device and cannot publish', async () => {
  const client = await connect(await openGuest());
  await client.subscribeAsync('telemetry/#', { qos: 1 });
  const heard: string[] = [];
  client.on('message', (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
  const device = await connectDevice(tidegate, 'fridge-1', certs);
  await device.publishAsync('telemetry/seattle/fridge-1', '{"temperature":4.2}', { qos: 1 });
  await eventually('the reading', () => heard.length > 0);
  assert.deepEqual(heard, ['telemetry/seattle/fridge-1 {"temperature":4.2}']);
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  client.publish('telemetry/seattle/fridge-1', '{"temperature":99}', { qos: 1 }, () => {});
  await closed;
  await logged('the reason', /refused.*DashboardGuestRole allows iot:Publish/);
  await device.endAsync();
});

test('an administrator asks for live access, then changes the shadow of a device and sends it a command', async () => {
  const alice = await logIn(first, firstPassword());
  await assert.rejects(connect(alice), /Not authorized/);
  await logged('the reason', /refused.*Cognito identity us-east-1:.* has no policy attached/);
  assert.deepEqual(await api(alice, { method: 'POST', path: '/live-access' }), {
    status: 200,
    body: { identityId: alice.identityId, policies: ['TidegateDashboard'] },
  });
  const lambda = new LambdaClient({ ...clientSettings(tidegate), credentials: alice });
  const other = new InvokeCommand({ FunctionName: tidegate.endpoints.outputs['IngestFunction'] });
  await assert.rejects(lambda.send(other), { name: 'AccessDeniedException' });
  lambda.destroy();

  const client = await connect(alice);
  const desired = JSON.stringify({ state: { desired: { setpoint: 3 } } });
  await client.publishAsync('$aws/things/fridge-1/shadow/update', desired, { qos: 1 });
  const data = new IoTDataPlaneClient(clientSettings(tidegate));
  const shadow = await eventually('the shadow', async () => {
    try {
      return (await data.send(new GetThingShadowCommand({ thingName: 'fridge-1' }))).payload;
    } catch (error) {
      if ((error as Error).name === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  });
  const { state } = JSON.parse(Buffer.from(shadow).toString()) as { state: Json };
  assert.deepEqual(state['desired'], { setpoint: 3 });
  data.destroy();

  const device = await connectDevice(tidegate, 'fridge-1', certs);
  const heard: string[] = [];
  device.on('message', (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
  await device.subscribeAsync('commands/fridge-1/#', { qos: 1 });
  await client.publishAsync('commands/fridge-1/door', 'close', { qos: 1 });
  await eventually('the command', () => heard.length > 0);
  assert.deepEqual(heard, ['commands/fridge-1/door close']);
  await device.endAsync();
  await client.endAsync();
});

test('a viewer reads, an operator also acknowledges, and an administrator also edits rules', async () => {
  const [viewer, operator, admin] = [
    await member('vera@example.com', '--group', 'viewer'),
    await member('otto@example.com', '--group', 'operator'),
    await logIn(first, firstPassword()),
  ];
  const device = await connectDevice(tidegate, 'fridge-1', certs);
  await device.publishAsync('telemetry/seattle/fridge-1', '{"temperature":12}', { qos: 1 });
  await eventually('the alert', async () => {
    const { status, body } = await api(viewer, { path: '/alerts' });
    return status === 200 && (body['alerts'] as Json[]).length > 0;
  });
  const path = '/devices/fridge-1/alerts/temperature-high/acknowledge';
  const acknowledge = { method: 'POST', path, body: '{"comment":"on my way"}' };
  const refused = await api(viewer, acknowledge);
  assert.equal(refused.status, 403);
  assert.match(
    String(refused.body['detail']),
    /needs the group operator or a higher one, and you are in viewer/,
  );
  const { status, body } = await api(operator, acknowledge);
  assert.deepEqual([status, body['state']], [200, 'acknowledged']);
  assert.equal((body['acknowledged'] as Json)['by'], operator.identityId);
  const rule = { method: 'PATCH', path: '/rules/temperature-high', body: '{"comment":"look at the door"}' };
  for (const keys of [viewer, operator])
    assert.deepEqual(await api(keys, rule), { status: 403, body: { message: 'Forbidden' } });
  assert.equal((await api(admin, rule)).status, 200);
  await device.endAsync();
});

test('a user restricted to one site sees and receives only that site', async () => {
  const here = await member('sea@example.com', '--group', 'viewer', '--site', 'seattle');
  const there = await member('oslo@example.com', '--group', 'admin', '--site', 'oslo');
  const namesFor = async (keys: Browser) =>
    ((await api(keys, { path: '/devices' })).body['devices'] as { deviceId: string }[]).map(
      ({ deviceId }) => deviceId,
    );
  assert.deepEqual([await namesFor(here), await namesFor(there)], [['fridge-1'], []]);
  for (const route of ['', '/windows', '/alerts', '/alerts/history', '/rejections']) {
    assert.equal((await api(here, { path: `/devices/fridge-1${route}` })).status, 200, route);
    const { status, body } = await api(there, { path: `/devices/fridge-1${route}` });
    assert.deepEqual(
      [status, body['detail']],
      [404, 'There is no device fridge-1 at your sites, oslo'],
      route,
    );
  }
  assert.deepEqual((await api(there, { path: '/alerts' })).body['alerts'], []);
  assert.equal((await api(there, { path: '/alerts/history' })).status, 403);
  assert.equal((await api(there, { method: 'DELETE', path: '/rules/temperature-high' })).status, 403);
  const { body } = await api(there, { method: 'POST', path: '/live-access' });
  assert.deepEqual([body['sites'], body['policies']], [['oslo'], ['TidegateDashboard-site-oslo']]);
  const client = await connect(there);
  await client.subscribeAsync('telemetry/oslo/#');
  const granted = await client.subscribeAsync('telemetry/#').catch(() => 'refused');
  assert.ok(granted === 'refused' || !client.connected || (granted as { qos: number }[])[0]?.qos === 128);
  await logged('the reason', /refused.*iot:Subscribe.*topicfilter\/telemetry\/#/);
  await client.endAsync(true);
});

test('npm run user lists people, moves them to another group, and removes them', async () => {
  const run = async (...args: string[]) => runScript('commands/user.ts', [...args, '--data-dir', dataDir]);
  const password = /^password: (\S+)$/m.exec(
    (await run('add', 'eve@example.com', '--group', 'viewer')).stdout,
  )![1]!;
  const moved = await run('add', 'Eve@example.com', '--group', 'operator', '--site', 'seattle');
  assert.equal(moved.stdout, 'Eve@example.com: operator, only seattle\n');
  const listed = await run('--format', 'csv');
  assert.match(listed.stdout, /^eve@example\.com,operator,seattle\r?$/m);
  assert.match(listed.stdout, /^you@localhost,admin,all\r?$/m);
  const eve = await logIn('eve@example.com', password);
  assert.equal((await api(eve, { path: '/devices' })).status, 200);
  assert.equal((await run('remove', 'eve@example.com')).code, 0);
  await assert.rejects(
    logIn('eve@example.com', password),
    /401 .*The email address or the password is wrong/s,
  );
  const wrong = await run('add', 'eve@example.com', '--group', 'boss');
  assert.deepEqual([wrong.code, wrong.stderr], [2, '--group boss: must be viewer, operator, admin\n']);
});

test('a changed URL is refused, and the log has the reason', async () => {
  const guest = await openGuest();
  await assert.rejects(connect({ ...guest, secretAccessKey: 'x'.repeat(40) }));
  await logged('the reason', /refused.*the signature does not match/);
});

test('a browser keeps identity and credentials over a restart', async () => {
  const guest = await openGuest();
  await tidegate.stop();
  tidegate = await startTidegate(dataDir);
  const client = await connect(guest);
  await client.subscribeAsync('telemetry/#');
  await client.endAsync();
  assert.equal((await credentialsOf(guest.identityId)).identityId, guest.identityId);
});

test('stops cleanly while a browser is connected', async () => {
  const client = await connect(await openGuest());
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  assert.equal(await tidegate.stop(), 0);
  await closed;
});
