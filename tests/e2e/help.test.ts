// Every command prints its usage for --help and does nothing else.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folders.ts';

const root = path.resolve(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};

for (const name of [
  'start',
  'device',
  'sim',
  'invoke',
  'policy',
  'rule',
  'dns',
  'audit',
  'rebuild',
  'cost',
  'env',
  'query',
]) {
  test(`npm ${name === 'start' ? name : `run ${name}`} prints its usage for --help and -h`, () => {
    const cwd = temporaryFolder();
    const program = scripts[name]!.replace(/^.*exec node /, '').split(' ');
    for (const flag of ['--help', '-h']) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [...program.map((word) => (/\.c?[jt]s$/.test(word) ? path.join(root, word) : word)), flag],
        { cwd },
      );
      assert.deepEqual([status, stderr.toString()], [0, '']);
      assert.match(stdout.toString(), new RegExp(`^usage: npm (run )?${name} -- `));
    }
    assert.deepEqual(readdirSync(cwd), []);
  });
}
