// The story of an inspector: a stack seals its archive, somebody takes a copy, and each change in it is named.

import { beforeAll, describe, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isInstalled, testIf } from '../support/conditions.ts';
import { cleanup } from '../support/cleanup.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { archiveReadings, monthOver } from './sealed-archive.ts';
import { runScript, startTidegate, type Tidegate } from './tidegate.ts';

const { month, end } = monthOver(Date.now());
const DAY = 86_400_000;
const day = (before: number) => new Date(end - before * DAY).toISOString().slice(0, 10);
const manifest = (before: number) => `seals/${day(before).replaceAll('-', '/')}.json`;

let folder: string;
let keyFile: string;
let report: string;
let head: string;
let objects: string[];
let listed: string;

const seal = (tidegate: Tidegate, ...args: string[]) =>
  runScript('audit/seal-main.ts', ['--data-dir', tidegate.dataDir, ...args]);
const verify = (copy: string, ...args: string[]) =>
  runScript('audit/seal-main.ts', ['verify', copy, '--public-key', keyFile, ...args]);

beforeAll(async () => {
  folder = temporaryFolder();
  const dataDir = path.join(folder, 'data');
  const first = await startTidegate(dataDir);
  cleanup(() => first.stop('SIGKILL'));
  objects = await archiveReadings(first, end);
  // Killed while it seals: nothing is waited for.
  void seal(first);
  const firstManifest = path.join(dataDir, 's3', first.endpoints.outputs['RawBucket']!, manifest(3));
  await eventually('the first manifest', () => existsSync(firstManifest));
  await first.stop('SIGKILL');
  const second = await startTidegate(dataDir);
  cleanup(() => second.stop());
  const { code, stdout, stderr } = await seal(second, '--all');
  assert.equal(code, 0, stderr);
  listed = stdout;
  report = path.join(folder, 'report.json');
  const made = ['--data-dir', dataDir, '--device', 'cellar-1', '--month', month, '--out', report];
  assert.equal((await runScript('commands/report.ts', made)).code, 0);
  cpSync(path.join(dataDir, 's3', second.endpoints.outputs['RawBucket']!), path.join(folder, 'copy'), {
    recursive: true,
  });
  keyFile = path.join(folder, 'key.pem');
  writeFileSync(keyFile, /-----BEGIN[^]*-----\n?/.exec(stdout)![0]);
  head = (JSON.parse(readFileSync(path.join(folder, 'copy', manifest(1)), 'utf8')) as { head: string }).head;
}, 120_000);

test('a stack that was killed while it sealed has sealed each day once, and lists them', async () => {
  for (const before of [1, 2, 3])
    assert.match(
      listed,
      new RegExp(`^${day(before)}  1 object, [\\d,]+ bytes; signed .*Z\\n +[0-9a-f]{64}$`, 'm'),
    );
  assert.ok(listed.includes(head));
  assert.ok(listed.split('\n').every((line) => line.length <= 80));
});

test('a copy is proven offline, and the values of its report follow from the sealed lines', async () => {
  const { code, stdout } = await verify(path.join(folder, 'copy'), '--head', head, '--report', report);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^Objects {2}3 sealed objects, 3 as sealed, [\d,]+ bytes read$/m);
  for (const figure of ['readings', 'min', 'max', 'mean', 'mean kinetic', 'measured ms', 'gaps', 'days'])
    assert.match(stdout, new RegExp(`^ {2}${figure} +agrees`, 'm'));
  assert.match(stdout, /not from readings, so not proven: excursions, acknowledgements, comments,/);
  assert.ok(stdout.endsWith('PROVEN\n'));
  assert.ok(stdout.split('\n').every((line) => line.length <= 80));
});

test('the report says until when its month is sealed, with the head and the key of that day', () => {
  interface Entry {
    readonly archiveSeal: Readonly<Record<string, unknown>>;
  }
  const { devices } = JSON.parse(readFileSync(report, 'utf8')) as { devices: Entry[] };
  const { key } = devices[0]!.archiveSeal;
  assert.deepEqual(devices[0]!.archiveSeal, { sealedTo: end, head, key });
  assert.ok(listed.includes(`Public key ${String(key)}`));
});

