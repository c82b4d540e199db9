// Creates the folder for keys, and checks that it is writable before a device is created.

import { accessSync, constants, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OnboardingError } from './onboarding-error.ts';

/**
 * Creates `folder`, readable only by its owner, if it is missing. Adds a `.gitignore` if there is none: for everything
 * in a new folder, for keys and certificates in an existing one. @throws OnboardingError if the folder cannot be
 * written.
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

/** Node's recursive mkdir never returns if a parent exists but cannot be written, such as /proc. */
function makeWithParents(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  makeWithParents(path.dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}
