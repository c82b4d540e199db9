// Which certificate a client is shown: that of the name it asks for, where the broker has that name, and else its own.

import { afterAll, afterEach, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import type { Authority, Credentials } from './certificates.ts';
import { startHarness, type Harness } from './harness.ts';

let harness: Harness;
let own: Credentials;
const dir = temporaryFolder();

const domainsOf = async (authority: Authority) => [
  {
    ...(await authority.issue('iot.example.com', 'iot.example.com')),
    ...{ name: 'iot.example.com', requiresTls13: false },
  },
  {
    ...(await authority.issue('strict.example.com', 'strict.example.com')),
    ...{ name: 'strict.example.com', requiresTls13: true },
  },
];

beforeAll(async () => {
  harness = await startHarness({ domains: domainsOf });
  own = await harness.authority.issue('sensor-1');
  for (const [name, text] of Object.entries({ ...own, ca: harness.authority.ca }))
    writeFileSync(join(dir, name), text, { mode: 0o600 });
});
afterAll(() => harness.stop());

const opened: TLSSocket[] = [];
afterEach(() => opened.splice(0).forEach((socket) => socket.destroy()));

async function shake(more: ConnectionOptions): Promise<TLSSocket> {
  const { ca } = harness.authority;
  const socket = connect({ host: '127.0.0.1', port: harness.broker.port, ca, ...own, ...more });
  opened.push(socket.on('error', () => {}));
  await once(socket, 'secureConnect');
  return socket;
}

const shown = (socket: TLSSocket) => socket.getPeerX509Certificate()?.subject;
const trusting = { checkServerIdentity: () => undefined } as const;

const cases: readonly (readonly [servername: string, subject: string])[] = [
  ['iot.example.com', 'CN=iot.example.com'],
  ['IoT.Example.com', 'CN=iot.example.com'],
  ['strict.example.com', 'CN=strict.example.com'],
  ['localhost', 'CN=localhost'],
  ['other.example.com', 'CN=localhost'],
  ['sub.iot.example.com', 'CN=localhost'],
  ['example.com', 'CN=localhost'],
  ['', 'CN=localhost'],
];
for (const [servername, subject] of cases) {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    if (servername.startsWith('strict') && version === 'TLSv1.2') continue; // see below
    test(`who asks for "${servername}" with ${version} is shown ${subject}`, async () => {
      const socket = await shake({ servername, minVersion: version, maxVersion: version, ...trusting });
      assert.equal(shown(socket), subject);
      assert.equal(socket.getProtocol(), version);
    });
  }
}

test('a client that checks the name connects by it with mutual TLS, publishes and is known by its certificate', async () => {
  const client = await connectAsync({
    ...{ host: '127.0.0.1', port: harness.broker.port, protocol: 'mqtts', servername: 'iot.example.com' },
    ...{ ca: harness.authority.ca, ...own, clientId: 'by-name', reconnectPeriod: 0 },
  });
  await client.publishAsync('a/named', 'x', { qos: 1 });
  await client.endAsync();
  const message = harness.matched.find(({ topic }) => topic === 'a/named');
  assert.equal(message?.principal, 'sensor-1');
});

test('a client that checks the name disconnects if the certificate does not have it', async () => {
  await assert.rejects(shake({ servername: 'other.example.com' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('a name admits no client without a certificate', async () => {
  const socket = await shake({ servername: 'iot.example.com', key: undefined, cert: undefined });
  await once(socket, 'close');
  await eventually('the reason', () => harness.log.some(({ reason }) => reason === 'no client certificate'));
});

test('a name that requires TLS 1.3 refuses TLS 1.2 with the reason, and no other name does', async () => {
  const strict = { servername: 'strict.example.com', maxVersion: 'TLSv1.2' } as const;
  // The handshake is cut off, or the connection right after it.
  await assert.rejects(shake(strict).then((socket) => once(socket, 'data')));
  const reason = 'strict.example.com requires TLS 1.3, and the client speaks TLSv1.2';
  await eventually('the reason', () => harness.log.some((line) => line.reason === reason));
  const client = await connectAsync({
    ...{ host: '127.0.0.1', port: harness.broker.port, protocol: 'mqtts', servername: 'strict.example.com' },
    ...{ ca: harness.authority.ca, ...own, clientId: 'strict', reconnectPeriod: 0, minVersion: 'TLSv1.3' },
  });
  await client.endAsync();
});

const run = promisify(execFile);
const testWithOpenssl = testIf(isInstalled('openssl'), 'openssl is not installed');
testWithOpenssl('openssl verifies the certificate that belongs to the name', async () => {
  const check = async (name: string) => {
    const files = ['-CAfile', join(dir, 'ca'), '-cert', join(dir, 'cert'), '-key', join(dir, 'key')];
    const where = [
      '-connect',
      `127.0.0.1:${harness.broker.port}`,
      '-servername',
      name,
      '-verify_hostname',
      name,
    ];
    const { stdout } = await run('openssl', ['s_client', ...where, ...files, '-verify_return_error'], {
      timeout: 10_000,
    }).catch((error: unknown) => error as { stdout: string });
    return /Verify return code: (\d+)/.exec(stdout)?.[1] ?? 'no handshake';
  };
  assert.deepEqual(await Promise.all(['iot.example.com', 'localhost'].map(check)), ['0', '0']);
  assert.notEqual(await check('other.example.com'), '0');
});
