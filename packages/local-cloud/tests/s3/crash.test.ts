// The object store on a folder that a crash, a backup or a person left in an unusual state.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { systemClock } from '../../clock.ts';
import { recordNameOf } from '../../s3/keys.ts';
import type { ObjectStore } from '../../s3/store.ts';
import { openStore } from './object-store.ts';

async function start(): Promise<{ dir: string; store: ObjectStore; reopen: () => Promise<ObjectStore> }> {
  const dir = temporaryFolder();
  const stores: ObjectStore[] = [];
  const reopen = async () => {
    stores.push(await openStore(dir, systemClock));
    return stores.at(-1)!;
  };
  cleanup(async () => {
    for (const store of stores) await store.close();
  });
  return { dir, store: await reopen(), reopen };
}

const recordFile = (dir: string, bucket: string, key: string) => {
  const name = recordNameOf(key);
  return path.join(dir, '.tidegate/buckets', bucket, 'records', name.slice(0, 2), `${name}.json`);
};
const read = async (store: ObjectStore, bucket: string, key: string) => {
  const object = await store.get(bucket, key);
  return { text: (await object.body()).toString(), type: object.headers['content-type'] };
};
const csv = { contentType: 'text/csv' };
const json = { contentType: 'application/json' };

for (const bucket of ['plain', 'versioned']) {
  test(`keeps the old object and its type when a put is cut off before the rename (${bucket})`, async () => {
    const { dir, store, reopen } = await start();
    await store.put(bucket, 'k', Buffer.from('old'), csv);
    await store.put(bucket, 'k', Buffer.from('new content'), json);
    const record = readFileSync(recordFile(dir, bucket, 'k'));
    await store.put(bucket, 'k', Buffer.from('old'), csv);
    writeFileSync(recordFile(dir, bucket, 'k'), record);
    // The record is of `new content` above `old`, but the file is `old`: as after a crash between the two.
    const reopened = await reopen();
    assert.deepEqual(await read(reopened, bucket, 'k'), { text: 'old', type: 'text/csv' });
  });

  test(`lists and serves a file that somebody copied into the folder (${bucket})`, async () => {
    const { dir, store } = await start();
    mkdirSync(path.join(dir, bucket, 'by/hand'), { recursive: true });
    writeFileSync(path.join(dir, bucket, 'by/hand/x.txt'), 'hello');
    const { objects } = await store.list(bucket, { limit: 10 });
    assert.deepEqual(
      objects.map(({ key, version }) => [key, version.etag]),
      [['by/hand/x.txt', '5d41402abc4b2a76b9719d911017c592']],
    );
    const [first] = await store.versions(bucket, 'by/hand/x.txt');
    assert.equal(first?.versionId === 'null', bucket === 'plain');
    assert.equal((await store.versions(bucket, 'by/hand/x.txt'))[0]?.versionId, first?.versionId);
    writeFileSync(path.join(dir, bucket, 'by/hand/x.txt'), 'changed');
    assert.equal((await read(store, bucket, 'by/hand/x.txt')).text, 'changed');
  });
}

test('recognises objects of a restored backup, whose files have new times', async () => {
  const { dir, store, reopen } = await start();
  await store.put('plain', 'k', Buffer.from('content'), csv);
  utimesSync(path.join(dir, 'plain/k'), 1, 1);
  assert.deepEqual(await read(await reopen(), 'plain', 'k'), { text: 'content', type: 'text/csv' });
});

test('serves a file whose record the disk damaged', async () => {
  const { dir, store } = await start();
  await store.put('plain', 'k', Buffer.from('content'), csv);
  writeFileSync(recordFile(dir, 'plain', 'k'), '{"key":');
  assert.equal((await read(store, 'plain', 'k')).text, 'content');
});

test('removes unfinished files of a crash', async () => {
  const { dir, reopen } = await start();
  writeFileSync(path.join(dir, '.tidegate/unfinished/half'), 'half');
  await reopen();
  assert.deepEqual(readdirSync(path.join(dir, '.tidegate/unfinished')), []);
});

test('follows no link out of the bucket', async () => {
  const { dir, store } = await start();
  writeFileSync(path.join(dir, 'secret'), 'secret');
  symlinkSync(path.join(dir, 'secret'), path.join(dir, 'plain/link'));
  symlinkSync(dir, path.join(dir, 'plain/folder'));
  await assert.rejects(store.get('plain', 'link'), { code: 'NoSuchKey' });
  await assert.rejects(store.get('plain', 'folder/secret'), { code: 'NoSuchKey' });
  assert.deepEqual((await store.list('plain', { limit: 10 })).objects, []);
  await store.put('plain', 'folder/secret', Buffer.from('mine'));
  assert.equal((await read(store, 'plain', 'folder/secret')).text, 'mine');
  assert.equal(readFileSync(path.join(dir, 'secret'), 'utf8'), 'secret');
});

test('keeps a key beside keys for which it is a folder, whichever came first', async () => {
  const { store } = await start();
  for (const key of ['a', 'a/b', 'c/d', 'c', 'a/b/c']) await store.put('plain', key, Buffer.from(key));
  for (const key of ['a', 'a/b', 'c/d', 'c', 'a/b/c'])
    assert.equal((await read(store, 'plain', key)).text, key);
  await store.remove('plain', 'a');
  await store.put('plain', 'a/b', Buffer.from('again'));
  assert.equal((await read(store, 'plain', 'a/b')).text, 'again');
  const { objects } = await store.list('plain', { limit: 10 });
  assert.deepEqual(
    objects.map(({ key }) => key),
    ['a/b', 'a/b/c', 'c', 'c/d'],
  );
});

test('keeps every acknowledged version, whole, through kill -9', async () => {
  const dir = temporaryFolder();
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'store-child.ts'), dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    if (printed.length > 20_000) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const store = await openStore(dir, systemClock);
  cleanup(() => store.close());
  const lines = printed.split('\n').slice(0, -1);
  assert.ok(lines.length > 200);
  for (const line of lines) {
    const [key, round, versionId] = line.split(' ') as [string, string, string];
    const object = await store.get('versioned', key, versionId);
    assert.equal((await object.body()).toString(), `${key} round ${round}`);
  }
  const { objects } = await store.list('versioned', { limit: 1_000 });
  for (const { key } of objects)
    assert.match((await read(store, 'versioned', key)).text, new RegExp(`^${key} round`));
});
