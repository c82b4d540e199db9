// What somebody wants a device to become, while they type it: whether it is JSON, what it changes, and what others changed meanwhile.

import { jsonStopsAt } from '../../core/payload-text.ts';
import { mergePatch } from '../../core/merge-patch.ts';
import { changesOf, desiredProblem, patchBetween, type Shadow, type ShadowState } from '../../core/shadow.ts';

export type ReadDraft = { readonly desired: ShadowState } | { readonly problem: string };

export const textOf = (state: ShadowState): string => JSON.stringify(state, undefined, 2);

/** A value on one line; `not there` for none. */
export const valueText = (value: unknown): string =>
  value === undefined ? 'not there' : JSON.stringify(value);

export function readDraft(text: string): ReadDraft {
  if (text.trim() === '') return { problem: 'Write a JSON object; {} desires nothing.' };
  const stop = jsonStopsAt(text);
  if (stop !== undefined) {
    const before = text.slice(0, stop).split('\n');
    const place = `line ${before.length}, character ${before.at(-1)!.length + 1}`;
    return { problem: `It stops being JSON at ${stop >= text.length ? 'its end' : place}.` };
  }
  const value = JSON.parse(text) as unknown;
  const problem = desiredProblem(value);
  return problem === undefined ? { desired: value as ShadowState } : { problem };
}

/** Whether the draft, which was begun on `base`, would undo what somebody else desired by now. */
export const isOvertaken = (base: Shadow, newest: Shadow): boolean =>
  changesOf(base.desired, newest.desired).length > 0;

/** My changes of `base`, made to the newest. */
export const rebased = (base: Shadow, mine: ShadowState, newest: Shadow): ShadowState =>
  mergePatch(newest.desired, patchBetween(base.desired, mine)) as ShadowState;
