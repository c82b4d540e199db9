// Makes RSA keys one at a time, with a limited queue: each takes long, and uses the threads that also write to the disk.

import { AwsError } from '../aws-error.ts';

/** Requests for keys that may wait, the one that runs included. */
const MAXIMUM_WAITING = 50;

/** @returns a function that runs its arguments one after the other, and throws AwsError `Throttling` when too many wait */
export function createKeyQueue(): <T>(run: () => Promise<T>) => Promise<T> {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    if (waiting >= MAXIMUM_WAITING)
      throw new AwsError('Throttling', `${MAXIMUM_WAITING} requests for keys wait already`, 429);
    waiting += 1;
    const result = last.then(run).finally(() => (waiting -= 1));
    last = result.catch(() => {});
    return result;
  };
}
