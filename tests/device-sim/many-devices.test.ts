// `npm run device` for many devices: creating them from a table, listing and deleting them.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import * as iotApi from '@aws-sdk/client-iot';
import { openTestIot, serve } from '../../packages/local-cloud/tests/iot/iot-fixture.ts';
import { cleanup } from '../support/cleanup.ts';
import { temporaryFolder } from '../support/folders.ts';

const script = path.resolve(import.meta.dirname, '../../device-sim/device.ts');
const policyDocument = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
});

/** An API that forgets devices, and keeps what it was asked. */
async function serveApi(asked: string[], status: number): Promise<string> {
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(status === 200 ? { isRemoved: true, ended: ['silent'] } : { detail: 'not today' }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
}

async function open(status = 200) {
  const { iot } = await openTestIot();
  const { url, client } = await serve(iot);
  await client.send(new iotApi.CreatePolicyCommand({ policyName: 'TidegateDevice', policyDocument }));
  const dataDir = temporaryFolder();
  const asked: string[] = [];
  const outputs = { ApiUrl: await serveApi(asked, status) };
  const endpoints = {
    mqtt: 'mqtts://127.0.0.1:8883',
    aws: url,
    web: url,
    ca: iot.ca.certificateFile,
    outputs,
  };
  writeFileSync(path.join(dataDir, 'endpoints.json'), JSON.stringify(endpoints));
  const out = path.join(temporaryFolder(), 'certs');
  const table = path.join(dataDir, 'devices.csv');
  const run = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const all = [script, ...args, '--local', '--data-dir', dataDir];
      const child = execFile(process.execPath, all, { timeout: 60_000 }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  return {
    ...{ iot, client, out, asked, run },
    createFrom: (text: string) => {
      writeFileSync(table, text);
      return run('create', '--from', table, '--out', out);
    },
  };
}

test('create --from creates every device, and finds all of them the second time', async () => {
  const { iot, out, createFrom } = await open();
  const names = Array.from({ length: 20 }, (_, n) => `f-${n}`);
  const text = `name,type,group,city\n${names.map((name) => `${name},sensor,Cold,Seattle`).join('\n')}\n`;
  const first = await createFrom(text);
  assert.equal(first.code, 0, first.stderr);
  assert.match(
    first.stdout,
    /^20 devices from .*devices\.csv: 20 created; keys and certificates are in .*certs\n$/,
  );
  assert.deepEqual([...iot.registry.things.keys()].sort(), names.toSorted());
  assert.equal(readdirSync(out).filter((file) => file.endsWith('.key.pem')).length, 20);
  const again = await createFrom(text);
  assert.match(again.stdout, /: 0 created, 20 existed already; /);
  assert.equal(iot.registry.certificates.size, 20);
});

test('create --from makes nothing of a table with faults, and names them all', async () => {
  const { iot, createFrom } = await open();
  const { code, stderr } = await createFrom('name,city\na,New York\nb:c,Rome\n');
  assert.equal(code, 1);
  assert.match(
    stderr,
    /csv:2: column city: .*\n.*csv:3: column name: .*\n.*: 2 problems, so nothing was made\n$/,
  );
  assert.equal(iot.registry.things.size, 0);
});

test('create --from continues after a device that cannot be created, and lists it', async () => {
  const { iot, client, createFrom } = await open();
  await client.send(new iotApi.CreateThingTypeCommand({ thingTypeName: 'other' }));
  await client.send(new iotApi.CreateThingCommand({ thingName: 'b', thingTypeName: 'other' }));
  const { code, stdout, stderr } = await createFrom('name,type\na,sensor\nb,sensor\nc,sensor\n');
  assert.equal(code, 1);
  assert.match(stdout, /^3 devices from .*: 2 created, 1 failed; /);
  assert.match(
    stderr,
    /csv:3: b: thing b exists already with the type other, not sensor\nrun the command again/,
  );
  assert.equal(iot.registry.certificates.size, 2);
});

test('list sorts by name, filters, and gives CSV and JSON', async () => {
  const { run, createFrom } = await open();
  await createFrom('name,type,group,city\nb,sensor,Cold,\na,probe,Warm,Rome\nc,sensor,Warm,\n');
  const { stdout } = await run('list');
  assert.match(
    stdout,
    /^name +type +groups +attributes +certificates\na +probe +Warm +city=Rome +[0-9a-f]{12} ACTIVE\nb .*\nc .*\n$/,
  );
  assert.match(
    (await run('list', '--type', 'sensor', '--group', 'Warm', '--format', 'csv')).stdout,
    /^name,.*\nc,sensor,Warm,,[0-9a-f]{12} ACTIVE\n$/,
  );
  const listed = JSON.parse((await run('list', '--format', 'json')).stdout) as { name: string }[];
  assert.deepEqual(
    listed.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
  assert.equal((await run('list', '--group', 'None')).stdout, 'no thing of that type and group\n');
});

test('delete removes certificates, thing, record and key files, and finds only the record the second time', async () => {
  const { iot, out, asked, run, createFrom } = await open();
  await createFrom('name\na\nb\n');
  const refused = await run('delete', 'a', '--out', out);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^delete asks for confirmation: without a terminal, add --yes\n$/);
  const { code, stdout, stderr } = await run('delete', 'a', '--out', out, '--yes');
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^deleted {2}a: thing, 1 certificate, record, alerts ended: silent, 2 files in .*certs\nWindows, the archive and the history of alerts stay/,
  );
  assert.deepEqual([...iot.registry.things.keys()], ['b']);
  assert.equal(iot.registry.certificates.size, 1);
  assert.deepEqual(readdirSync(out).sort(), ['.gitignore', 'b.cert.pem', 'b.key.pem', 'ca.pem']);
  const again = await run('delete', 'a', '--out', out, '--yes');
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(asked, ['DELETE /api/devices/a', 'DELETE /api/devices/a']);
});

test('delete removes the remains of an interrupted run: a certificate without its thing', async () => {
  const { iot, client, out, run, createFrom } = await open();
  await createFrom('name\na\n');
  const [[certificateId]] = [...iot.registry.certificates.entries()] as [[string, unknown]];
  const principal = `arn:aws:iot:us-east-1:000000000000:cert/${certificateId}`;
  await client.send(new iotApi.DetachThingPrincipalCommand({ thingName: 'a', principal }));
  await client.send(new iotApi.DeleteThingCommand({ thingName: 'a' }));
  assert.match(
    (await run('delete', 'a', '--out', out, '--yes')).stdout,
    /^deleted {2}a: 1 certificate, record/,
  );
  assert.equal(iot.registry.certificates.size, 0);
});

test('delete keeps a certificate that another thing has, and files of another cloud', async () => {
  const { iot, client, out, run, createFrom } = await open();
  await createFrom('name\na\nb\n');
  const { principals = [] } = await client.send(new iotApi.ListThingPrincipalsCommand({ thingName: 'a' }));
  await client.send(new iotApi.AttachThingPrincipalCommand({ thingName: 'b', principal: principals[0] }));
  writeFileSync(path.join(out, 'ca.pem'), 'another');
  const { stdout } = await run('delete', 'a', '--out', out, '--yes');
  assert.match(stdout, /^deleted {2}a: thing, certificate [0-9a-f]{12} detached, as b has it too, record/);
  assert.equal(iot.registry.certificates.size, 2);
  assert.ok(existsSync(path.join(out, 'a.key.pem')));
});

test('delete continues if one device cannot be deleted, and keeps its files for the next attempt', async () => {
  const { out, run, createFrom } = await open(409);
  await createFrom('name\na\nb\n');
  rmSync(path.join(out, 'b.key.pem'));
  const { code, stderr } = await run('delete', 'a', 'b', '--out', out, '--yes');
  assert.equal(code, 1);
  assert.match(stderr, /^a: not today\nb: not today\nrun the command again/);
  assert.ok(existsSync(path.join(out, 'a.key.pem')));
});
