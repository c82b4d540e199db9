// A leaked claim against the real program: only listed serial numbers become things, and no more in an hour than the limit.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { runScript, startTidegate, type Tidegate } from './tidegate.ts';

const dataDir = temporaryFolder();
const factory = temporaryFolder();
let tidegate: Tidegate;

const device = (...args: string[]) =>
  runScript('device-sim/device.ts', [...args, '--local', '--data-dir', dataDir]);

async function provision(serial: string): Promise<boolean> {
  const claim = path.join(factory, 'claim.cert.pem');
  const { code, stderr } = await device(
    'provision',
    serial,
    '--claim-cert',
    claim,
    '--out',
    temporaryFolder(),
  );
  if (code !== 0) assert.match(stderr, /AccessDenied: the pre-provisioning hook did not allow it/);
  return code === 0;
}

const loggedByHook = (what: string, pattern: RegExp) =>
  eventually(what, () =>
    pattern.test(readFileSync(path.join(dataDir, 'logs/ProvisionHookFunction.log'), 'utf8')),
  );

beforeAll(async () => {
  tidegate = await startTidegate(dataDir, [
    '--no-demo',
    '--parameter-overrides',
    'RequireListedSerials=true',
    'RegistrationsPerHour=2',
  ]);
  const { code, stderr } = await device('claim', '--out', factory);
  assert.equal(code, 0, stderr);
});
afterAll(() => tidegate.stop());

test('a serial number is registered once it is listed', async () => {
  assert.equal(await provision('tg-0001'), false);
  await loggedByHook('the reason', /the serial number is not on the list/);
  const file = path.join(temporaryFolder(), 'serials.txt');
  writeFileSync(file, '# batch 7\ntg-0001\ntg-0002\ntg-0003\ntg-0004\ntg-0005\n');
  const { code, stdout, stderr } = await device('allow', file);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^listed {3}5 serial numbers in tidegate-RegistrationsTable\n/);
  assert.equal(await provision('tg-0001'), true);
});

test('beyond the limit no device is registered in this hour, and the log says so', async () => {
  const answers: boolean[] = [];
  for (const serial of ['tg-0002', 'tg-0003', 'tg-0004', 'tg-0005']) answers.push(await provision(serial));
  // Five in all: should the hour end in between, two and two of them are let in.
  assert.equal(answers[0], true);
  assert.ok(answers.includes(false), JSON.stringify(answers));
  await loggedByHook('the reason', /2 devices were registered in this hour already/);
});
