// The pages and comments name files that are there, and their links lead somewhere.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(root, file)));
const pages = tracked.filter((file) => file.endsWith('.md') && path.basename(file) !== 'CHANGELOG.md');
const sources = tracked.filter((file) => file.endsWith('.ts'));
/** Folders at the root of the repository and of the packages. */
const rooms = new Set(tracked.filter((file) => file.includes('/')).map((file) => file.split('/')[0]!));

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** As GitHub makes them: https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links */
function anchorsOf(page: string): Set<string> {
  const headings = read(page).matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, text]) =>
      text!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

for (const page of pages) {
  test(`the links of ${page} lead somewhere`, () => {
    const links = read(page).matchAll(/\]\(([^()\s]+)\)/g);
    const dead = [...links]
      .map(([, link]) => link!)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [file, anchor] = link.split('#') as [string, string?];
        const target = file === '' ? page : path.join(path.dirname(page), file);
        if (!existsSync(path.join(root, target))) return true;
        return anchor !== undefined && !anchorsOf(target).has(anchor);
      });
    assert.deepEqual(dead, []);
  });
}

/** Paths that begin with a room of ours or name a source file; those with a placeholder are left out. */
function pathsIn(text: string): string[] {
  const found = text.matchAll(/(?<![\w./:$<@*{-])((?:[a-z][\w-]*\/)+(?:[\w-][\w.-]*)?)(?![\w/<{*])/g);
  const names = [...found].map(([, name]) => name!.replace(/\.$/, ''));
  return names.filter((name) => name.endsWith('.ts') || rooms.has(name.split('/')[0]!));
}

/** From the root, from the package, or from where it is named. */
const isThere = (name: string, from: string) =>
  [root, path.join(root, ...from.split('/').slice(0, 2)), path.join(root, path.dirname(from))].some(
    (folder) => existsSync(path.join(folder, name)),
  );

test('each path that the pages name exists', () => {
  const missing = pages.flatMap((page) => {
    const code = [...read(page).matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!);
    return code
      .flatMap(pathsIn)
      .filter((name) => !isThere(name, page))
      .map((name) => `${page}: ${name}`);
  });
  assert.deepEqual(missing, []);
});

test('a drawn tree has only what is there', () => {
  const missing = pages.flatMap((page) => {
    const names = [...read(page).matchAll(/^((?:[\w.-]+\/ {2})*[\w.-]+\/)(?: {2,}|$)/gm)].map(
      ([, name]) => name!,
    );
    return names
      .flatMap((name) => name.split('  '))
      .filter((name) => !isThere(name, page))
      .map((name) => `${page}: ${name}`);
  });
  assert.deepEqual(missing, []);
});

test('each source file that a comment names exists', () => {
  const missing = sources.flatMap((source) => {
    const comments = read(source)
      .split('\n')
      .filter((line) => /^\s*(\/\/|\/?\*)/.test(line));
    return comments
      .flatMap(pathsIn)
      .filter((name) => name.endsWith('.ts') && !isThere(name, source))
      .map((name) => `${source}: ${name}`);
  });
  assert.deepEqual(missing, []);
});
