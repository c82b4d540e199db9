// `npm run device` as a person runs it, against the local AWS IoT API on a free port.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as iotApi from '@aws-sdk/client-iot';
import { openTestIot, serve } from '../../packages/local-cloud/tests/iot/iot-fixture.ts';
import { temporaryFolder } from '../support/folders.ts';

const script = path.resolve(import.meta.dirname, '../../device-sim/device.ts');
const policyDocument = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  args: readonly string[],
  env: Record<string, string> = {},
  nodeArgs: readonly string[] = [],
): Promise<Ended> {
  const {
    AWS_PROFILE: _profile,
    AWS_ACCESS_KEY_ID: _key,
    AWS_SECRET_ACCESS_KEY: _secret,
    ...inherited
  } = process.env;
  return new Promise((resolve) => {
    const options = { env: { ...inherited, ...env }, timeout: 60_000 };
    const child = execFile(
      process.execPath,
      [...nodeArgs, script, ...args],
      options,
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr });
      },
    );
  });
}

async function open(mqttDomains: readonly string[] = []) {
  const { iot } = await openTestIot();
  const { url, client } = await serve(iot);
  await client.send(new iotApi.CreatePolicyCommand({ policyName: 'TidegateDevice', policyDocument }));
  const dataDir = temporaryFolder();
  const endpoints = {
    mqtt: 'mqtts://127.0.0.1:8883',
    mqttDomains,
    aws: url,
    web: url,
    ca: iot.ca.certificateFile,
    outputs: {},
  };
  writeFileSync(path.join(dataDir, 'endpoints.json'), JSON.stringify(endpoints));
  const out = path.join(temporaryFolder(), 'certs');
  const place = ['--local', '--data-dir', dataDir];
  const create = (name: string) =>
    run([
      'create',
      name,
      '--type',
      'sensor',
      '--group',
      'Seattle',
      '--attr',
      'city=Seattle',
      '--out',
      out,
      ...place,
    ]);
  const file = (end: string) => path.join(out, end);
  const idOf = (end: string) =>
    new X509Certificate(readFileSync(file(end))).fingerprint256.replaceAll(':', '').toLowerCase();
  return { iot, client, out, place, create, file, idOf };
}

/** Checks that the program reported its failure in one line with exit code 1. */
function assertFailed({ code, stderr }: Ended, message: RegExp): void {
  assert.match(stderr, message);
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  assert.equal(code, 1);
}

test('create writes CA, certificate and a private key, and prints the command that publishes', async () => {
  const { iot, create, file, idOf } = await open();
  const { code, stdout, stderr } = await create('store-1');
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(file('ca.pem'), 'utf8'), iot.ca.certificatePem);
  assert.equal(statSync(file('store-1.key.pem')).mode & 0o777, 0o600);
  const certificate = new X509Certificate(readFileSync(file('store-1.cert.pem')));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(readFileSync(file('store-1.key.pem')))));
  assert.partialDeepStrictEqual(iot.identify(certificate.raw), { principal: idOf('store-1.cert.pem') });
  assert.match(
    stdout,
    /mosquitto_pub -h 127\.0\.0\.1 -p 8883 --cafile \S+ca\.pem .*-i store-1 -q 1 -t telemetry\/seattle\/store-1 /s,
  );
});

test("create prints the broker's own host name, if it has one", async () => {
  const own = await (await open(['iot.example.com'])).create('store-1');
  assert.match(
    own.stdout,
    /or, if DNS resolves iot\.example\.com to this machine, with -h iot\.example\.com/,
  );
  assert.doesNotMatch((await (await open()).create('store-1')).stdout, /where DNS leads/);
});

