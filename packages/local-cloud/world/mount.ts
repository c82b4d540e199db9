// Which disk the world's processes see, and how long it takes to answer.

import { createDisk, ROOT_NAME, type Disk } from './disk.ts';
import { currentLife, later, requireAlive, world } from './runtime.ts';

/** A folder that no machine has: what is elsewhere is read from the real disk. */
export const ROOT = `/${ROOT_NAME}`;

/** Functions keep what they work on below it. */
const FUNCTIONS_FOLDER = '/tmp/tidegate-';

const state = { disk: createDisk() };

export const mounted = (): Disk => state.disk;
export const mount = (disk: Disk): void => void (state.disk = disk);

export const isMounted = (file: unknown): file is string =>
  typeof file === 'string' &&
  (file === ROOT || file.startsWith(`${ROOT}/`) || file.startsWith(FUNCTIONS_FOLDER));

/** Milliseconds of virtual time, at most. */
const READ_MS = 0.2;
const SYNC_MS = 4;

/** Does `work` after the time that a disk takes; a process that is killed meanwhile never learns of it. */
function answering<Result>(most: number, work: () => Result): Promise<Result> {
  return new Promise((resolve, reject) => {
    const life = currentLife();
    later(world.random().next() * most, () => {
      try {
        requireAlive(life);
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
  });
}

export const reading = <Result>(work: () => Result): Promise<Result> => answering(READ_MS, work);
export const syncing = <Result>(work: () => Result): Promise<Result> => answering(SYNC_MS, work);
