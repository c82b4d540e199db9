// A browser's story on the real program: an identity, credentials, MQTT by WebSocket, and what a login adds to it.
import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { GetThingShadowCommand, IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { connectAsync, type MqttClient } from 'mqtt';
import { presign } from '../../packages/local-cloud/tests/web/presign.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { clientSettings, connectDevice, createDevice, startTidegate, type Tidegate } from './tidegate.ts';

const dataDir = temporaryFolder();
const certs = temporaryFolder();
const own = 'cognito-identity.amazonaws.com';
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
async function call(operation: string, input: Json, authorization?: string): Promise<Json> {
  const origin = tidegate.endpoints.web;
  const response = await fetch(tidegate.endpoints.aws, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityService.${operation}`,
      ...(authorization === undefined ? { origin, 'sec-fetch-site': 'same-site' } : { authorization }),
    },
    body: JSON.stringify(input),
  });
  if (authorization === undefined) assert.equal(response.headers.get('access-control-allow-origin'), origin);
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

async function logIn(user: string): Promise<Browser> {
  const scope = '20261120/us-east-1/cognito-identity/aws4_request';
  const { IdentityId, Token } = await call(
    'GetOpenIdTokenForDeveloperIdentity',
    { IdentityPoolId: poolId(), Logins: { 'login.tidegate': user } },
    `AWS4-HMAC-SHA256 Credential=local/${scope}, SignedHeaders=host, Signature=00`,
  );
  return credentialsOf(IdentityId, { [own]: Token });
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

test('a guest sees what a device publishes, and publishes nothing', async () => {
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

test('a user asks for the policy, then changes the shadow of a device and sends it a command', async () => {
  const alice = await logIn('alice');
  await assert.rejects(connect(alice), /Not authorized/);
  await logged('the reason', /refused.*Cognito identity us-east-1:.* has no policy attached/);

  const lambda = new LambdaClient({ ...clientSettings(tidegate), credentials: alice });
  const FunctionName = tidegate.endpoints.outputs['AttachPolicyFunction'];
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName }));
  assert.deepEqual(JSON.parse(Buffer.from(Payload!).toString()), {
    attached: true,
    identityId: alice.identityId,
    policyName: 'TidegateDashboard',
  });
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

test('a URL that was changed is refused, and the log says why', async () => {
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