test('a second create changes no files and completes an interrupted run', async () => {
  const { iot, client, create, file, idOf } = await open();
  await create('store-1');
  const before = ['key', 'cert'].map((kind) => readFileSync(file(`store-1.${kind}.pem`), 'utf8'));
  const certificateId = idOf('store-1.cert.pem');
  const principal = `arn:aws:iot:us-east-1:000000000000:cert/${certificateId}`;
  await client.send(new iotApi.UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
  await client.send(new iotApi.DetachThingPrincipalCommand({ thingName: 'store-1', principal }));
  const { code, stdout } = await create('store-1');
  assert.equal(code, 0);
  assert.match(stdout, /exists already/);
  assert.deepEqual(
    ['key', 'cert'].map((kind) => readFileSync(file(`store-1.${kind}.pem`), 'utf8')),
    before,
  );
  assert.equal(iot.registry.certificates.get(certificateId)?.status, 'ACTIVE');
  assert.equal(iot.registry.things.get('store-1')?.principals.length, 1);
});

test('a second create without a group names the topic of the group that the thing is in', async () => {
  const { create, out, place } = await open();
  await create('store-1');
  const { stdout } = await run(['create', 'store-1', '--out', out, ...place]);
  assert.match(stdout, / -t telemetry\/seattle\/store-1 /);
});

test('create continues with a key whose certificate was not written', async () => {
  const { client, create, file, idOf } = await open();
  await create('store-1');
  const key = readFileSync(file('store-1.key.pem'), 'utf8');
  const certificateId = idOf('store-1.cert.pem');
  await client.send(new iotApi.UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
  rmSync(file('store-1.cert.pem'));
  const { code, stderr } = await create('store-1');
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(file('store-1.key.pem'), 'utf8'), key);
});

test('create refuses a thing whose active certificate is elsewhere, and files it cannot use', async () => {
  const { create, file, place, out } = await open();
  await create('store-1');
  const key = readFileSync(file('store-1.key.pem'), 'utf8');
  rmSync(file('store-1.key.pem'));
  assertFailed(await create('store-1'), /store-1\.cert\.pem has no key beside it/);
  rmSync(file('store-1.cert.pem'));
  assertFailed(
    await create('store-1'),
    /store-1 already has certificate [0-9a-f]{12}, but not in .*: npm run device -- rotate store-1 --out .* --local --data-dir /,
  );
  writeFileSync(file('store-2.key.pem'), key);
  writeFileSync(file('store-2.cert.pem'), 'rubbish');
  assertFailed(await create('store-2'), /store-2\.cert\.pem is not a certificate/);
  writeFileSync(file('ca.pem'), 'another');
  assertFailed(await create('store-3'), /ca\.pem is the CA of another cloud/);
  assertFailed(
    await run(['create', 'store-4', '--policy', 'None', '--out', path.join(out, 'x'), ...place]),
    /policy None does not exist/,
  );
});

for (const folder of ['/proc/tidegate', '/dev/null/certs']) {
  test(`create refuses ${folder}, in which no folder can be created, and creates no thing`, async () => {
    const { iot, place } = await open();
    assertFailed(
      await run(['create', 'store-1', '--out', folder, ...place]),
      new RegExp(`^${folder} cannot be written \\([A-Z]+\\): choose another folder with --out`),
    );
    assert.equal(iot.registry.things.size, 0);
  });
}

test('rotate keeps the old certificate active until it is retired', async () => {
  const { iot, create, file, idOf, out, place } = await open();
  await create('store-1');
  const old = idOf('store-1.cert.pem');
  const rotated = await run(['rotate', 'store-1', '--out', out, ...place]);
  assert.equal(rotated.code, 0, rotated.stderr);
  const fresh = idOf('store-1.cert.pem');
  assert.equal(idOf('store-1.old.cert.pem'), old);
  assert.equal(statSync(file('store-1.key.pem')).mode & 0o777, 0o600);
  assert.notEqual(fresh, old);
  const status = (id: string) => iot.registry.certificates.get(id)?.status;
  assert.deepEqual([status(old), status(fresh)], ['ACTIVE', 'ACTIVE']);
  const resource = 'topic/a';
  const request = { principal: fresh, clientId: 'store-1', sourceIp: '::1', action: 'iot:Publish', resource };
  assert.equal(iot.authorize(request).allowed, true);
  assertFailed(
    await run(['rotate', 'store-1', '--out', out, ...place]),
    /in the middle of a rotation: finish it with npm run device -- rotate store-1 --retire-old --out .* --local/,
  );
  const retired = await run(['rotate', 'store-1', '--retire-old', '--out', out, ...place]);
  assert.equal(retired.code, 0, retired.stderr);
  assert.deepEqual([status(old), status(fresh)], [undefined, 'ACTIVE']);
  assert.ok(!existsSync(file('store-1.old.key.pem')));
});

test('revoke sets every certificate of the thing to REVOKED, and list shows it', async () => {
  const { iot, create, idOf, place } = await open();
  await create('store-1');
  const id = idOf('store-1.cert.pem');
  const { code, stdout } = await run(['revoke', 'store-1', ...place]);
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`revoked {2}${id}`));
  assert.equal(iot.registry.certificates.get(id)?.status, 'REVOKED');
  const listed = await run(['list', ...place]);
  assert.match(listed.stdout, /^store-1 {2}sensor {2}Seattle {2}city=Seattle {2}[0-9a-f]{12} REVOKED$/m);
  assertFailed(await create('store-1'), /is revoked: npm run device -- rotate store-1 --out .* --local/);
  assertFailed(await run(['revoke', 'store-9', ...place]), /there is no thing store-9/);
});

