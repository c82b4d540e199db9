// The classic shadow of a device as people view and change it: what it reported, what is desired, and the difference.

import { isObject } from './formats/draft.ts';

export type ShadowState = Readonly<Record<string, unknown>>;

export interface Shadow {
  /** Increases with each change. */
  readonly version: number;
  /** Epoch milliseconds, accurate to a second: when it was read from AWS IoT. */
  readonly asOf: number;
  readonly reported: ShadowState;
  readonly desired: ShadowState;
  /** The part of `desired` that the device has not reported. */
  readonly delta: ShadowState;
}

/** One changed member. */
export interface ShadowChange {
  /** Names of the members leading to it. */
  readonly path: readonly string[];
  /** Undefined: it did not exist. */
  readonly before: unknown;
  /** Undefined: it is removed. */
  readonly after: unknown;
}

const isSame = (a: unknown, b: unknown): boolean => {
  if (isObject(a) && isObject(b)) return changesOf(a, b).length === 0;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((each, index) => isSame(each, b[index]));
  return Object.is(a, b);
};

/** The differences, member by member; an array is one value, as in AWS IoT. */
export function changesOf(
  before: ShadowState,
  after: ShadowState,
  path: readonly string[] = [],
): ShadowChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [from, to] = [ownOf(before, name), ownOf(after, name)];
    const at = [...path, name];
    if (isObject(from) && isObject(to)) return changesOf(from, to, at);
    return isSame(from, to) ? [] : [{ path: at, before: from, after: to }];
  });
}

/** What the device has to change: from what it reported to what is desired. */
export function differencesOf(
  { reported, delta }: Pick<Shadow, 'reported' | 'delta'>,
  path: readonly string[] = [],
): ShadowChange[] {
  return Object.entries(delta).flatMap(([name, after]) => {
    const before = ownOf(reported, name);
    const at = [...path, name];
    return isObject(before) && isObject(after)
      ? differencesOf({ reported: before, delta: after }, at)
      : [{ path: at, before, after }];
  });
}

const ownOf = (state: ShadowState, name: string) => (Object.hasOwn(state, name) ? state[name] : undefined);

/** The update that turns `before` into `after`: null removes a member, unchanged members are left out. */
export function patchBetween(before: ShadowState, after: ShadowState): Record<string, unknown> {
  const patch: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [from, to] = [ownOf(before, name), ownOf(after, name)];
    if (to === undefined) patch[name] = null;
    else if (isObject(from) && isObject(to)) {
      const inner = patchBetween(from, to);
      if (Object.keys(inner).length > 0) patch[name] = inner;
    } else if (!isSame(from, to)) patch[name] = to;
  }
  return { ...patch };
}

/** Why the value cannot be a desired state, as a sentence; AWS IoT does not store null. */
export function desiredProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'The desired state must be a JSON object, such as {"setpoint": 3.5}.';
  return nullIn(value, []);
}

function nullIn(value: unknown, path: readonly string[]): string | undefined {
  if (value === null)
    return `${path.join('.')} is null, which a shadow does not keep: leave the member out to remove it.`;
  if (Array.isArray(value))
    return value
      .map((each: unknown, index) => nullIn(each, [...path, String(index)]))
      .find((problem) => problem !== undefined);
  if (!isObject(value)) return undefined;
  return Object.entries(value)
    .map(([name, each]) => nullIn(each, [...path, name]))
    .find((problem) => problem !== undefined);
}
