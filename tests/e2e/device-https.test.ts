// A device that publishes over HTTPS with its certificate, on the MQTT port, within its policies and without affecting MQTT.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  IoTClient,
  ListThingPrincipalsCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { isInstalled, testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  clientSettings,
  connectDevice,
  createDevice,
  queryWindows,
  startTidegate,
  type Tidegate,
} from './tidegate.ts';

const keys = temporaryFolder();
let tidegate: Tidegate;
let iot: IoTClient;
let certificateArn: string;

const arn = (resource: string) => `arn:aws:iot:us-east-1:000000000000:${resource}`;
/** HTTPS has no client ID, so the device's own policy, which asks for it, allows nothing here. */
const policy = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'iot:Publish', Resource: arn('topic/telemetry/seattle/h1') },
    { Effect: 'Allow', Action: 'iot:Publish', Resource: arn('topic/state/h1') },
    {
      Effect: 'Allow',
      Action: ['iot:RetainPublish', 'iot:GetRetainedMessage'],
      Resource: arn('topic/state/h1'),
    },
    { Effect: 'Allow', Action: ['iot:GetThingShadow', 'iot:UpdateThingShadow'], Resource: arn('thing/h1') },
    { Effect: 'Allow', Action: 'iot:UpdateThingShadow', Resource: arn('thing/h1/config') },
  ],
};

beforeAll(async () => {
  tidegate = await startTidegate(temporaryFolder());
  await createDevice(tidegate, 'h1', keys);
  iot = new IoTClient(clientSettings(tidegate));
  const { principals = [] } = await iot.send(new ListThingPrincipalsCommand({ thingName: 'h1' }));
  certificateArn = principals[0]!;
});
afterAll(async () => {
  iot.destroy();
  assert.equal(await tidegate.stop(), 0);
});

const file = (name: string) => readFileSync(path.join(keys, name));

function call(method: string, target: string, body = '', more: object = {}) {
  const { hostname, port } = new URL(tidegate.endpoints.mqtt);
  const identity = { ca: file('ca.pem'), cert: file('h1.cert.pem'), key: file('h1.key.pem') };
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const where = { hostname, port, method, path: target, agent: false };
    const sent = request({ ...where, ...identity, ...more }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode!, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test("a page that uses its browser's certificate is refused under any policy", async () => {
  const publish = (headers: object) => call('POST', '/topics/telemetry/seattle/h1?qos=1', '{}', { headers });
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    const { status, body } = await publish(headers);
    assert.equal(status, 403);
    assert.match(body, /^\{.*AccessDenied.* are not served here: only programs/);
  }
});

test('without a policy that allows it, the request is refused, and the log has the reason', async () => {
  assert.equal((await call('POST', '/topics/telemetry/seattle/h1?qos=1', '{"temperature":4}')).status, 403);
  assert.match(
    tidegate.output(),
    /"action":"iot:Publish","resource":"topic\/telemetry\/seattle\/h1","reason":"no policy of certificate [0-9a-f]{12}\.\.\. allows/,
  );
  const policyDocument = JSON.stringify(policy);
  await iot.send(new CreatePolicyCommand({ policyName: 'Https', policyDocument }));
  await iot.send(new AttachPolicyCommand({ policyName: 'Https', target: certificateArn }));
});

const state = JSON.stringify({ state: { reported: { a: 1 } } });
const calls: readonly (readonly [string, string, string, number, RegExp])[] = [
  ['POST', '/topics/telemetry/seattle/h1?qos=1', '{"temperature":4}', 200, /"message":"OK"/],
  ['POST', '/topics/telemetry%2Fseattle%2Fh1?qos=1', '{"temperature":5}', 200, /"message":"OK"/],
  ['POST', '/topics/telemetry/seattle/h2?qos=1', '{"temperature":4}', 403, /Forbidden/],
  ['POST', '/topics/telemetry/seattle/h1?qos=1&retain=true', '{"temperature":4}', 403, /Forbidden/],
  ['POST', '/topics/telemetry/seattle/h1?qos=2', '{"temperature":4}', 400, /qos must be 0 or 1/],
  ['POST', '/topics/state/h1?qos=1&retain=true', 'kept', 200, /"message":"OK"/],
  ['GET', '/retainedMessage/state%2Fh1', '', 200, /"payload":"a2VwdA=="/],
  ['GET', '/retainedMessage', '', 403, /Forbidden/],
  ['POST', '/things/h1/shadow', state, 200, /"version":1/],
  ['GET', '/things/h1/shadow', '', 200, /"reported":\{"a":1\}/],
  ['POST', '/things/h1/shadow?name=config', state, 200, /"version":1/],
  ['GET', '/things/h1/shadow?name=config', '', 403, /Forbidden/],
  ['GET', '/things/h2/shadow', '', 403, /Forbidden/],
  ['DELETE', '/things/h1/shadow', '', 403, /Forbidden/],
  ['GET', '/connections/h1', '', 403, /Forbidden/],
  ['DELETE', '/connections/h1', '', 403, /Forbidden/],
  ['GET', '/things', '', 501, /not supported/],
  ['POST', '/topics/state/h1', 'x'.repeat(131_073), 413, /larger than/],
];
for (const [method, target, body, status, expected] of calls) {
  test(`${method} ${target} with ${body.length} bytes is answered with ${status}`, async () => {
    const answer = await call(method, target, body);
    assert.equal(answer.status, status, answer.body);
    assert.match(answer.body, expected);
  });
}

test('published messages count in windows, and a device on MQTT is not affected', async () => {
  const device = await connectDevice(tidegate, 'h1', keys);
  await device.publishAsync('telemetry/seattle/h1', '{"temperature":6}', { qos: 1 });
  const readings = async () =>
    (await queryWindows(tidegate, 'h1')).reduce((sum, { readings: count }) => sum + Number(count?.N), 0);
  await eventually('three readings', async () => (await readings()) === 3);
  await device.endAsync();
});

test('AWS’s name for HTTP in ALPN is known, and one for MQTT means MQTT', async () => {
  const http = await call('GET', '/things/h1/shadow', '', { ALPNProtocols: ['x-amzn-http-ca'] });
  assert.equal(http.status, 200);
  await assert.rejects(call('GET', '/things/h1/shadow', '', { ALPNProtocols: ['x-amzn-mqtt-ca'] }));
});

testIf(isInstalled('curl'), 'curl is not installed')('curl publishes as AWS’s guide shows it', async () => {
  const { port } = new URL(tidegate.endpoints.mqtt);
  const files = ['--cacert', 'ca.pem', '--cert', 'h1.cert.pem', '--key', 'h1.key.pem'];
  const url = `https://localhost:${port}/topics/telemetry/seattle/h1?qos=1`;
  const data = ['--request', 'POST', '--data', '{"temperature": 4}', url];
  const { stdout } = await promisify(execFile)('curl', ['-s', '--tlsv1.2', ...files, ...data], { cwd: keys });
  assert.match(stdout, /"message":"OK"/);
});

test('HTTPS without a certificate fails, and a revoked certificate is refused', async () => {
  await assert.rejects(call('GET', '/things/h1/shadow', '', { cert: undefined, key: undefined }));
  const agent = new Agent({ keepAlive: true });
  assert.equal((await call('GET', '/things/h1/shadow', '', { agent })).status, 200);
  const certificateId = certificateArn.split('/')[1]!;
  await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' }));
  assert.equal((await call('GET', '/things/h1/shadow', '', { agent })).status, 403);
  agent.destroy();
  await assert.rejects(call('GET', '/things/h1/shadow'));
});
