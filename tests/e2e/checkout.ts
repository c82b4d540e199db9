// A separate checkout for tests that follow the documentation, so that this one is not changed.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { root } from './tidegate.ts';

/** Every file that git has or would take, and the packages that are installed. */
export function makeCheckout(folder: string): void {
  const listed = ['ls-files', '-co', '--exclude-standard', '-z'];
  const files = execFileSync('git', listed, { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
  for (const file of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    cpSync(path.join(root, file), path.join(folder, file));
  }
  for (const installed of ['node_modules', 'commands/query/node_modules']) {
    if (existsSync(path.join(root, installed)))
      symlinkSync(path.join(root, installed), path.join(folder, installed));
  }
}
