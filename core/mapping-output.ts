// Turns a mapping's result, an object or an array of objects, into drafts of readings as the general format does.

import { isObject, type Draft } from './formats/draft.ts';
import { generalDraft } from './formats/general.ts';

/**
 * The drafts in a mapping's result, with paths in that result: parts of the payload that a mapping leaves out are left out
 * on purpose and are not reported as skipped. `null` or an empty array means that there is nothing to measure. Text or a
 * number as `child` names a sensor behind the device. Undefined if the result is neither an object nor an array.
 */
export function draftsOfOutput(output: unknown): readonly Draft[] | undefined {
  if (output === null) return [];
  if (isObject(output)) return [draftOf(output, [])];
  if (!Array.isArray(output)) return undefined;
  return output.map((item: unknown, index) => draftOf(item, [String(index)]));
}

function draftOf(value: unknown, at: readonly string[]): Draft {
  // An item that is not an object has no values, and is rejected by its place.
  if (!isObject(value)) return { at, times: [], values: [] };
  const { child, ...reading } = value;
  const isNamed = (typeof child === 'string' && child !== '') || typeof child === 'number';
  return isNamed ? { ...generalDraft(reading, at), child: String(child) } : generalDraft(value, at);
}
