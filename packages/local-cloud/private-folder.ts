// Makes the data directory private: it has private keys, the messages of devices, and logs of functions.

import { chmodSync, lstatSync, readdirSync, statSync, type Stats } from 'node:fs';
import path from 'node:path';
import { StartError } from './start-error.ts';

const OTHERS = 0o077;
const FOLDER = 0o700;

/** Entries by which a data directory is recognised. */
const MARKS = ['lock', 'endpoints.json', 'iot', 'journal'];

const ANOTHER = 'or choose another directory with --data-dir';
const user = () => process.getuid?.();

function mustBeOurs(file: string, stats: Stats, remedy = `sudo chown -R ${user()} ${file}`): void {
  if (stats.uid === user()) return;
  throw new StartError(
    `${file} belongs to user ${stats.uid}, who could read what is kept there: ${remedy}, ${ANOTHER}`,
  );
}

function close(file: string, { mode }: Stats): void {
  if ((mode & OTHERS) === 0) return;
  let reason = 'its file system knows no modes';
  try {
    chmodSync(file, mode & FOLDER);
    if ((lstatSync(file).mode & OTHERS) === 0) return;
  } catch (error) {
    reason = (error as NodeJS.ErrnoException).code ?? String(error);
  }
  throw new StartError(
    `${file} can be read by other users, and that cannot be changed (${reason}): chmod -R go= ${file}, ${ANOTHER}`,
  );
}

/** A link leads out of the directory, where nothing is changed: a target that others can enter is refused. */
function checkLink(link: string, stats: Stats): void {
  mustBeOurs(link, stats, `remove it`);
  const target = statSync(link, { throwIfNoEntry: false });
  if (!target) return;
  mustBeOurs(link, target);
  if ((target.mode & OTHERS) === 0) return;
  throw new StartError(`${link} leads to what other users can read: chmod go= its target, ${ANOTHER}`);
}

/** @param levels of folders below `dir` to check. */
function closeBelow(dir: string, levels: number): void {
  for (const name of readdirSync(dir)) {
    const file = path.join(dir, name);
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (!stats) continue; // another process of ours has removed it since
    if (stats.isSymbolicLink()) {
      checkLink(file, stats);
      continue;
    }
    mustBeOurs(file, stats);
    close(file, stats);
    if (stats.isDirectory() && levels > 1) closeBelow(file, levels - 1);
  }
}

/** Folders with other content, such as a home directory, keep their modes. */
function mustBeDataDir(dir: string): void {
  const names = readdirSync(dir);
  if (names.length === 0 || names.some((name) => MARKS.includes(name))) return;
  throw new StartError(
    `${dir} can be read by other users, and has files of something else: choose a folder for the data alone with --data-dir, or chmod 700 ${dir}`,
  );
}

/**
 * Makes the existing folder `dir`, and what is in it, accessible to its owner alone. Where it was so before, only the first two
 * levels are looked at: below them nobody else gets.
 *
 * @throws StartError, with the remedy, when something belongs to another user or cannot be changed.
 */
export function keepPrivate(dir: string): void {
  if (user() === undefined) return; // Windows: rights are inherited from the user's own folder
  const link = lstatSync(dir);
  if (link.isSymbolicLink()) mustBeOurs(dir, link, 'remove it');
  const stats = statSync(dir);
  mustBeOurs(dir, stats);
  const wasOpen = (stats.mode & OTHERS) !== 0;
  if (wasOpen) mustBeDataDir(dir);
  // With a dot, so that the folder, and not a link to it, is changed and checked.
  close(`${dir}/.`, stats);
  closeBelow(dir, wasOpen ? Infinity : 2);
}
