// Remembers what was derived from a key, where the same few keys come all the time.

/**
 * @param most kept at a time; beyond it all are forgotten and derived anew
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
