// A draft of a shadow's desired state: validates it, and compares it with what others changed meanwhile.

import { jsonStopsAt } from '../../core/payload-text.ts';
import { mergePatch } from '../../core/merge-patch.ts';
import { changesOf, desiredProblem, patchBetween, type Shadow, type ShadowState } from '../../core/shadow.ts';

export type ReadDraft = { readonly desired: ShadowState } | { readonly problem: string };

export const textOf = (state: ShadowState): string => JSON.stringify(state, undefined, 2);

/** A value on one line; `not set` for undefined. */
export const valueText = (value: unknown): string =>
  value === undefined ? 'not set' : JSON.stringify(value);

export function readDraft(text: string): ReadDraft {
  if (text.trim() === '') return { problem: 'Enter a JSON object, or {} for no desired state.' };
  const stop = jsonStopsAt(text);
  if (stop !== undefined) {
    const before = text.slice(0, stop).split('\n');
    const place = `line ${before.length}, character ${before.at(-1)!.length + 1}`;
    return { problem: `Invalid JSON at ${stop >= text.length ? 'the end' : place}.` };
  }
  const value = JSON.parse(text) as unknown;
  const problem = desiredProblem(value);
  return problem === undefined ? { desired: value as ShadowState } : { problem };
}

/** Whether another user changed the desired state after the draft was started on `base`. */
export const isOvertaken = (base: Shadow, newest: Shadow): boolean =>
  changesOf(base.desired, newest.desired).length > 0;

/** Applies my changes of `base` to the newest state. */
export const rebased = (base: Shadow, mine: ShadowState, newest: Shadow): ShadowState =>
  mergePatch(newest.desired, patchBetween(base.desired, mine)) as ShadowState;
