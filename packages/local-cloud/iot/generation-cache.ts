// Caches values derived from the registry until the registry changes.

import type { RegistryView } from './registry.ts';

/**
 * @param most entries; beyond this number the cache is emptied
 * @returns a function that derives the value of a key once for each state of the registry
 */
export function createGenerationCache<Value>(
  registry: Pick<RegistryView, 'generation'>,
  most: number,
): (key: string, derive: () => Value) => Value {
  const kept = new Map<string, Value>();
  let generation = registry.generation();
  return (key, derive) => {
    if (generation !== registry.generation() || kept.size >= most) {
      kept.clear();
      generation = registry.generation();
    }
    let value = kept.get(key);
    if (value === undefined) kept.set(key, (value = derive()));
    return value;
  };
}
