// Tests that need something that not every machine has.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from '@jest/globals';

/** Whether a program of that name is in the PATH. */
export function isInstalled(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.some((folder) => existsSync(path.join(folder, program)));
}

/** `test` where `condition` holds. Elsewhere the test is skipped, and its title ends with the reason. */
export function testIf(condition: boolean, reason: string) {
  const testOrSkip = condition ? test : test.skip;
  return (title: string, run: () => void | Promise<void>): void =>
    testOrSkip(condition ? title : `${title} (skipped: ${reason})`, run);
}
