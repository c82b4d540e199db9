// A fleet by claim, rotation without downtime, and revocation of connections that are open: against the real program.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { DetachPolicyCommand, IoTClient } from '@aws-sdk/client-iot';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  clientSettings,
  connectDevice,
  connectOnce,
  createDevice,
  queryWindows,
  runScript,
  startTidegate,
  whenClosed,
  type Tidegate,
} from './tidegate.ts';

const dataDir = temporaryFolder();
const factory = temporaryFolder();
const certs = temporaryFolder();
let tidegate: Tidegate;

const device = (...args: string[]) =>
  runScript('device-sim/device.ts', [...args, '--local', '--data-dir', dataDir]);
const claimFiles = () => ['--claim-cert', path.join(factory, 'claim.cert.pem')];

async function succeed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await device(...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await device(...args);
  assert.equal(code, 1);
  assert.equal(stderr.trimEnd().includes('\n'), false, stderr);
  return stderr;
}

const asClaim = (clientId: string) =>
  connectOnce(tidegate, {
    clientId,
    ca: readFileSync(path.join(factory, 'ca.pem')),
    cert: readFileSync(path.join(factory, 'claim.cert.pem')),
    key: readFileSync(path.join(factory, 'claim.key.pem')),
  });

const logged = (what: string, pattern: RegExp) => eventually(what, () => pattern.test(tidegate.output()));

beforeAll(async () => {
  tidegate = await startTidegate(dataDir);
  await succeed('claim', '--out', factory);
});

afterAll(async () => {
  await tidegate.stop();
});

test('a device with a claim gets a thing and a certificate for its own key, and publishes', async () => {
  const said = await succeed('provision', 'tg-000001', ...claimFiles(), '--out', certs);
  assert.match(said, /thing +tg-000001, connected once with its own certificate/);
  assert.match(said, /configuration +\{"group":"Seattle"\}/);
  assert.match(said, /-t telemetry\/seattle\/tg-000001 /);
  assert.equal(statSync(path.join(certs, 'tg-000001.key.pem')).mode & 0o777, 0o600);
  assert.match(await succeed('list'), /^tg-000001 {2}sensor {2}Seattle {2}provisioned=claim {2}\w+ ACTIVE$/m);
  const client = await connectDevice(tidegate, 'tg-000001', certs);
  await client.publishAsync('telemetry/seattle/tg-000001', '{"temperature":4}', { qos: 1 });
  await eventually('its window', async () => (await queryWindows(tidegate, 'tg-000001')).length > 0);
  await client.endAsync();
  await logged('who was provisioned', /device provisioned.*tg-000001/);
});

test('the hook refuses a serial number in a wrong format, and only the key remains', async () => {
  const said = await refused('provision', 'store-1', ...claimFiles(), '--out', certs);
  assert.match(said, /AccessDenied: the pre-provisioning hook did not allow it/);
  assert.equal(existsSync(path.join(certs, 'store-1.cert.pem')), false);
  assert.doesNotMatch(await succeed('list'), /store-1/);
  const hookLog = path.join(dataDir, 'logs/ProvisionHookFunction.log');
  await eventually('the reason in its log', () =>
    /does not match the pattern/.test(readFileSync(hookLog, 'utf8')),
  );
});

test('a claim cannot take over a device that is at work', async () => {
  const elsewhere = temporaryFolder();
  const said = await refused('provision', 'tg-000001', ...claimFiles(), '--out', elsewhere);
  assert.match(said, /AccessDenied/);
  await assert.rejects(asClaim('tg-000001'));
  await logged('the reason', /refused.*iot:Connect.*client\/tg-000001/);
});

test('a claim can do nothing else', async () => {
  const client = await asClaim('claim-curious');
  client.on('error', () => {});
  const closed = whenClosed(client);
  client.publish('telemetry/seattle/tg-000001', '{"temperature":99}', { qos: 1 }, () => {});
  await closed;
  await logged('the reason', /refused.*claim-curious.*telemetry\/seattle\/tg-000001/);
});

test('a device that lost power during provisioning continues where it was', async () => {
  const out = temporaryFolder();
  await succeed('provision', 'tg-000002', ...claimFiles(), '--out', out);
  const cert = path.join(out, 'tg-000002.cert.pem');
  const again = temporaryFolder();
  copyFileSync(cert, path.join(again, 'tg-000002.cert.pem.new'));
  copyFileSync(path.join(out, 'tg-000002.key.pem'), path.join(again, 'tg-000002.key.pem'));
  await succeed('provision', 'tg-000002', ...claimFiles(), '--out', again);
  assert.deepEqual(readFileSync(path.join(again, 'tg-000002.cert.pem')), readFileSync(cert));
});

