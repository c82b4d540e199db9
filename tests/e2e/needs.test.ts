// Requirements of the commands: one line for an old Node, and no error when the output's reader exits.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { temporaryFolder } from '../support/folders.ts';
import { root } from './tidegate.ts';

/** A Node that runs no TypeScript, as all before 22. */
const old = '--no-experimental-strip-types';

const run = (args: readonly string[], cwd: string) => {
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  return [status, stdout, stderr] as const;
};

test('before npm ci every npm script that runs a program reports that npm ci is missing', () => {
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

test('after an update, the packages that npm ci has to install are named', () => {
  const folder = temporaryFolder();
  copyFileSync(path.join(root, 'needs.cjs'), path.join(folder, 'needs.cjs'));
  writeFileSync(path.join(folder, 'package.json'), '{"dependencies": {"node-of-the-kind": "1.0.0"}}');
  writeFileSync(path.join(folder, 'local.ts'), `import 'node-of-the-kind';`);
  mkdirSync(path.join(folder, 'node_modules/.bin'), { recursive: true });
  const line = 'node_modules lacks node-of-the-kind: run npm ci again\n';
  assert.deepEqual(run(['-r', './needs.cjs', 'local.ts'], folder), [1, '', line]);
});

/** What only the makers of the project run, after .ci/tools or with packages of a folder's own. */
const FOR_MAKERS =
  /(^|\/)tests\/|^(bench|packages\/fast-fold\/(assembly|build))|^http-api\/write-openapi\.ts$|^jest\./;
const IMPORT =
  /(?:^|\n)(?:import|export) (?!type )(?:[^'";]*? from )?'([^'.][^']*)'|\bimport\('([^'.][^']*)'\)/g;
const nameOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
const dependenciesOf = (file: string) =>
  Object.keys(
    (JSON.parse(readFileSync(path.join(root, file), 'utf8')) as { dependencies?: object }).dependencies ?? {},
  );

test('npm ci installs everything that programs need, except the tests', () => {
  const listed = execFileSync('git', ['ls-files', '*.ts', '*.tsx'], { cwd: root, encoding: 'utf8' });
  const files = listed.split('\n').filter((file) => file !== '' && !FOR_MAKERS.test(file));
  const own = new Set([
    ...dependenciesOf('package.json'),
    ...dependenciesOf('packages/local-cloud/package.json'),
  ]);
  const elsewhere = new Set([...dependenciesOf('commands/query/package.json'), ...builtinModules]);
  const lacking = files.flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    const names = [...text.matchAll(IMPORT)].map(([, from, late]) => nameOf(from ?? late!));
    return names
      .filter((name) => !name.startsWith('node:') && !own.has(name) && !elsewhere.has(name))
      .map((name) => `${file}: ${name}`);
  });
  assert.ok(files.length > 500);
  assert.deepEqual(lacking, []);
});

test('the tools of the tests name the remedy if they cannot be installed', () => {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, '.ci'));
  copyFileSync(path.join(root, '.ci/tools'), path.join(folder, '.ci/tools'));
  writeFileSync(path.join(folder, 'package.json'), '{"devDependencies": {"of-the-kind": "1.0.0"}}');
  const unreachable = { npm_config_registry: 'http://127.0.0.1:1', npm_config_fetch_retries: '0' };
  const { status, stderr } = spawnSync('sh', ['.ci/tools'], {
    cwd: folder,
    env: { ...process.env, ...unreachable, npm_config_cache: path.join(folder, 'cache') },
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(stderr, /^installing the tools of the tests, once/);
  assert.match(stderr, /Run "npm ci --include=dev" where the npm registry can be reached\.\n$/);

  mkdirSync(path.join(folder, 'node_modules/of-the-kind'), { recursive: true });
  writeFileSync(path.join(folder, 'node_modules/of-the-kind/package.json'), '{"version": "1.0.0"}');
  const again = spawnSync('sh', ['.ci/tools'], { cwd: folder, encoding: 'utf8' });
  assert.deepEqual([again.status, again.stdout, again.stderr], [0, '', '']);
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
  ['world', ['--help']],
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
