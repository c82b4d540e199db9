// Lets changes of the same thing happen one after the other, and of different things side by side.

/** Runs the work of one name in the order in which it came. */
export function createSerialQueue(): <T>(name: string, run: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (name, run) => {
    const result = (last.get(name) ?? Promise.resolve()).then(run);
    const done = result.catch(() => undefined); // the caller gets the error from `result`
    last.set(name, done);
    try {
      return await result;
    } finally {
      if (last.get(name) === done) last.delete(name);
    }
  };
}
