// A file of records under bad luck: torn tails, damage, a full disk, a killed process.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { openRecordFile } from '../../files/record-file.ts';
import { silentLog } from '../../log.ts';
import { StartError } from '../../start-error.ts';

const put = (key: string, value: object | undefined) => ({ kind: 'thing', key, value });

async function open(file: string) {
  const records = await openRecordFile(file, silentLog);
  cleanup(() => records.close());
  return records;
}

/** What a later start reads. */
async function reread(file: string) {
  const records = await openRecordFile(file, silentLog);
  const entries = [...records.table('thing')];
  await records.close();
  return entries;
}

test('confirmed changes are there at the next start, in one file for its owner alone', async () => {
  const file = path.join(temporaryFolder(), 'records.log');
  const records = await open(file);
  await records.commit([put('a', { n: 1 }), put('__proto__', { n: 2 })]);
  await records.commit([put('a', { n: 3 }), put('b', { n: 4 })]);
  await records.commit([put('b', undefined)]);
  assert.deepEqual(await reread(file), [
    ['a', { n: 3 }],
    ['__proto__', { n: 2 }],
  ]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a change torn at any byte is dropped whole, and what was confirmed before it stays', async () => {
  const dir = temporaryFolder();
  const file = path.join(dir, 'records.log');
  const records = await open(file);
  await records.commit([put('a', { n: 1 })]);
  const kept = statSync(file).size;
  await records.commit([put('a', { n: 2 }), put('b', { n: 2 })]);
  const whole = readFileSync(file);
  for (let size = kept; size < whole.length; size += 1) {
    const torn = path.join(dir, `torn-${size}`);
    writeFileSync(torn, whole.subarray(0, size));
    assert.deepEqual(await reread(torn), [['a', { n: 1 }]], `cut at ${size}`);
    assert.deepEqual(await reread(torn), [['a', { n: 1 }]], `second start after ${size}`);
  }
});

test('changes after a rewrite are in the file that has the name, even when its folder cannot be synced for a while', async () => {
  const file = path.join(temporaryFolder(), 'records.log');
  let canSync = true;
  const records = await openRecordFile(file, silentLog, async () => {
    if (!canSync) throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  });
  cleanup(() => records.close());
  await records.commit([put('first', { n: 0 })]);
  canSync = false;
  const inode = statSync(file).ino;
  let refused: unknown;
  for (let n = 0; n < 30 && !refused; n += 1) {
    const change = put('large', { n, text: 'x'.repeat(500_000) });
    refused = await records.commit([change]).then(
      () => undefined,
      (error: unknown) => error,
    );
  }
  assert.match(String(refused), /records\.log could not be written: EMFILE/);
  assert.notEqual(statSync(file).ino, inode);
  canSync = true;
  await records.commit([put('last', { n: 2 })]);
  assert.deepEqual(
    (await reread(file)).map(([key]) => key),
    ['first', 'large', 'last'],
  );
});

test('damage before the last line stops the start and names the line', async () => {
  const file = path.join(temporaryFolder(), 'records.log');
  const records = await open(file);
  for (const key of ['a', 'b', 'c']) await records.commit([put(key, { n: 1 })]);
  const bytes = readFileSync(file);
  bytes[12] = bytes[12]! ^ 1;
  writeFileSync(file, bytes);
  await assert.rejects(openRecordFile(file, silentLog), (error) => {
    return error instanceof StartError && /records\.log is damaged at line 1/.test(error.message);
  });
});

test('changes made at the same moment are all kept', async () => {
  const file = path.join(temporaryFolder(), 'records.log');
  const records = await open(file);
  await Promise.all(Array.from({ length: 500 }, (_, n) => records.commit([put(`t${n}`, { n })])));
  assert.equal((await reread(file)).length, 500);
});

test('a change that cannot be written is refused and undone, and later ones work again', async () => {
  const file = path.join(temporaryFolder(), 'records.log');
  const records = await open(file);
  await records.commit([put('a', { n: 1 })]);
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  await assert.rejects(
    Promise.all([records.commit([put('a', cyclic)]), records.commit([put('b', { n: 2 })])]),
    (error: Error & { code?: string }) =>
      error.code === 'ServiceUnavailableException' && error.cause instanceof TypeError,
  );
  assert.deepEqual([...records.table('thing')], [['a', { n: 1 }]]);
  await records.commit([put('c', { n: 3 })]);
  assert.deepEqual(await reread(file), [
    ['a', { n: 1 }],
    ['c', { n: 3 }],
  ]);
});

test('a file full of outdated lines is rewritten at the next start', async () => {
  const file = path.join(temporaryFolder(), 'records.log');
  const records = await openRecordFile(file, silentLog);
  for (let n = 0; n < 300; n += 1) await records.commit([put('a', { n })]);
  await records.close();
  const grown = statSync(file).size;
  assert.deepEqual(await reread(file), [['a', { n: 299 }]]);
  assert.ok(statSync(file).size < grown / 100);
});

test('a file that large values outdate again and again is rewritten before it grows for ever, and loses nothing', async () => {
  const file = path.join(temporaryFolder(), 'records.log');
  const records = await open(file);
  const text = 'x'.repeat(131_072);
  await records.commit([put('kept', { n: 0 })]);
  for (let n = 0; n < 100; n += 1) {
    await records.commit([put('a', { n, text })]);
    await records.commit([put('a', undefined)]);
    assert.ok(statSync(file).size < 5_000_000, `${statSync(file).size} bytes after ${n}`);
  }
  assert.deepEqual(await reread(file), [['kept', { n: 0 }]]);
});

test('a rewrite leaves out a change that waits, which may still be refused', async () => {
  const file = path.join(temporaryFolder(), 'records.log');
  const records = await open(file);
  const large = records.commit([put('a', { text: 'x'.repeat(8_000_000) })]);
  let isRewritten = false;
  const unwritable = {
    toJSON() {
      if (isRewritten) throw new Error('not to be written');
      return {};
    },
  };
  const refused = records.commit([put('a', { n: 1 }), put('b', unwritable)]);
  void large.then(() => (isRewritten = true)); // the rewrite begins in the same turn
  await assert.rejects(refused);
  assert.deepEqual(
    (await reread(file)).map(([key]) => key),
    ['a'],
  );
});

const killed = `
import { openRecordFile } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../files/record-file.ts'))};
const records = await openRecordFile(process.argv[1], { info() {}, warn() {}, error() {} });
for (let n = 0; ; n += 1) {
  await records.commit([{ kind: 'thing', key: 't' + n, value: { n } }]);
  process.stdout.write(n + '\\n');
}`;

test('kill -9 loses nothing that was confirmed', async () => {
  const file = path.join(temporaryFolder(), 'records.log');
  const child = spawn(process.execPath, ['--input-type=module', '-e', killed, file]);
  let confirmed = '';
  for await (const chunk of child.stdout) {
    confirmed += String(chunk);
    if (confirmed.split('\n').length > 200) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const last = Number(confirmed.trimEnd().split('\n').at(-1));
  const entries = new Map(await reread(file));
  for (let n = 0; n <= last; n += 1) assert.deepEqual(entries.get(`t${n}`), { n });
});

test('an empty file and one with half a line begin with no records', async () => {
  const file = path.join(temporaryFolder(), 'records.log');
  writeFileSync(file, '');
  assert.deepEqual(await reread(file), []);
  appendFileSync(file, '00000000 [["thing"');
  assert.deepEqual(await reread(file), []);
});
