// Adds the path and the remedy to disk errors, because Node's own message for a failed write has neither.

/** The error with its path, and with the remedy if the disk is full. */
export function diskFailure(path: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const remedy = code === 'ENOSPC' ? '; make room there, or give the function more EphemeralStorage' : '';
  return new Error(`${message.includes(path) ? message : `${path}: ${message}`}${remedy}`, { cause: error });
}

/** @throws Error from `diskFailure`. */
export function onDisk<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw diskFailure(path, error);
  }
}
