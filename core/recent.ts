// A bounded memory that an environment keeps between events: the entries set last are kept, the others are dropped.

export interface Recent<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
}

/** Holds at most `limit` entries and drops the one that was set longest ago. */
export function createRecent<Value>(limit: number): Recent<Value> {
  const entries = new Map<string, Value>();
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size > limit) entries.delete(entries.keys().next().value!);
    },
    delete: (key) => void entries.delete(key),
  };
}

/**
 * Reads by key and returns the value again for `forMs`. Failures and values that `isKept` refuses are not remembered, and
 * nothing is if the clock stepped back.
 */
export function createRemembering<Value>(
  read: (key: string) => Promise<Value>,
  options: {
    readonly limit: number;
    readonly forMs: number;
    /** Epoch milliseconds. */
    readonly now: () => number;
    readonly isKept?: (value: Value) => boolean;
  },
): (key: string) => Promise<Value> {
  const { limit, forMs, now, isKept = () => true } = options;
  const recent = createRecent<{ readonly at: number; readonly value: Value }>(limit);
  return async (key) => {
    const known = recent.get(key);
    const age = now() - (known?.at ?? -Infinity);
    if (known && age >= 0 && age < forMs) return known.value;
    const at = now();
    const value = await read(key);
    if (isKept(value)) recent.set(key, { at, value });
    return value;
  };
}

/** Reads one thing at most every `forMs`, for all callers; again at once after a failure or if the clock stepped back. */
export function createRefreshing<Value>(
  read: () => Promise<Value>,
  options: { readonly forMs: number; /** Epoch milliseconds. */ readonly now: () => number },
): () => Promise<Value> {
  let known: { readonly at: number; readonly reading: Promise<Value> } | undefined;
  return async () => {
    const age = options.now() - (known?.at ?? -Infinity);
    if (!known || age < 0 || age >= options.forMs) known = { at: options.now(), reading: read() };
    const current = known;
    try {
      return await current.reading;
    } catch (error) {
      if (known === current) known = undefined;
      throw error;
    }
  };
}
