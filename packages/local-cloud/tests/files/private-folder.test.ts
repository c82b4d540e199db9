// The data directory belongs to its owner: open permissions are closed, and a folder that cannot be closed stops the start with a remedy.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { testIf } from '../../../../tests/support/conditions.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { lockDataDir } from '../../data-dir.ts';
import { StartError } from '../../start-error.ts';

const isRoot = process.getuid?.() === 0;
const somebody = 12_345;
const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);

/** A data directory as an earlier version or a careless copy left it: everybody on the machine may read the key. */
function openDataDir(mode = 0o755) {
  const dir = path.join(temporaryFolder(), 'data');
  const folder = path.join(dir, 'iot/deeper/still');
  const key = path.join(folder, 'ca.key');
  mkdirSync(folder, { recursive: true });
  writeFileSync(key, 'secret');
  writeFileSync(path.join(dir, 'iot/ca.pem'), 'public');
  for (const each of [folder, path.dirname(folder), path.join(dir, 'iot'), dir]) chmodSync(each, mode);
  chmodSync(key, 0o644);
  return { dir, folder, key };
}

const start = (dir: string) => lockDataDir(dir)();
const refusal = (message: RegExp) => (error: unknown) =>
  error instanceof StartError && message.test(error.message);

test.each([0o755, 0o777, 0o750, 0o1777])('closes a directory of mode %o with all that is in it', (mode) => {
  const { dir, folder, key } = openDataDir(mode);
  start(dir);
  for (const each of [dir, path.join(dir, 'iot'), folder]) assert.equal(modeOf(each), '700', each);
  assert.equal(modeOf(key), '600');
  assert.equal(modeOf(path.join(dir, 'iot/ca.pem')), '600');
});

test('closes open folders within the first two levels of a closed one', () => {
  const { dir } = openDataDir();
  chmodSync(dir, 0o700);
  start(dir);
  for (const name of ['iot', 'iot/deeper']) assert.equal(modeOf(path.join(dir, name)), '700', name);
  assert.equal(modeOf(path.join(dir, 'iot/ca.pem')), '600');
});

test('makes a new directory for its owner alone, and closes an empty one', () => {
  const fresh = path.join(temporaryFolder(), 'a/b');
  const empty = path.join(temporaryFolder(), 'empty');
  mkdirSync(empty);
  chmodSync(empty, 0o755);
  for (const dir of [fresh, empty]) {
    start(dir);
    assert.equal(modeOf(dir), '700');
  }
});

test('leaves a folder of other things as it is, and says what to do', () => {
  const home = path.join(temporaryFolder(), 'home');
  mkdirSync(path.join(home, 'photos'), { recursive: true });
  chmodSync(home, 0o755);
  assert.throws(
    () => start(home),
    refusal(/has files of something else: choose a folder .* --data-dir, or chmod 700/),
  );
  assert.equal(modeOf(home), '755');
  chmodSync(home, 0o700); // whoever does that by hand means it
  start(home);
});

test('follows a link to the directory that is its owner’s own', () => {
  const { dir, key } = openDataDir();
  const link = path.join(temporaryFolder(), 'link');
  symlinkSync(dir, link);
  start(link);
  assert.equal(modeOf(dir), '700');
  assert.equal(modeOf(key), '600');
});

test('changes nothing behind a link inside, and refuses a link to files that others can read', () => {
  const { dir } = openDataDir();
  const elsewhere = path.join(temporaryFolder(), 'disk');
  mkdirSync(elsewhere);
  chmodSync(elsewhere, 0o755);
  symlinkSync(elsewhere, path.join(dir, 's3'));
  assert.throws(() => start(dir), refusal(/s3 leads to what other users can read: chmod go= its target/));
  assert.equal(modeOf(elsewhere), '755');
  chmodSync(elsewhere, 0o700);
  start(dir);
  rmSync(elsewhere, { recursive: true });
  start(dir); // a link to nothing harms nobody
});

const asRoot = testIf(isRoot, 'only root can give files away');

asRoot('refuses a directory of somebody else', () => {
  const { dir } = openDataDir();
  chownSync(dir, somebody, somebody);
  assert.throws(() => start(dir), refusal(/belongs to user 12345, .*: sudo chown -R 0 .*--data-dir$/));
});

asRoot('refuses a file of somebody else in it, and a link that somebody else laid', () => {
  const { dir, key } = openDataDir();
  chownSync(key, somebody, somebody);
  assert.throws(() => start(dir), refusal(/ca\.key belongs to user 12345/));
  chownSync(key, 0, 0);
  const link = path.join(dir, 'journal');
  symlinkSync(temporaryFolder(), link);
  lchownSync(link, somebody, somebody);
  assert.throws(() => start(dir), refusal(/journal belongs to user 12345.*: remove it/));
  const trap = path.join(temporaryFolder(), 'trap');
  symlinkSync(openDataDir().dir, trap);
  lchownSync(trap, somebody, somebody);
  assert.throws(() => start(trap), refusal(/trap belongs to user 12345.*: remove it/));
});
