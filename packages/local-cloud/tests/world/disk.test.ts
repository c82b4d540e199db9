// The world's disk: synced writes stay, and a power cut removes the last of the others.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createDisk, type Disk, type File, type Node } from '../../world/disk.ts';
import { createRandom } from '../../world/random.ts';

const SEEDS = 50;

const sync = (disk: Disk, node: Node) => disk.beginSync(node)();

function fileOn(disk: Disk, name: string): File {
  const { folder } = disk.folderOf(`/tmp/${name}`, 'open');
  const file = disk.newFile(0o600);
  disk.link(folder, name, file);
  sync(disk, folder);
  return file;
}

const textOf = (file: File) => file.data.toString('utf8', 0, file.size);

test('a power cut keeps synced writes, and a beginning of those after them', () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const disk = createDisk();
    const file = fileOn(disk, 'log');
    disk.write(file, Buffer.from('synced'), 0);
    sync(disk, file);
    disk.write(file, Buffer.from(' first'), 6);
    disk.write(file, Buffer.from(' second'), 12);
    disk.cutPower(createRandom(seed, 'cut'));
    assert.ok('synced first second'.startsWith(textOf(file)), textOf(file));
    assert.ok(textOf(file).startsWith('synced'), textOf(file));
    seen.add(textOf(file));
  }
  assert.ok(seen.has('synced') && seen.has('synced first') && seen.has('synced first second'));
});

test('a sync of a folder keeps the names that it had before it began', () => {
  let gone = 0;
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const disk = createDisk();
    const { folder } = disk.folderOf('/tmp/log', 'open');
    disk.link(folder, 'before', disk.newFile(0o600));
    const end = disk.beginSync(folder);
    disk.link(folder, 'during', disk.newFile(0o600));
    end();
    disk.cutPower(createRandom(seed, 'cut'));
    assert.ok(disk.find('/tmp/before'));
    if (!disk.find('/tmp/during')) gone += 1;
  }
  assert.ok(gone > 0 && gone < SEEDS);
});

test('a power cut restores bytes that were cut off or overwritten and not synced', () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const disk = createDisk();
    const file = fileOn(disk, 'log');
    disk.write(file, Buffer.from('one two'), 0);
    sync(disk, file);
    disk.truncate(file, 0);
    disk.write(file, Buffer.from('new'), 0);
    disk.cutPower(createRandom(seed, 'cut'));
    seen.add(textOf(file));
  }
  assert.ok(seen.has('one two') && seen.has('new'));
});

test('a file may be lost if its folder was not synced, and stays if it was', () => {
  let gone = 0;
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const disk = createDisk();
    fileOn(disk, 'kept');
    disk.link(disk.folderOf('/tmp/loose', 'open').folder, 'loose', disk.newFile(0o600));
    disk.cutPower(createRandom(seed, 'cut'));
    assert.ok(disk.find('/tmp/kept'));
    if (!disk.find('/tmp/loose')) gone += 1;
  }
  assert.ok(gone > 0 && gone < SEEDS);
});

test('a full disk accepts a part of a write that makes a file longer, and reports ENOSPC', () => {
  const disk = createDisk();
  const file = fileOn(disk, 'log');
  disk.write(file, Buffer.from('before'), 0);
  disk.isFull = true;
  assert.throws(() => disk.write(file, Buffer.from(' and after'), 6), { code: 'ENOSPC' });
  assert.ok('before and after'.startsWith(textOf(file)) && file.size < 16);
  disk.write(file, Buffer.from('BEFORE'), 0);
  assert.ok(textOf(file).startsWith('BEFORE'));
});
