// The tutorial on custom authorizers, typed step by step: signed tokens over HTTPS, user name and password over MQTT.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import path from 'node:path';
import {
  CreateAuthorizerCommand,
  DeleteAuthorizerCommand,
  DescribeAuthorizerCommand,
  IoTClient,
  ListAuthorizersCommand,
  SetDefaultAuthorizerCommand,
  TestInvokeAuthorizerCommand,
  UpdateAuthorizerCommand,
} from '@aws-sdk/client-iot';
import { connect as connectMqtt, type MqttClient } from 'mqtt';
import { credentials, startSample, type Running } from './stack.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const FIRST_KEY = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const token = 'tokenKeyValue';
const tokenSignature = createSign('RSA-SHA256').update(token).sign(privateKey, 'base64');
const authorizerFunctionArn = 'arn:aws:lambda:us-east-1:000000000000:function:custom-auth-function';

let running: Running;
let iot: IoTClient;
let ca: Buffer;

beforeAll(async () => {
  running = await startSample({ folder: 'authorizer' });
  iot = new IoTClient({ region: 'us-east-1', endpoint: running.stack.endpoints.aws, credentials });
  ca = readFileSync(path.join(running.dataDir, 'iot/ca.pem'));
  await iot.send(
    new CreateAuthorizerCommand({
      ...{ authorizerName: 'my-new-authorizer', authorizerFunctionArn, status: 'ACTIVE' },
      ...{ tokenKeyName: 'tokenKeyName', tokenSigningPublicKeys: { FIRST_KEY } },
    }),
  );
  await iot.send(
    new CreateAuthorizerCommand({
      ...{ authorizerName: 'passwords', authorizerFunctionArn, status: 'ACTIVE', signingDisabled: true },
    }),
  );
});
afterAll(async () => {
  iot.destroy();
  await running.stop();
});

/** Rejects where the connection is closed before CONNACK. */
function connect(username: string, password: string, clientId = 'myClientName'): Promise<MqttClient> {
  const client = connectMqtt(running.stack.endpoints.mqtt, {
    ...{ ca, username, password, clientId, reconnectPeriod: 0 },
    ALPNProtocols: ['mqtt'],
  });
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('close', () => reject(new Error('closed')));
    client.once('error', reject);
  });
}

const logged = () => JSON.stringify(running.log.lines);

const invocations = () => logged().split('signatureVerified').length;

/** Publishes as the tutorial does in Postman. @returns the status of the answer */
function post(headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const url = new URL('/topics/customauthtesting/devicedata?qos=1', running.stack.endpoints.mqtt);
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: url.port, path: url.pathname + url.search, ca };
    const sent = request({ ...options, method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject);
    sent.end(JSON.stringify({ payload: 'hello' }));
  });
}

const toTest = (parameters: Partial<ConstructorParameters<typeof TestInvokeAuthorizerCommand>[0]>) =>
  iot.send(new TestInvokeAuthorizerCommand({ authorizerName: 'my-new-authorizer', ...parameters }));

test('testing an authorizer with a signed token', async () => {
  const answer = await toTest({ token, tokenSignature });
  assert.equal(answer.isAuthenticated, true);
  assert.equal(answer.principalId, 'principalId');
  assert.equal(answer.disconnectAfterInSeconds, 300);
  assert.equal(JSON.parse(answer.policyDocuments![0]!).Version, '2012-10-17');
});

test('a signature of another key, named without asking the function', async () => {
  const before = invocations();
  await assert.rejects(toTest({ token, tokenSignature: 'AAAA' }), /signature is of no key of authorizer/);
  assert.equal(invocations(), before);
});

test('publishing over HTTPS with token and signature in headers', async () => {
  const subscriber = await connect('me?x-amz-customauthorizer-name=passwords', 'test', 'subscriber');
  await subscriber.subscribeAsync('customauthtesting/devicedata');
  const message = new Promise<string>((resolve) => {
    subscriber.once('message', (_topic, payload) => resolve(payload.toString()));
  });
  const status = await post({
    'x-amz-customauthorizer-name': 'my-new-authorizer',
    'x-amz-customauthorizer-signature': tokenSignature,
    tokenKeyName: token,
  });
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(await message), { payload: 'hello' });
  await subscriber.endAsync();
});

test('an HTTPS request without a token', async () => {
  assert.equal(await post({ 'x-amz-customauthorizer-name': 'my-new-authorizer' }), 403);
});

test('what the policies of the answer do not allow', async () => {
  const client = await connect('me?x-amz-customauthorizer-name=passwords', 'test');
  await assert.rejects(client.subscribeAsync('elsewhere/#'), /Connection closed/);
  assert.match(logged(), /no policy of principal principalId allows iot:Subscribe on topicfilter.elsewhere/);
});

test('a wrong password', async () => {
  await assert.rejects(connect('me?x-amz-customauthorizer-name=passwords', 'wrong'));
  assert.match(logged(), /its function did not authenticate the client/);
});

test('the default authorizer for a client that names none', async () => {
  await assert.rejects(connect('me', 'test'));
  await iot.send(new SetDefaultAuthorizerCommand({ authorizerName: 'passwords' }));
  const client = await connect('me', 'test');
  await client.publishAsync('customauthtesting/x', 'y', { qos: 1 });
  await client.endAsync();
});

test('an authorizer that is switched off, and deleted', async () => {
  const authorizerName = 'my-new-authorizer';
  await assert.rejects(
    iot.send(new DeleteAuthorizerCommand({ authorizerName })),
    /set its status to INACTIVE/,
  );
  await iot.send(new UpdateAuthorizerCommand({ authorizerName, status: 'INACTIVE' }));
  const { authorizerDescription } = await iot.send(new DescribeAuthorizerCommand({ authorizerName }));
  assert.equal(authorizerDescription?.status, 'INACTIVE');
  assert.equal(await post({ 'x-amz-customauthorizer-name': authorizerName, tokenKeyName: token }), 403);
  await iot.send(new DeleteAuthorizerCommand({ authorizerName }));
  const { authorizers } = await iot.send(new ListAuthorizersCommand({}));
  assert.deepEqual(
    authorizers?.map((each) => each.authorizerName),
    ['passwords'],
  );
});
