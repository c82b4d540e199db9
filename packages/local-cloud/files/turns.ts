// Lets changes of the same thing happen one after the other, and of different things side by side.

/** Runs what is given under one name in the order in which it came. */
export function createTurns(): <T>(name: string, run: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (name, run) => {
    const turn = (last.get(name) ?? Promise.resolve()).then(run);
    const done = turn.catch(() => undefined); // told to whoever awaits the turn
    last.set(name, done);
    try {
      return await turn;
    } finally {
      if (last.get(name) === done) last.delete(name);
    }
  };
}
