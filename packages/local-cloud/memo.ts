// Caches values derived from keys, where few keys are used all the time.

/**
 * @param most entries; beyond this number the cache is emptied
 * @returns a function that derives the value of a key once
 */
export function createMemo<Key, Value>(most: number, derive: (key: Key) => Value): (key: Key) => Value {
  const kept = new Map<Key, Value>();
  return (key) => {
    let value = kept.get(key);
    if (value === undefined) {
      value = derive(key);
      if (kept.size >= most) kept.clear();
      kept.set(key, value);
    }
    return value;
  };
}
