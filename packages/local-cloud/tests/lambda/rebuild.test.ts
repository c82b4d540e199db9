// A function that is built again while it works: running events finish with the old code, waiting ones get the new code.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { start } from './fixture.ts';

/** Says on disk that it runs, and ends once it is let. */
const sourceOf = (version: string, folder: string) => `
import { existsSync, writeFileSync } from 'node:fs';
export const handler = async ({ name }) => {
  if (!name) return '${version}';
  writeFileSync('${folder}/' + name + '.begun', '');
  while (!existsSync('${folder}/' + name + '.end')) await new Promise((go) => setTimeout(go, 5));
  return '${version}';
};`;

test('finishes running events with the old code, and never runs more at once than the concurrency allows', async () => {
  const folder = temporaryFolder();
  const at = (name: string) => path.join(folder, name);
  const { lambda, dir } = await start({ Fn: { source: sourceOf('old', folder), reservedConcurrency: 1 } });
  await lambda.ready();
  const invoke = async (event: object) => (await lambda.invoke('tidegate-Fn', JSON.stringify(event))).payload;
  const first = invoke({ name: 'first' });
  await eventually('the first runs', () => existsSync(at('first.begun')));
  const second = invoke({ name: 'second' });

  writeFileSync(path.join(dir, 'Fn.ts'), sourceOf('new', folder));
  assert.deepEqual(await lambda.rebuild.build(['Fn']), [{ logicalId: 'Fn', result: 'replaced' }]);
  assert.equal(existsSync(at('second.begun')), false, 'one at a time, also across versions');
  writeFileSync(at('second.end'), '');
  writeFileSync(at('first.end'), '');
  assert.equal(await first, '"old"');
  assert.equal(await second, '"new"');
  assert.equal(await invoke({}), '"new"');
});

test('reports the result of a build, knows the files that it read, and keeps no more builds than it needs', async () => {
  const { lambda, dir } = await start({
    Fn: { source: `import { word } from './word.ts'; export const handler = async () => word;` },
    Other: { source: `export const handler = async () => 'other';` },
  });
  writeFileSync(path.join(dir, 'word.ts'), `export const word = 'one';`);
  await lambda.ready();
  assert.deepEqual(
    lambda.rebuild.sources().get('Fn'),
    ['Fn.ts', 'word.ts'].map((name) => path.join(dir, name)),
  );
  assert.deepEqual(await lambda.rebuild.build(['Fn']), [{ logicalId: 'Fn', result: 'same' }]);
  writeFileSync(path.join(dir, 'word.ts'), `export const word = ;`);
  const failed = await lambda.rebuild.build(['Fn', 'Other']);
  assert.deepEqual(
    failed.map(({ logicalId, result }) => [logicalId, result]),
    [
      ['Fn', 'failed'],
      ['Other', 'same'],
    ],
  );
  for (const word of ['two', 'three', 'four', 'five']) {
    writeFileSync(path.join(dir, 'word.ts'), `export const word = '${word}';`);
    assert.deepEqual(await lambda.rebuild.build(['Fn']), [{ logicalId: 'Fn', result: 'replaced' }]);
    assert.equal((await lambda.invoke('tidegate-Fn', '{}')).payload, `"${word}"`);
  }
  assert.ok(readdirSync(path.join(dir, 'build/.rebuilt')).length <= 2);
});