test('a mistake on the command line is answered with one line and exit code 1', async () => {
  assertFailed(await run(['create', 'a\u001b[2J']), /^thing name "a\\u001b\[2J" is not allowed/);
  assertFailed(
    await run(['list', '--local', '--data-dir', '/nonexistent']),
    /^Tidegate is not running in \/nonexistent: run npm start/,
  );
});

test('a stack that has stopped is named with the remedy', async () => {
  const dataDir = temporaryFolder();
  const endpoints = {
    mqtt: 'mqtts://127.0.0.1:8883',
    aws: 'http://127.0.0.1:1',
    web: 'http://127.0.0.1:1',
    ca: 'ca.pem',
    outputs: {},
  };
  writeFileSync(path.join(dataDir, 'endpoints.json'), JSON.stringify(endpoints));
  writeFileSync(path.join(dataDir, 'ca.pem'), 'x');
  assertFailed(
    await run(['list', '--local', '--data-dir', dataDir]),
    /^Tidegate is not running in .*: run npm start first/,
  );
  writeFileSync(path.join(dataDir, 'endpoints.json'), '{');
  assertFailed(
    await run(['list', '--local', '--data-dir', dataDir]),
    /endpoints\.json cannot be used .*run npm start again/,
  );
});

test("--local never opens the user's AWS files, with any environment", async () => {
  const { place, out } = await open();
  const home = temporaryFolder();
  const guard = path.join(home, 'guard.mjs');
  writeFileSync(
    guard,
    `import fs from 'node:fs'; import fsp from 'node:fs/promises'; import { syncBuiltinESMExports } from 'node:module';
    for (const [module, name] of [[fs, 'readFile'], [fs, 'readFileSync'], [fs, 'open'], [fs, 'openSync'], [fsp, 'readFile'], [fsp, 'open']]) {
      const original = module[name];
      module[name] = function (file, ...rest) {
        if (String(file).includes('aws-files')) { console.error('opened ' + file); process.exit(9); }
        return original.call(this, file, ...rest);
      };
    }
    syncBuiltinESMExports();`,
  );
  const env = {
    AWS_SHARED_CREDENTIALS_FILE: path.join(home, 'aws-files-credentials'),
    AWS_CONFIG_FILE: path.join(home, 'aws-files-config'),
    AWS_PROFILE: 'production',
    AWS_USE_FIPS_ENDPOINT: 'true',
  };
  const ended = await run(['create', 'store-1', '--out', out, ...place], env, [
    '--import',
    pathToFileURL(guard).href,
  ]);
  assert.equal(ended.code, 0, ended.stderr);
});
