// Loads what few events need when the first such event comes, so that cold starts do not wait for it.

/** Gives the result of `load`. A failure is not cached, so that the next call tries again. */
export function createOnDemand<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}