/** A change of a copy, and the first lines of the findings. */
const changes: readonly (readonly [
  what: string,
  change: (copy: string) => void,
  found: () => readonly RegExp[],
])[] = [
  [
    'one byte of an object',
    (copy) => {
      const file = path.join(copy, objects[0]!);
      writeFileSync(file, readFileSync(file, 'utf8').replace('4.2', '4.3'));
    },
    () => [new RegExp(`^CHANGED ${day(3)}\\n {2}${objects[0]!}$`, 'm')],
  ],
  [
    'an object that is deleted',
    (copy) => rmSync(path.join(copy, objects[1]!)),
    () => [new RegExp(`^MISSING ${day(2)}\\n {2}${objects[1]!}$`, 'm')],
  ],
  [
    'an object that is added',
    (copy) => writeFileSync(path.join(copy, path.dirname(objects[1]!), 'x.ndjson'), ''),
    () => [new RegExp(`^ADDED ${day(2)}\\n {2}raw/.*/x\\.ndjson$`, 'm')],
  ],
  [
    'two objects that are swapped',
    (copy) => {
      const [a, b, aside] = [objects[0]!, objects[1]!, 'aside'].map((name) => path.join(copy, name));
      renameSync(a!, aside!);
      renameSync(b!, a!);
      renameSync(aside!, b!);
    },
    () => [new RegExp(`^CHANGED ${day(3)}$`, 'm'), new RegExp(`^CHANGED ${day(2)}$`, 'm')],
  ],
  [
    'a manifest that is replaced by that of another day',
    (copy) => cpSync(path.join(copy, manifest(1)), path.join(copy, manifest(2))),
    () => [new RegExp(`^UNREADABLE ${day(2)}\\n {2}${manifest(2)}$`, 'm')],
  ],
  [
    'a manifest that is edited to fit a changed object',
    (copy) => {
      const file = path.join(copy, manifest(2));
      writeFileSync(file, readFileSync(file, 'utf8').replace(/"sha256": "..../, '"sha256": "0000'));
    },
    () => [new RegExp(`^(HEAD|SIGNATURE) ${day(2)}$`, 'm')],
  ],
  [
    'a manifest that is deleted',
    (copy) => rmSync(path.join(copy, manifest(2))),
    () => [new RegExp(`^GAP ${day(2)}$`, 'm')],
  ],
];
for (const [what, change, found] of changes) {
  test(`named: ${what}`, async () => {
    const copy = path.join(temporaryFolder(), 'copy');
    cpSync(path.join(folder, 'copy'), copy, { recursive: true });
    change(copy);
    const { code, stdout } = await verify(copy);
    assert.equal(code, 1, stdout);
    for (const pattern of found()) assert.match(stdout, pattern);
    assert.match(stdout, /^NOT PROVEN: \d+ findings? in the archive$/m);
  });
}

test('a chain that is cut at its end is named only with a head that was noted', async () => {
  const copy = path.join(temporaryFolder(), 'copy');
  cpSync(path.join(folder, 'copy'), copy, { recursive: true });
  const seals = path.join(copy, 'seals');
  execFileSync('find', [seals, '-name', '*.json', '!', '-path', `*${manifest(3)}`, '-delete']);
  assert.equal((await verify(copy)).code, 0);
  const { code, stdout } = await verify(copy, '--head', head);
  assert.equal(code, 1);
  assert.match(stdout, /^PINNED\n {2}no day has the head\n? +[0-9a-f]{64}/m);
});

describe('a report', () => {
  const edited = (edit: (text: string) => string) => {
    const file = path.join(temporaryFolder(), 'report.json');
    writeFileSync(file, edit(readFileSync(report, 'utf8')));
    return verify(path.join(folder, 'copy'), '--report', file);
  };
  test('with an edited value is not proven, and the value is named', async () => {
    const { code, stdout } = await edited((text) => text.replace(/"max": ?4\.4/, '"max": 4.3'));
    assert.equal(code, 1);
    assert.match(stdout, /NOT PROVEN: the file was changed after it was made/);
    assert.match(stdout, /DIFFERS max: 4\.3 in the report, 4\.4 from the lines/);
  });
  test('that is not a report cannot be checked', async () => {
    const { code, stderr } = await edited(() => '{}');
    assert.equal(code, 2);
    assert.match(stderr, /has no sealed report: give a \.json that npm run report/);
  });
});

const wrong: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [['verify', '/tmp', '--public-key', 'x'], /^\/tmp: has no folder seals\/: copy the whole bucket/],
  [['verify'], /^verify takes one folder: a copy of the raw bucket$/m],
  [['prove'], /^prove: unknown command, the only one is verify: npm run seal -- --help shows all options$/m],
  [['--head', 'x'], /^--head goes with verify FOLDER$/m],
  [['--accept-key', 'x'], /^--accept-key x: must be a SHA-256/],
  [['--data-dir', '/nowhere'], /^Tidegate is not running in \/nowhere: .*; for AWS give --stack-name$/m],
];
for (const [args, message] of wrong) {
  test(`npm run seal -- ${args.join(' ')} says what is wrong, with exit code 2`, async () => {
    const { code, stderr } = await runScript('audit/seal-main.ts', args);
    assert.equal(code, 2);
    assert.match(stderr, message);
  });
}

testIf(isInstalled('openssl'), 'openssl is not installed')(
  'another key is named, and a missing key is an error',
  async () => {
    const other = path.join(folder, 'other.pem');
    execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${other}.key`]);
    execFileSync('openssl', ['ec', '-in', `${other}.key`, '-pubout', '-out', other], { stdio: 'ignore' });
    const asked = ['verify', path.join(folder, 'copy'), '--public-key', other];
    const { code, stdout } = await runScript('audit/seal-main.ts', asked);
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`^KEY ${day(3)}$`, 'm'));
    const without = await runScript('audit/seal-main.ts', ['verify', path.join(folder, 'copy')]);
    assert.equal(without.code, 2);
    assert.match(without.stderr, /^--public-key is missing/);
  },
);

const withClients = testIf(isInstalled('openssl') && isInstalled('jq'), 'openssl or jq is not installed');
withClients('jq and openssl alone check a day', () => {
  const file = path.join(folder, 'copy', manifest(2));
  const [canonical, signature] = ['m', 's'].map((name) => path.join(folder, name)) as [string, string];
  writeFileSync(canonical, execFileSync('jq', ['-cjS', '.manifest', file]));
  const signed = execFileSync('jq', ['-r', '.signature', file]).toString();
  writeFileSync(signature, Buffer.from(signed, 'base64'));
  const args = ['dgst', '-sha256', '-verify', keyFile, '-signature', signature, canonical];
  assert.equal(execFileSync('openssl', args).toString(), 'Verified OK\n');
});
