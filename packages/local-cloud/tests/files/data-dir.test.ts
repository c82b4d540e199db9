// An error of the disk must reach the operator as one line, and no other error may be blamed on the disk.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { explainDiskError } from '../../data-dir.ts';
import { StartError } from '../../start-error.ts';

const dir = '/data/tidegate';
const diskError = (code: string, file?: string) =>
  Object.assign(new Error(code), { code, syscall: 'write', ...(file !== undefined && { path: file }) });

const told: readonly (readonly [what: string, error: unknown, line: string])[] = [
  [
    'a full disk',
    diskError('ENOSPC'),
    `data directory ${dir} cannot be written (ENOSPC): make room on its disk, or choose another with --data-dir`,
  ],
  [
    'a full disk behind the refusal of a change',
    new Error('registry.log could not be written', { cause: diskError('ENOSPC') }),
    `data directory ${dir} cannot be written (ENOSPC): make room on its disk, or choose another with --data-dir`,
  ],
  [
    'a file of another owner',
    diskError('EACCES', `${dir}/journal/1.log`),
    `${dir}/journal/1.log cannot be written (EACCES): change its owner or mode, or choose another with --data-dir`,
  ],
];
for (const [what, error, line] of told) {
  test(`${what} gets an error with the remedy`, () => {
    const explained = explainDiskError(dir, error);
    assert.ok(explained instanceof StartError);
    assert.equal(explained.message, line);
  });
}

const kept: readonly (readonly [what: string, error: unknown])[] = [
  ['an error of a file elsewhere', diskError('EACCES', '/data/template.yaml')],
  ['a refusal that has its line already', new StartError('port 1 is in use', { cause: diskError('EACCES') })],
  ['a mistake of our own', new TypeError('x is undefined')],
  ['what is not an error', 'text'],
];
for (const [what, error] of kept) {
  test(`${what} stays as it is`, () => assert.equal(explainDiskError(dir, error), error));
}
