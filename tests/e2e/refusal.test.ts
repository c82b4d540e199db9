// Refusals of policies: each one closes the connection and logs its reason.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { isInstalled, testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  connectDevice,
  connectOnce,
  createDevice,
  queryWindows,
  startTidegate,
  whenClosed,
  type Tidegate,
} from './tidegate.ts';

const run = promisify(execFile);
const dataDir = temporaryFolder();
const certs = temporaryFolder();
let tidegate: Tidegate;

beforeAll(async () => {
  tidegate = await startTidegate(dataDir);
  await createDevice(tidegate, 'fridge-1', certs);
  await createDevice(tidegate, 'fridge-2', certs);
});

afterAll(async () => {
  await tidegate.stop();
});

const logged = (what: string, pattern: RegExp) => eventually(what, () => pattern.test(tidegate.output()));

test('refuses a client without a certificate', async () => {
  const ca = readFileSync(path.join(certs, 'ca.pem'));
  await assert.rejects(connectOnce(tidegate, { clientId: 'fridge-1', ca }));
  await logged('the reason', /refused.*no client certificate/i);
});

testIf(isInstalled('openssl'), 'openssl is not installed')(
  'refuses a certificate of another CA',
  async () => {
    const folder = temporaryFolder();
    const key = path.join(folder, 'key.pem');
    const cert = path.join(folder, 'cert.pem');
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=fridge-1', '-days', '2'],
      ...['-keyout', key, '-out', cert],
    ]);
    const files = {
      ca: readFileSync(path.join(certs, 'ca.pem')),
      key: readFileSync(key),
      cert: readFileSync(cert),
    };
    await assert.rejects(connectOnce(tidegate, { clientId: 'fridge-1', ...files }));
    await logged('the reason', /refused.*certificate.*(unknown|not registered|another|not issued)/i);
  },
);

test("refuses a client ID that is not the thing's, and names the policy that lacks the permission", async () => {
  await assert.rejects(connectDevice(tidegate, 'fridge-1', certs, { clientId: 'fridge-2' }));
  await logged('the reason', /refused.*iot:Connect.*client\/fridge-2/);
  assert.match(tidegate.output(), /TidegateDevice|no policy/);
});

test("refuses a publish to another device's topic by closing the connection", async () => {
  const client = await connectDevice(tidegate, 'fridge-1', certs);
  const closed = whenClosed(client);
  client.publish('telemetry/seattle/fridge-2', '{"temperature":99}', { qos: 1 }, () => {});
  await closed;
  await logged('the reason', /refused.*iot:Publish.*topic\/telemetry\/seattle\/fridge-2/);
  assert.deepEqual(await queryWindows(tidegate, 'fridge-2'), []);
  await client.endAsync(true);
});

test('lets the neighbour work on', async () => {
  const client = await connectDevice(tidegate, 'fridge-2', certs);
  await client.publishAsync('telemetry/seattle/fridge-2', '{"temperature":4}', { qos: 1 });
  await eventually('its window', async () => (await queryWindows(tidegate, 'fridge-2')).length > 0);
  await client.endAsync();
});
