// Functions are built once for the same sources: everything that a build reads, or would read, counts.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { cacheFolderOf, createBundleCache } from '../../lambda/bundle-cache.ts';
import { start } from './fixture.ts';

const source = `import { name } from './name.ts'; export const handler = async () => name;`;
const key = 'options';

/** A project with a source and what a build made of it, which the cache keeps. */
async function keptProject() {
  const dir = temporaryFolder();
  const at = (...names: string[]) => path.join(dir, ...names);
  for (const folder of ['src', 'built/Fn', 'other/deeper']) await mkdir(at(folder), { recursive: true });
  await writeFile(at('src/fn.ts'), source);
  await writeFile(at('package.json'), '{}');
  await writeFile(at('built/Fn/fn.mjs'), 'code');
  await writeFile(
    at('built/Fn/fn.mjs.map'),
    '{\n  "version": 3,\n  "sources": ["../../src/fn.ts"],\n  "names": []\n}\n',
  );
  const cache = createBundleCache(at('cache'));
  await cache.keep(key, at('built'), ['Fn/fn.mjs', 'Fn/fn.mjs.map'], [at('src/fn.ts')]);
  return { at, take: () => cache.take(key, at('other/deeper')) };
}

test('gives the build of the same sources, with source maps that find them', async () => {
  const { at, take } = await keptProject();
  assert.equal(await take(), true);
  assert.equal(await readFile(at('other/deeper/Fn/fn.mjs'), 'utf8'), 'code');
  const map = JSON.parse(await readFile(at('other/deeper/Fn/fn.mjs.map'), 'utf8')) as { sources: string[] };
  assert.deepEqual(map.sources, ['../../../src/fn.ts']);
});

const changes: readonly (readonly [what: string, file: string])[] = [
  ['a source that changed', 'src/fn.ts'],
  ['a package.json above it that changed', 'package.json'],
  ['a package.json that came', 'src/package.json'],
  ['a tsconfig.json that came', 'tsconfig.json'],
  ['a lockfile that came', 'package-lock.json'],
  ['a file that came and is tried before a source', 'src/fn.tsx'],
];

for (const [what, file] of changes) {
  test(`gives nothing after ${what}`, async () => {
    const { at, take } = await keptProject();
    await writeFile(at(file), '{"type": "module"}');
    assert.equal(await take(), false);
  });
}

test('gives nothing after a source that went, or for other options', async () => {
  const { at, take } = await keptProject();
  assert.equal(await createBundleCache(at('cache')).take('other options', at('other')), false);
  await rm(at('src/fn.ts'));
  assert.equal(await take(), false);
});

test('gives nothing that was damaged on disk', async () => {
  const { at, take } = await keptProject();
  const [entry] = await readdir(at('cache'));
  await writeFile(at('cache', entry!, 'Fn/fn.mjs'), 'cod');
  assert.equal(await take(), false);
  await writeFile(at('cache', entry!, 'manifest.json'), '{"inputs":');
  assert.equal(await take(), false);
});

test('a cache that cannot be written costs the next start a build, and nothing else', async () => {
  const { at } = await keptProject();
  await writeFile(at('file'), '');
  const cache = createBundleCache(at('file', 'cache'));
  await cache.keep(key, at('built'), ['Fn/fn.mjs'], [at('src/fn.ts')]);
  assert.equal(await cache.take(key, at('other')), false);
});

test('is where tools of Node keep files that can be created again, and not in a project without node_modules', async () => {
  const { at } = await keptProject();
  assert.equal(cacheFolderOf(at('src/fn.ts')), undefined);
  await mkdir(at('node_modules'));
  assert.equal(cacheFolderOf(at('src/fn.ts')), at('node_modules/.cache/local-cloud'));
});

test('a function runs the earlier build, and a new one after a change', async () => {
  const dir = temporaryFolder();
  await mkdir(path.join(dir, 'node_modules'));
  const answer = async (name: string) => {
    await writeFile(path.join(dir, 'name.ts'), `export const name = '${name}';`);
    const { lambda } = await start({ Fn: { source } }, { dir });
    const { payload } = await lambda.invoke('tidegate-Fn', '{}');
    return payload;
  };
  const cached = async () => {
    const folder = path.join(dir, 'node_modules/.cache/local-cloud');
    const [entry, ...more] = (await readdir(folder)).filter((name) => name !== 'imported');
    assert.deepEqual(more, []);
    return (await stat(path.join(folder, entry!))).mtimeMs;
  };
  assert.equal(await answer('one'), '"one"');
  const first = await cached();
  assert.equal(await answer('one'), '"one"');
  assert.equal(await cached(), first);
  assert.equal(await answer('two'), '"two"');
  assert.notEqual(await cached(), first);
});
