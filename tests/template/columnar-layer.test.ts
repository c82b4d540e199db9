// The layer for Parquet: the packages of the repository to the version, and in no bundle of the functions that have it.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { bundleFunctions } from '../../packages/local-cloud/lambda/bundle.ts';
import { functionsOf } from '../../packages/local-cloud/template/functions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { loadTidegate } from './tidegate-template.ts';

interface Lock {
  readonly packages: Readonly<Record<string, { version?: string; integrity?: string; resolved?: string }>>;
}
const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')) as unknown;
const { dependencies } = read('layers/columnar/package.json') as { dependencies: Record<string, string> };
const layered = functionsOf(loadTidegate()).filter(({ layerRoots }) => layerRoots);

test('the layer has the versions that the tests run with, pinned by a lock that names no registry', () => {
  const root = read('package-lock.json') as Lock;
  const { packages } = read('layers/columnar/package-lock.json') as Lock;
  for (const name of Object.keys(dependencies)) {
    const [own, tested] = [packages, root.packages].map((all) => all[`node_modules/${name}`]!);
    assert.equal(own!.version, dependencies[name]);
    assert.deepEqual([own!.version, own!.integrity], [tested!.version, tested!.integrity], name);
  }
  assert.ok(Object.values(packages).every(({ resolved }) => resolved === undefined));
});

test('functions with the layer leave its packages out of their code, and no function of the hot path has a layer', async () => {
  assert.ok(layered.some(({ logicalId }) => logicalId === 'ParseBatchFunction'));
  assert.ok(
    !layered.some(({ logicalId }) => /^(Ingest|IngestStream|Presence|Sweep)Function$/.test(logicalId)),
  );
  const folder = temporaryFolder();
  const bundles = await bundleFunctions(layered, folder);
  for (const { logicalId } of layered) {
    const { sources, file } = bundles.get(logicalId)!;
    const inside = sources.filter((source) => /node_modules\/hyparquet/.test(source));
    assert.deepEqual(inside, [], logicalId);
    assert.match(readFileSync(file, 'utf8'), /["']hyparquet["']/, logicalId);
  }
});

test('a function that lost its layer does not start, and the layer that has the package is what its error asks for', async () => {
  const spec = layered.find(({ logicalId }) => logicalId === 'ParseBatchFunction')!;
  const { layerRoots: _gone, ...without } = spec;
  await assert.rejects(bundleFunctions([without], temporaryFolder()), {
    name: 'StartError',
    message: /ParseBatchFunction: External leaves hyparquet(-writer)? out of the build, and no layer of the/,
  });
});
