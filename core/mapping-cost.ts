// What JSONata's own functions cost in steps, by the size of what they are given, so that the count comes before the clock.

import type { Focus } from 'jsonata';
import { isObject } from './formats/draft.ts';
import type { NativeFunction } from './mapping-functions.ts';

/** A long text costs as many steps as if each so many characters were one; an array one for each item. */
export const CHARACTERS_A_STEP = 64;

/** Takes steps from an evaluation, which `base` stands for; throws when there are none left. */
export type Spend = (base: object, cost: number) => void;

/** They look at everything that is in their arguments. */
const WHOLE = new Set(['string', 'clone', 'distinct']);
/** They look at the members of objects in an array. */
const MEMBERS = new Set(['merge', 'spread', 'keys', 'lookup', 'zip', 'boolean', 'not']);
/** They copy what they have so far with each item. */
const COPYING = new Set(['spread', 'lookup', 'keys', 'merge']);
const COPIES_A_STEP = 256;
/** A regular expression takes as long for a character as others for so many. */
const MATCHING = new Set(['match', 'contains', 'replace', 'split']);
const MATCHING_FACTOR = 8;

/** The same function, which takes its steps first. It has as many arguments as before: callers look. */
export function charged(name: string, found: NativeFunction, spend: Spend): NativeFunction {
  const { implementation } = found;
  function implement(this: Focus, ...values: unknown[]): unknown {
    const { base } = this.environment as unknown as { readonly base: object };
    spend(base, costOf(name, values));
    return implementation.apply(this, values);
  }
  Object.defineProperty(implement, 'length', { value: implementation.length });
  return { ...found, implementation: implement };
}

function costOf(name: string, values: readonly unknown[]): number {
  const depth = WHOLE.has(name) ? Infinity : MEMBERS.has(name) ? 2 : 1;
  const size = values.reduce<number>((sum, value) => sum + sizeOf(value, depth), 0);
  if (name === 'replace') return size * MATCHING_FACTOR + growthOf(values);
  if (MATCHING.has(name)) return size * MATCHING_FACTOR;
  const length = Array.isArray(values[0]) ? values[0].length : 0;
  if (name === 'sort') return size * Math.ceil(Math.log2(length + 2));
  // The width that a text is to have.
  if (name === 'pad') return size + Math.abs(Number(values[1])) / CHARACTERS_A_STEP;
  if (name === 'join') return size + length * sizeOf(values[1], 1);
  return COPYING.has(name) ? size + (length * length) / COPIES_A_STEP : size;
}

/** What `$replace` may add: where a text is looked for, exactly; else as if each character were replaced by all over 64. */
function growthOf([text, pattern, replacement]: readonly unknown[]): number {
  if (typeof text !== 'string' || typeof replacement !== 'string') return 0;
  const isText = typeof pattern === 'string' && pattern !== '';
  const times = isText ? text.split(pattern).length - 1 : text.length;
  const each = isText ? replacement.length : Math.max(0, replacement.length - CHARACTERS_A_STEP);
  return (times * each) / CHARACTERS_A_STEP;
}

/** More than any evaluation may take: what is larger or deeper need not be looked at. */
const MAX_SIZE = 1_000_000;
const MAX_DEPTH = 600;

/** Steps for a value, one for each item and member as deep as `depth`, and more for long texts. */
export function sizeOf(value: unknown, depth: number): number {
  let size = 0;
  const look = (part: unknown, left: number): void => {
    size += typeof part === 'string' ? part.length / CHARACTERS_A_STEP : 0;
    if (left === 0 && depth > MAX_DEPTH) size = Infinity;
    if (left === 0 || size > MAX_SIZE || typeof part !== 'object' || part === null) return;
    const isPlain = Array.isArray(part) || (isObject(part) && !('_jsonata_lambda' in part));
    if (!isPlain) return;
    for (const member of Array.isArray(part) ? part : Object.values(part)) {
      size += 1;
      if (size > MAX_SIZE) return;
      look(member, left - 1);
    }
  };
  look(value, Math.min(depth, MAX_DEPTH));
  return size;
}
