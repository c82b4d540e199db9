// Says of a disk that fails where it is and what to do, as Node's own message of a write has neither.

/** The error with the path before it, and the remedy behind it where the disk is full. */
export function diskFailure(path: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const remedy = code === 'ENOSPC' ? '; make room there, or give the function more EphemeralStorage' : '';
  return new Error(`${message.includes(path) ? message : `${path}: ${message}`}${remedy}`, { cause: error });
}

/** @throws Error as `diskFailure` makes it. */
export function onDisk<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw diskFailure(path, error);
  }
}
