// The local CA: its certificates verify in real TLS, its keys are private, and it survives restarts and damage.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createManualClock, type Clock } from '../../clock.ts';
import { openCa } from '../../iot/ca.ts';
import { StartError } from '../../start-error.ts';

const folder = () => path.join(temporaryFolder(), 'iot');

const clock: Clock = createManualClock(Date.now());
const later = (days: number) => createManualClock(clock.now() + days * 86_400_000);

function deviceKeys() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  };
}

test('keys are readable by their owner alone', async () => {
  const dir = folder();
  await openCa({ dir, clock });
  for (const name of ['ca.key.pem', 'server.key.pem']) {
    assert.equal(statSync(path.join(dir, name)).mode & 0o777, 0o600);
  }
  assert.equal(statSync(dir).mode & 0o777, 0o700);
});

test('each installation has a CA of its own, and keeps it over a restart', async () => {
  const dir = folder();
  const first = await openCa({ dir, clock });
  const again = await openCa({ dir, clock });
  const other = await openCa({ dir: folder(), clock });
  assert.deepEqual([again.certificatePem, again.server], [first.certificatePem, first.server]);
  assert.notEqual(other.certificatePem, first.certificatePem);
});

test('the server certificate names localhost, the loopback addresses, this host and the requested hosts', async () => {
  const { server } = await openCa({
    dir: folder(),
    clock,
    hosts: ['tidegate.test', '192.0.2.7', 'not a name'],
  });
  const certificate = new X509Certificate(server.cert);
  for (const name of ['localhost', 'tidegate.test']) assert.ok(certificate.checkHost(name), name);
  for (const ip of ['127.0.0.1', '::1', '192.0.2.7']) assert.ok(certificate.checkIP(ip), ip);
  if (/^[a-z0-9.-]+$/i.test(hostname())) assert.ok(certificate.checkHost(hostname()));
  assert.ok(!certificate.subjectAltName?.includes('not a name'));
});

test('the server certificate is renewed near its end and when a host name is missing, the CA is not', async () => {
  const dir = folder();
  const first = await openCa({ dir, clock });
  const kept = await openCa({ dir, clock: later(300) });
  assert.equal(kept.server.cert, first.server.cert);
  const renewed = await openCa({ dir, clock: later(380) });
  assert.notEqual(renewed.server.cert, first.server.cert);
  const named = await openCa({ dir, clock: later(380), hosts: ['gateway.test'] });
  assert.notEqual(named.server.cert, renewed.server.cert);
  assert.equal(named.certificatePem, first.certificatePem);
});

test('a device certificate is valid to 2049-12-31T23:59:59Z, carries the requested subject and is not a CA', async () => {
  const ca = await openCa({ dir: folder(), clock });
  const pem = await ca.issue({ publicKey: deviceKeys().publicKey, subject: [{ CN: ['s1'] }] });
  const certificate = new X509Certificate(pem);
  assert.equal(new Date(certificate.validTo).toISOString(), '2049-12-31T23:59:59.000Z');
  assert.equal(certificate.subject, 'CN=s1');
  assert.equal(certificate.ca, false);
  assert.ok(ca.signed(certificate));
  assert.ok(!(await openCa({ dir: folder(), clock })).signed(certificate));
});

test('server and device certificates complete a verified mutual TLS handshake', async () => {
  const ca = await openCa({ dir: folder(), clock });
  const device = deviceKeys();
  const cert = await ca.issue({ publicKey: device.publicKey, subject: [{ CN: ['s1'] }] });
  const tls = { ca: ca.certificatePem, minVersion: 'TLSv1.2' } as const;
  const server = createServer({ ...ca.server, ...tls, requestCert: true, rejectUnauthorized: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = connect({ host: 'localhost', port, ...tls, key: device.key, cert });
  const [socket] = (await once(server, 'secureConnection')) as [TLSSocket];
  assert.ok(socket.authorized);
  client.destroy();
  socket.destroy();
  server.close();
});

const damages: readonly (readonly [what: string, file: string, content: string])[] = [
  ['a certificate that is none', 'ca.pem', 'rubbish'],
  ['a key that is none', 'ca.key.pem', 'rubbish'],
  ['a key of another certificate', 'ca.key.pem', String(deviceKeys().key)],
];
for (const [what, file, content] of damages) {
  test(`${what} stops the start with one line that names the file`, async () => {
    const dir = folder();
    await openCa({ dir, clock });
    writeFileSync(path.join(dir, file), content);
    await assert.rejects(openCa({ dir, clock }), (error) => {
      assert.ok(error instanceof StartError);
      assert.match(error.message, /ca\.pem and .*ca\.key\.pem are damaged/);
      return !error.message.includes('\n');
    });
  });
}

test('a lost key stops the start, because another CA would shut out every device', async () => {
  const dir = folder();
  await openCa({ dir, clock });
  const pem = readFileSync(path.join(dir, 'ca.pem'), 'utf8');
  rmSync(path.join(dir, 'ca.key.pem'));
  await assert.rejects(openCa({ dir, clock }), /ca\.key\.pem are damaged .*: restore both, or delete both/);
  assert.equal(readFileSync(path.join(dir, 'ca.pem'), 'utf8'), pem);
});

test('a crash between key and certificate is healed at the next start', async () => {
  const dir = folder();
  await openCa({ dir, clock });
  rmSync(path.join(dir, 'ca.pem'));
  const healed = await openCa({ dir, clock });
  assert.equal(readFileSync(healed.certificateFile, 'utf8'), healed.certificatePem);
  assert.ok(healed.signed(new X509Certificate(healed.server.cert)));
});
