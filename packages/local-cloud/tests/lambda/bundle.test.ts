// Building a function as SAM's esbuild method does, with one clear line for each thing that can be wrong.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createLogFile } from '../../lambda/log-file.ts';
import { silentLog } from '../../log.ts';
import { type FunctionDraft, start } from './fixture.ts';

const SPLIT: FunctionDraft['build'] = {
  ...{ format: 'esm', target: 'es2024', minify: true, splitting: true, sourcemap: false },
  ...{ sourcesContent: true, external: [], mainFields: [], outExtension: { '.js': '.mjs' }, loader: {} },
};
const source = `import { join } from 'node:path'; export const handler = async () => join('a', 'b');`;

test('builds CommonJS and ES modules, with and without source maps, and replaces the last build', async () => {
  const esm = (await start({ Fn: { source } })).dir;
  const build: FunctionDraft['build'] = {
    format: 'cjs',
    target: 'es2020',
    minify: true,
    sourcemap: true,
    splitting: false,
    sourcesContent: false,
    external: [],
    mainFields: [],
    outExtension: {},
    loader: {},
  };
  await mkdir(path.join(esm, 'build', 'Fn'), { recursive: true });
  await writeFile(path.join(esm, 'build', 'Fn', 'Fn.mjs'), 'stale');
  const { lambda, dir } = await start({ Fn: { source, build } }, { dir: esm });
  assert.equal((await lambda.invoke('tidegate-Fn', '{}')).payload, '"a/b"');
  assert.deepEqual((await readdir(path.join(dir, 'build', 'Fn'))).sort(), [
    'Fn.js',
    'Fn.js.map',
    'package.json',
  ]);
});

test('puts late imports into a file of the function that has them', async () => {
  const dir = temporaryFolder();
  await mkdir(path.join(dir, 'node_modules')); // so that the second start takes what the first has built
  await writeFile(path.join(dir, 'rare.ts'), 'export const rare = "seldom";');
  const late = `export const handler = async (late: boolean) => late && (await import('./rare.ts')).rare;`;
  const drafts = { One: { source: late, build: SPLIT }, Two: { source: late, build: SPLIT } };
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { lambda } = await start(drafts, { dir });
    assert.equal((await lambda.invoke('tidegate-One', 'false')).payload, 'false');
    for (const name of ['One', 'Two']) {
      assert.equal((await lambda.invoke(`tidegate-${name}`, 'true')).payload, '"seldom"');
      const files = (await readdir(path.join(dir, 'build', name))).sort();
      assert.equal(files.length, 3);
      assert.deepEqual([files[0], files[1]], [`${name}.mjs`, 'package.json']);
      assert.match(files[2]!, /^rare-\w+\.mjs$/);
    }
    await lambda.close();
  }
});

test('names file, line and error of a failed build', async () => {
  const cases: readonly [FunctionDraft, RegExp][] = [
    [
      { source: `export const ok = 1;\nimport { x } from './missing.ts';\nexport const handler = () => x;` },
      /^template\.yaml:7: Broken does not build: .*Broken\.ts:2: Could not resolve "\.\/missing\.ts"$/,
    ],
    [{ source: 'export const handler = ;' }, /Broken\.ts:1: Unexpected ";"$/],
    [
      { source, entryPoint: '/nowhere/at-all.ts' },
      /does not build: Could not resolve "\/nowhere\/at-all\.ts"$/,
    ],
    [
      { source, handlerFile: 'other' },
      /gives no file for handler other\.handler: name it .* as Broken\.handler$/,
    ],
  ];
  for (const [draft, message] of cases) {
    const { lambda } = await start({ Broken: draft });
    await assert.rejects(lambda.ready(), { name: 'StartError', message });
    await assert.rejects(lambda.invoke('tidegate-Broken', '{}'), { name: 'StartError' });
  }
});

test('keeps a log within two files of the given size, readable by its owner only', async () => {
  const { dir } = await start({});
  const file = path.join(dir, 'logs', 'Fn.log');
  const log = createLogFile(file, silentLog, 1_000);
  for (let i = 0; i < 100; i += 1) {
    log.append(`${String(i).padStart(49, '.')}\n`);
    await log.flushed();
  }
  assert.ok((await stat(file)).size <= 1_000);
  assert.ok((await stat(`${file}.1`)).size <= 1_000);
  assert.match(await readFile(file, 'utf8'), /\.99\n$/);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test('loses only lines, with one warning, when a log cannot be written', async () => {
  const { dir } = await start({});
  await writeFile(path.join(dir, 'logs'), 'a file where the folder should be');
  const warnings: string[] = [];
  const log = createLogFile(path.join(dir, 'logs', 'Fn.log'), {
    ...silentLog,
    warn: (m) => void warnings.push(m),
  });
  for (let i = 0; i < 3; i += 1) {
    log.append('line\n');
    await log.flushed();
  }
  assert.deepEqual(warnings, ['function output cannot be written']);
});