test('keys made by the cloud, over MQTT as the AWS device SDKs ask for them', async () => {
  const client = await asClaim('claim-keys');
  const answers = new Map<string, Record<string, string>>();
  client.on('message', (topic, payload) =>
    answers.set(topic, JSON.parse(payload.toString()) as Record<string, string>),
  );
  const ask = async (topic: string, payload: string) => {
    await client.subscribeAsync(`${topic}/+`, { qos: 1 });
    await client.publishAsync(topic, payload, { qos: 1 });
    return eventually(
      'the answer',
      () => answers.get(`${topic}/accepted`) ?? answers.get(`${topic}/rejected`),
    );
  };
  const made = await ask('$aws/certificates/create/json', '');
  const provisioned = await ask(
    '$aws/provisioning-templates/Tidegate/provision/json',
    JSON.stringify({
      certificateOwnershipToken: made['certificateOwnershipToken'],
      parameters: { SerialNumber: 'tg-000003' },
    }),
  );
  assert.equal(provisioned['thingName'], 'tg-000003');
  await client.endAsync();
  const own = await connectOnce(tidegate, {
    clientId: 'tg-000003',
    ca: readFileSync(path.join(factory, 'ca.pem')),
    cert: made['certificatePem']!,
    key: made['privateKey']!,
  });
  await own.endAsync();
});

test('rotation without downtime: both certificates work, and the old connection ends when it is retired', async () => {
  await createDevice(tidegate, 'rotating', certs);
  const old = await connectDevice(tidegate, 'rotating', certs);
  await succeed('rotate', 'rotating', '--out', certs);
  await old.publishAsync('telemetry/seattle/rotating', '{"temperature":4}', { qos: 1 });
  const closed = whenClosed(old);
  const renewed = await connectDevice(tidegate, 'rotating', certs); // takes the client id over
  await closed;
  await renewed.publishAsync('telemetry/seattle/rotating', '{"temperature":5}', { qos: 1 });
  await succeed('rotate', 'rotating', '--retire-old', '--out', certs);
  await renewed.publishAsync('telemetry/seattle/rotating', '{"temperature":6}', { qos: 1 });
  await renewed.endAsync();
});

test('a connection that still uses the retired certificate is closed', async () => {
  await createDevice(tidegate, 'slow', certs);
  const old = await connectDevice(tidegate, 'slow', certs);
  const closed = whenClosed(old);
  await succeed('rotate', 'slow', '--out', certs);
  await succeed('rotate', 'slow', '--retire-old', '--out', certs);
  await closed;
  await old.endAsync(true);
});

test('revocation closes a connection that is open, and the door behind it', async () => {
  await createDevice(tidegate, 'stolen', certs);
  const client = await connectDevice(tidegate, 'stolen', certs);
  const closed = whenClosed(client);
  await succeed('revoke', 'stolen');
  await closed;
  await client.endAsync(true);
  await assert.rejects(connectDevice(tidegate, 'stolen', certs));
  await logged('the reason', /refused.*is REVOKED/);
});

test('a policy that is detached counts for a connection that is open', async () => {
  await createDevice(tidegate, 'demoted', certs);
  const client = await connectDevice(tidegate, 'demoted', certs);
  const pem = readFileSync(path.join(certs, 'demoted.cert.pem'));
  const id = new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  const iot = new IoTClient(clientSettings(tidegate));
  const target = `arn:aws:iot:us-east-1:000000000000:cert/${id}`;
  await iot.send(new DetachPolicyCommand({ policyName: 'TidegateDevice', target }));
  iot.destroy();
  const closed = whenClosed(client);
  client.publish('telemetry/seattle/demoted', '{"temperature":4}', { qos: 1 }, () => {});
  await closed;
  await client.endAsync(true);
});

test('a leaked claim is revoked and provisions no more devices', async () => {
  const open = await asClaim('claim-open');
  open.on('error', () => {});
  const closed = whenClosed(open);
  assert.match(await succeed('claim', '--revoke', '--out', factory), /^revoked/);
  await closed;
  await open.endAsync(true);
  assert.match(
    await refused('provision', 'tg-000009', ...claimFiles(), '--out', certs),
    /does not accept claim-tg-000009/,
  );
});
