// The house rules that a reader of one file cannot see: size, depth, an opening sentence, one template.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const rooms = [
  ...['adapters', 'audit', 'bench', 'commands', 'core', 'dashboard', 'device-sim', 'functions', 'http-api'],
  ...['packages', 'pipeline', 'tests', 'world'],
];

/** Every TypeScript file of the project. */
function sourceFiles(): string[] {
  const own = [
    '-name',
    'node_modules',
    '-prune',
    '-o',
    '-name',
    '*.ts',
    '-print',
    '-o',
    '-name',
    '*.tsx',
    '-print',
  ];
  const listed = execFileSync('find', [...rooms, ...own], { cwd: root, encoding: 'utf8' });
  return listed.split('\n').filter(Boolean).sort();
}

const files = sourceFiles();

test('every file opens with the sentence that says why it exists', () => {
  const opening = (file: string) => readFileSync(path.join(root, file), 'utf8').replace(/^#!.*\n/, '');
  const silent = files.filter((file) => !opening(file).startsWith('// '));
  assert.deepEqual(silent, []);
});

test('a blank line follows the comment that opens a file', () => {
  const opening = /^(?:#!.*\n)?(?:\/\/.*\n)+(?=\n|$)/;
  const crowded = files.filter((file) => !opening.test(readFileSync(path.join(root, file), 'utf8')));
  assert.deepEqual(crowded, []);
});

test('a constant of a module is in capitals', () => {
  const lowerCase =
    /^(?:export )?const [a-z]\w* = (?:-?\d[\d_.e]*(?: [*+/-] [\dA-Z_.]+)*|'[^']*'|\/.*\/[a-z]*);$/m;
  const found = files.filter((file) => {
    return (
      !/(^|\/)(tests|assembly)\//.test(file) && lowerCase.test(readFileSync(path.join(root, file), 'utf8'))
    );
  });
  assert.deepEqual(found, []);
});

test('a source file fits in the head: at most 300 lines', () => {
  const long = files.filter((file) => {
    return (
      !/(^|\/)tests\//.test(file) && readFileSync(path.join(root, file), 'utf8').split('\n').length > 301
    );
  });
  assert.deepEqual(long, []);
});

test('folders go two levels deep at most, and names are kebab-case', () => {
  assert.deepEqual(
    files.filter(
      (file) =>
        !/^(packages\/[a-z-]+\/(tests\/)?)?([a-z][a-z0-9-]*\/){0,2}[a-z0-9-]+(\.test)?\.tsx?$/.test(file),
    ),
    [],
  );
});

test('no file is named after a drawer', () => {
  assert.deepEqual(
    files.filter((file) => /\b(utils?|helpers?|common|manager|misc)\b/.test(file)),
    [],
  );
});

const ONLY_TESTS = ['tests/**', 'packages/*/tests/**'];

test('the linter holds one import a module, and functions of at most 80 lines outside of tests', () => {
  const { rules, overrides } = JSON.parse(readFileSync(path.join(root, '.oxlintrc.json'), 'utf8')) as {
    rules: Record<string, unknown>;
    overrides: { files: string[]; rules: Record<string, unknown> }[];
  };
  assert.equal(rules['no-duplicate-imports'], 'error');
  assert.deepEqual(rules['max-lines-per-function'], [
    'error',
    { max: 80, skipBlankLines: false, skipComments: false },
  ]);
  const exempt = overrides.filter(({ rules }) => 'max-lines-per-function' in rules);
  assert.deepEqual(
    exempt.map(({ files }) => files),
    [ONLY_TESTS],
  );
});

const locks = ['', 'bench/', 'commands/query/', 'packages/fast-fold/assembly/'].map(
  (folder) => `${folder}package-lock.json`,
);

test('no package comes from an address of its own', () => {
  for (const lock of locks) {
    assert.doesNotMatch(readFileSync(path.join(root, lock), 'utf8'), /"resolved": "(?!packages\/)/);
  }
});

/** What a lock says of a package, its own one's included. */
interface Locked {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

test('locks have every package that is needed on any machine', () => {
  for (const lock of locks) {
    const { packages } = JSON.parse(readFileSync(path.join(root, lock), 'utf8')) as {
      packages: Record<string, Locked>;
    };
    const present = new Set(Object.keys(packages).map((key) => key.replace(/^.*node_modules\//, '')));
    const needed = Object.values(packages).flatMap(({ dependencies, optionalDependencies }) =>
      Object.keys({ ...dependencies, ...optionalDependencies }),
    );
    assert.deepEqual(
      needed.filter((name) => !present.has(name)),
      [],
      lock,
    );
  }
});
