// What a person at the terminal meets beside the programs themselves: one line for an old Node, none for a reader that goes.
import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folders.ts';
import { root } from './tidegate.ts';

/** A Node that runs no TypeScript, as all before 22. */
const old = '--no-experimental-strip-types';

const run = (args: readonly string[], cwd: string) => {
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  return [status, stdout, stderr] as const;
};

test('before npm ci every npm script that runs a program says that it is missing', () => {
  const folder = temporaryFolder();
  copyFileSync(path.join(root, 'needs.cjs'), path.join(folder, 'needs.cjs'));
  writeFileSync(path.join(folder, 'local.ts'), `import 'nothing-of-the-kind';`);
  const line = 'node_modules is missing: run npm ci first\n';
  for (const flags of [[], [old]])
    assert.deepEqual(run([...flags, '-r', './needs.cjs', 'local.ts'], folder), [1, '', line]);

  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const unguarded = Object.entries(scripts).filter(
    ([, script]) => / node .*\.ts/.test(` ${script}`) && !script.includes('node -r ./needs.cjs '),
  );
  assert.deepEqual(unguarded, []);
});

test('after an update, what npm ci has to fetch is named', () => {
  const folder = temporaryFolder();
  copyFileSync(path.join(root, 'needs.cjs'), path.join(folder, 'needs.cjs'));
  writeFileSync(path.join(folder, 'package.json'), '{"dependencies": {"node-of-the-kind": "1.0.0"}}');
  writeFileSync(path.join(folder, 'local.ts'), `import 'node-of-the-kind';`);
  mkdirSync(path.join(folder, 'node_modules/.bin'), { recursive: true });
  const line = 'node_modules lacks node-of-the-kind: run npm ci again\n';
  assert.deepEqual(run(['-r', './needs.cjs', 'local.ts'], folder), [1, '', line]);
});

test('an old Node gets one line that says what to do, from the npm scripts and from local-cloud', () => {
  const [code, , announced] = run([old, '-r', './needs.cjs', 'local.ts', '--help'], root);
  assert.equal(code, 1);
  assert.match(announced, /^this is Node \d[^\n]*npm ci[^\n]*\n$/);
  const program = path.join(root, 'packages/local-cloud/cli.cjs');
  const [status, , line] = run([old, program, '--help'], temporaryFolder());
  assert.equal(status, 1);
  assert.match(line, /^local-cloud needs Node 24, and this is Node [^\n]*\n$/);
});

test('local-cloud runs from another folder', () => {
  const program = path.join(root, 'packages/local-cloud/cli.cjs');
  const [status, usage, errors] = run([program, '--help'], temporaryFolder());
  assert.deepEqual([status, errors], [0, '']);
  assert.match(usage, /^usage: local-cloud start /);
});

const finite: readonly (readonly [script: string, args: readonly string[]])[] = [
  ['device', ['--help']],
  ['sim', ['--help']],
  ['invoke', ['--help']],
  ['policy', []],
  ['rule', []],
  ['audit', ['--help']],
  ['rebuild', ['--help']],
  ['reading', ['--help']],
  ['watch', ['--help']],
  ['alerts', ['--help']],
  ['limit', ['--help']],
  ['cost', ['--devices', '10', '--rate', '1']],
  ['chaos', ['--help']],
];
test.each(finite)('npm run %s ends quietly when nobody reads on', async (script, args) => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const child = spawn('sh', ['-c', `${scripts[script]} "$@"`, 'sh', ...args], {
    cwd: root,
    env: { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.deepEqual([code, errors], [0, '']);
});
