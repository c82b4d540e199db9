// Loads what few events need with the first of them, so that no cold start waits for it.

/** Gives what `load` gave; a failure is not kept, so that the next call tries again. */
export function createLate<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}
