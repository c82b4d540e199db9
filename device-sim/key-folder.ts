// The folder for keys is made, and seen to be writable, before a device is that would have to be kept there.

import { accessSync, constants, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OnboardingError } from './onboarding-error.ts';

/**
 * Makes `folder`, for its owner only, where it is missing. Git ignores all of a folder that is made here, and the keys and
 * certificates in one that has no `.gitignore` of its own. @throws OnboardingError when nothing can be written there.
 */
export function makeKeyFolder(folder: string): void {
  try {
    const isNew = !existsSync(folder);
    makeWithParents(path.resolve(folder));
    accessSync(folder, constants.W_OK);
    const ignored = path.join(folder, '.gitignore');
    if (!existsSync(ignored)) writeFileSync(ignored, isNew ? '*\n' : '*.pem\n');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OnboardingError(`${folder} cannot be written (${code}): choose another folder with --out`, {
      cause: error,
    });
  }
}

/** Node's recursive mkdir never returns where a folder is there but takes nothing, as /proc. */
function makeWithParents(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  makeWithParents(path.dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}
