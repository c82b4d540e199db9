// Changes some fields of a JSON document as RFC 7396 (JSON merge patch) defines.

import { isObject } from './formats/draft.ts';

/** The document with the patch applied: `null` removes a field, objects are patched recursively, everything else replaces. */
export function mergePatch(document: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(document) ? document : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}
