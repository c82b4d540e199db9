// The name of a stack: the option, else samconfig.toml, else the folder.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { sourceOf } from '../../stack-source.ts';

function folderOf(name: string, samconfig?: string): string {
  const outer = temporaryFolder();
  const folder = path.join(outer, name);
  mkdirSync(folder);
  if (samconfig !== undefined) writeFileSync(path.join(folder, 'samconfig.toml'), samconfig);
  return folder;
}

const nameIn = (folder: string, more: object = {}) =>
  sourceOf({ template: path.join(folder, 'template.yaml'), ...more }).stackName;

const folders: readonly (readonly [folder: string, stackName: string])[] = [
  ['shop', 'shop'],
  ['My Shop_2', 'My-Shop-2'],
  ['.shop', 'shop'],
  ['2-shops', 'shops'],
  ['42', 'stack'],
  ['Kühlhaus', 'K-hlhaus'],
  ['x'.repeat(60), 'x'.repeat(32)],
];
for (const [folder, stackName] of folders) {
  test(`a stack in the folder ${folder} is called ${stackName}`, () => {
    assert.equal(nameIn(folderOf(folder)), stackName);
  });
}

const settings: readonly (readonly [toml: string, stackName: string])[] = [
  ['[default.global.parameters]\nstack_name = "prod"', 'prod'],
  ['[default.deploy.parameters]\nstack_name = "prod"', 'prod'],
  ['[default.global.parameters]\nstack_name = "prod"\n[local.global.parameters]\nstack_name = "dev"', 'dev'],
  ['[staging.global.parameters]\nstack_name = "staging"', 'shop'],
  ['version = 0.1', 'shop'],
];
for (const [toml, stackName] of settings) {
  test(`samconfig.toml with ${toml.replaceAll('\n', ' ')} gives ${stackName}`, () => {
    assert.equal(nameIn(folderOf('shop', toml)), stackName);
  });
}

test('the command line takes precedence, and another samconfig.toml may be named', () => {
  const folder = folderOf('shop', '[default.global.parameters]\nstack_name = "prod"');
  assert.equal(nameIn(folder, { 'stack-name': 'mine' }), 'mine');
  const other = path.join(folder, 'other.toml');
  writeFileSync(other, '[default.global.parameters]\nstack_name = "other"');
  assert.equal(nameIn(folder, { samconfig: other }), 'other');
});

test('a name that CloudFormation refuses is refused', () => {
  const folder = folderOf('shop', '[default.global.parameters]\nstack_name = "a_b"');
  const message = /^stack name a_b: it must begin with a letter and have only letters, digits and hyphens/;
  assert.throws(() => nameIn(folder), { name: 'StartError', message });
  const number = folderOf('shop', '[default.global.parameters]\nstack_name = 5');
  assert.throws(() => nameIn(number), {
    name: 'StartError',
    message: /samconfig\.toml: stack_name must be text$/,
  });
});
