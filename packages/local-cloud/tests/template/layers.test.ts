// Layers as `sam build` makes them: packages by exact version, wherever npm has put them; a package that a layer lacks is refused by name.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { functionsOf } from '../../template/functions.ts';
import type { LayerRoot } from '../../template/layers.ts';
import { start } from '../lambda/fixture.ts';
import { withTemplate } from './fixture.ts';

const TEMPLATE = `
Resources:
  Shared:
    Type: AWS::Serverless::LayerVersion
    Metadata: { BuildMethod: nodejs24.x }
    Properties: { ContentUri: layer }
  Convert:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: src, Handler: index.handler, Runtime: nodejs24.x, Layers: [!Ref Shared] }
`;
const layerOf = (dependencies: object) => ({
  'src/index.js': 'exports.handler = async () => 1;',
  'layer/package.json': JSON.stringify({ name: 'shared', version: '1.0.0', dependencies }),
});
const installed = (name: string, version: string) => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version, main: 'index.js' }),
  [`node_modules/${name}/index.js`]: `exports.name = '${name} ${version}';`,
});

test('a layer has the packages that its package.json names, where npm has installed them above', () => {
  const files = { ...layerOf({ units: '1.0.0' }), ...installed('units', '1.0.0') };
  withTemplate(TEMPLATE, { files }, (template) => {
    const [convert] = functionsOf(template);
    assert.deepEqual(convert!.layerRoots, [{ folder: path.dirname(template.file), packages: ['units'] }]);
  });
});

const refused: readonly (readonly [title: string, files: Record<string, string>, message: RegExp])[] = [
  [
    'another version',
    { ...layerOf({ units: '1.0.0' }), ...installed('units', '1.0.1') },
    /Shared: its package\.json names units 1\.0\.0, and .*node_modules has 1\.0\.1: run npm install in .*layer$/,
  ],
  [
    'no such package',
    layerOf({ units: '1.0.0' }),
    /names units 1\.0\.0, which is not installed: run npm install/,
  ],
  [
    'no package.json',
    { 'src/index.js': '', 'layer/README': '' },
    /layer has no nodejs\/node_modules: run npm/,
  ],
  [
    'a package.json that is cut off',
    { 'src/index.js': '', 'layer/package.json': '{' },
    /package\.json is not/,
  ],
];
for (const [title, files, message] of refused) {
  test(`a layer with ${title} is refused, and the remedy is named`, () =>
    assert.throws(() => withTemplate(TEMPLATE, { files }, functionsOf), { name: 'StartError', message }));
}

/** A folder with two packages, of which a layer has one. */
function layerFolder(): LayerRoot {
  const folder = temporaryFolder();
  const files = { ...installed('units', '1.0.0'), ...installed('beside', '1.0.0') };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return { folder, packages: ['units'] };
}
const leavingOut = (...external: string[]) => ({
  ...({
    format: 'esm',
    splitting: false,
    target: 'es2024',
    minify: true,
    sourcemap: false,
    sourcesContent: false,
  } as const),
  ...{ external, mainFields: [], outExtension: { '.js': '.mjs' }, loader: {} },
});

test('a built function imports the packages that External leaves out from its layer', async () => {
  const source = `import { name } from 'units'; export const handler = async () => name;`;
  const draft = { source, build: leavingOut('units'), layerRoots: [layerFolder()] };
  const { lambda } = await start({ Fn: draft });
  assert.equal((await lambda.invoke('tidegate-Fn', '{}')).payload, '"units 1.0.0"');
});

test('a built function does not start if no layer has its package, and the package is named', async () => {
  const cases: readonly (readonly [name: string, layerRoots: LayerRoot[]])[] = [
    ['units', []],
    ['beside', [layerFolder()]],
  ];
  for (const [name, layerRoots] of cases) {
    const source = `import { name } from '${name}/index.js'; export const handler = async () => name;`;
    const { lambda } = await start({ Fn: { source, build: leavingOut(name), layerRoots } });
    await assert.rejects(lambda.ready(), {
      name: 'StartError',
      message: `template.yaml:7: Fn: External leaves ${name} out of the build, and no layer of the function has it: name a layer with ${name} in Layers, or take it out of External`,
    });
  }
});

test('a package that is imported on demand may be missing if no layer has it', async () => {
  const source = `export const handler = async () => import('nowhere').catch(({ code }) => code);`;
  const { lambda } = await start({ Fn: { source, build: leavingOut('nowhere') } });
  assert.equal((await lambda.invoke('tidegate-Fn', '{}')).payload, '"ERR_MODULE_NOT_FOUND"');
});
