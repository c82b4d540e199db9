// The cost of a JSONata function call in steps, by the size of its arguments: the step limit must act before the time limit.

import type { Focus } from 'jsonata';
import { isObject } from './formats/draft.ts';
import type { NativeFunction } from './mapping-functions.ts';

/** A long text costs one step per this many characters; an array costs one step per item. */
export const CHARACTERS_A_STEP = 64;

/** Takes steps from the evaluation that `base` identifies; throws if none are left. */
export type Spend = (base: object, cost: number) => void;

/** These read their arguments completely. */
const WHOLE = new Set(['string', 'clone', 'distinct']);
/** These read the members of objects in an array. */
const MEMBERS = new Set(['merge', 'spread', 'keys', 'lookup', 'zip', 'boolean', 'not']);
/** These copy their result so far with each item. */
const COPYING = new Set(['spread', 'lookup', 'keys', 'merge']);
const COPIES_A_STEP = 256;
/** A regular expression needs as long for one character as other functions for `MATCHING_FACTOR`. */
const MATCHING = new Set(['match', 'contains', 'replace', 'split']);
const MATCHING_FACTOR = 8;

/** The same function, which takes its steps first. It keeps its number of arguments, which callers read. */
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
  // The second argument is the width of the result.
  if (name === 'pad') return size + Math.abs(Number(values[1])) / CHARACTERS_A_STEP;
  if (name === 'join') return size + length * sizeOf(values[1], 1);
  return COPYING.has(name) ? size + (length * length) / COPIES_A_STEP : size;
}

/**
 * What `$replace` may add: exact for text; otherwise as if each character became the part of the replacement beyond 64
 * characters.
 */
function growthOf([text, pattern, replacement]: readonly unknown[]): number {
  if (typeof text !== 'string' || typeof replacement !== 'string') return 0;
  const isText = typeof pattern === 'string' && pattern !== '';
  const times = isText ? text.split(pattern).length - 1 : text.length;
  const each = isText ? replacement.length : Math.max(0, replacement.length - CHARACTERS_A_STEP);
  return (times * each) / CHARACTERS_A_STEP;
}

/** Larger than any evaluation may use: the rest need not be read. */
const MAX_SIZE = 1_000_000;
const MAX_DEPTH = 600;

/** Steps for a value: one for each item and member down to `depth`, and more for long texts. */
export function sizeOf(value: unknown, depth: number): number {
  let size = 0;
  const visit = (part: unknown, left: number): void => {
    size += typeof part === 'string' ? part.length / CHARACTERS_A_STEP : 0;
    if (left === 0 && depth > MAX_DEPTH) size = Infinity;
    if (left === 0 || size > MAX_SIZE || typeof part !== 'object' || part === null) return;
    const isPlain = Array.isArray(part) || (isObject(part) && !('_jsonata_lambda' in part));
    if (!isPlain) return;
    for (const member of Array.isArray(part) ? part : Object.values(part)) {
      size += 1;
      if (size > MAX_SIZE) return;
      visit(member, left - 1);
    }
  };
  visit(value, Math.min(depth, MAX_DEPTH));
  return size;
}
