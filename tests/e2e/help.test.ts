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

/** Commands whose help is not the first verb's. */
const SECOND = [
  ['policy', 'prove'],
  ['rule', 'why'],
  ['dns', 'drill'],
  ['seal', 'verify'],
];
/** Programs of others, and one without options. */
const WITHOUT = ['check', 'format', 'test', 'build', 'deploy', 'openapi', 'postinstall'];
const names = Object.keys(scripts).filter((name) => !WITHOUT.includes(name));

for (const command of [...names.map((name) => [name]), ...SECOND]) {
  const [name, ...verb] = command as [string, ...string[]];
  test(`npm ${name === 'start' ? name : `run ${command.join(' ')}`} prints its usage for --help and -h, in 80 columns`, () => {
    const cwd = temporaryFolder();
    const program = scripts[name]!.replace(/^.*exec node /, '').split(' ');
    for (const flag of ['--help', '-h']) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [...program.map((word) => (/\.c?[jt]s$/.test(word) ? path.join(root, word) : word)), ...verb, flag],
        { cwd, encoding: 'utf8' },
      );
      assert.deepEqual([status, stderr], [0, '']);
      assert.match(stdout, new RegExp(`^usage: npm (run )?${name}\\b`));
      assert.deepEqual(
        stdout.split('\n').filter((line) => line.length > 80),
        [],
      );
    }
    assert.deepEqual(readdirSync(cwd), []);
  });
}
