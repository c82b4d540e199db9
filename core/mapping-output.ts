// What a mapping gives, as readings in the making: an object or an array of them, each read as the general format reads one.

import { isObject, type Draft } from './formats/draft.ts';
import { generalDraft } from './formats/general.ts';

/**
 * The readings of a mapping's result, with paths in that result: what of the payload a mapping leaves out it leaves out on
 * purpose, and that is not named. `null` or an empty array says that there is nothing to measure. Text or a number as
 * `child` names a sensor behind the device. Undefined for what is neither an object nor an array.
 */
export function draftsOfOutput(output: unknown): readonly Draft[] | undefined {
  if (output === null) return [];
  if (isObject(output)) return [draftOf(output, [])];
  if (!Array.isArray(output)) return undefined;
  return output.map((item: unknown, index) => draftOf(item, [String(index)]));
}

function draftOf(value: unknown, at: readonly string[]): Draft {
  // What is no object has no values, and is rejected by its place.
  if (!isObject(value)) return { at, times: [], values: [] };
  const { child, ...reading } = value;
  const isNamed = (typeof child === 'string' && child !== '') || typeof child === 'number';
  return isNamed ? { ...generalDraft(reading, at), child: String(child) } : generalDraft(value, at);
}
