// The document of a shadow and how it changes: merging, deleting by null, timestamps of every leaf, and the delta.
// https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html

import { isExactNumber, isObject, memberOf, setMember, type ObjectValue, type Value } from '../json/value.ts';

export const sections = ['desired', 'reported'] as const;
export type Section = (typeof sections)[number];

/**
 * A value and its metadata: the same tree with `{ "timestamp": <epoch seconds> }` for every leaf. An empty object has no
 * leaf, and so no time.
 */
interface Branch {
  readonly state: Value;
  readonly metadata: Value;
}

/** `state` and `metadata` have the same sections, each an object with at least one member. */
export interface ShadowDocument {
  readonly state: Readonly<Partial<Record<Section, ObjectValue>>>;
  readonly metadata: Readonly<Partial<Record<Section, ObjectValue>>>;
  /** 1 for the first; 0 for a shadow that never existed. */
  readonly version: number;
}

/** The changes of an update; `null` removes. */
export type StatePatch = Readonly<Partial<Record<Section, ObjectValue | null>>>;

export const emptyDocument = (version: number): ShadowDocument => ({ state: {}, metadata: {}, version });

/** The metadata of a value that is set as a whole at `timestamp`, epoch seconds; `null` counts as a leaf. */
export function stamp(value: Value, timestamp: number): Value {
  if (Array.isArray(value)) return value.map((item) => stamp(item, timestamp));
  if (!isObject(value)) return { timestamp };
  const stamped: ObjectValue = {};
  for (const name of Object.keys(value)) setMember(stamped, name, stamp(value[name], timestamp));
  return stamped;
}

function childOf({ state, metadata }: Branch, name: string): Branch | undefined {
  const child = memberOf(state, name);
  return child === undefined ? undefined : { state: child, metadata: memberOf(metadata, name) };
}

/** Combines the branches that `next` returns for `names`; undefined when there is none. */
function gather<Name extends string>(
  names: Iterable<Name>,
  next: (name: Name) => Branch | undefined,
): { state: ObjectValue; metadata: ObjectValue } | undefined {
  const state: ObjectValue = {};
  const metadata: ObjectValue = {};
  for (const name of names) {
    const branch = next(name);
    if (!branch) continue;
    setMember(state, name, branch.state);
    setMember(metadata, name, branch.metadata);
  }
  return Object.keys(state).length > 0 ? { state, metadata } : undefined;
}

/** An object that is set empty is kept, as on AWS; one whose last member is removed is removed too. */
function merge(before: Branch | undefined, patch: Value, timestamp: number): Branch | undefined {
  if (patch === null) return undefined;
  if (!isObject(patch)) return { state: patch, metadata: stamp(patch, timestamp) };
  if (Object.keys(patch).length === 0 && !(before && isObject(before.state)))
    return { state: {}, metadata: {} };
  if (Object.keys(patch).length === 0) return before;
  const old = before && isObject(before.state) ? before : { state: {}, metadata: {} };
  const names = new Set([...Object.keys(old.state as ObjectValue), ...Object.keys(patch)]);
  return gather(names, (name) =>
    Object.hasOwn(patch, name) ? merge(childOf(old, name), patch[name], timestamp) : childOf(old, name),
  );
}

const branchOf = ({ state, metadata }: ShadowDocument, section: Section): Branch | undefined =>
  state[section] && { state: state[section], metadata: metadata[section] };

/** A section of the state exists only with members. */
const isEmpty = (state: Value) => isObject(state) && Object.keys(state).length === 0;

/** @param timestamp epoch seconds of the update */
export function applyPatch(before: ShadowDocument, patch: StatePatch, timestamp: number): ShadowDocument {
  const merged = gather(sections, (section) => {
    const change = patch[section];
    const old = branchOf(before, section);
    const next = change === undefined ? old : merge(old, change, timestamp);
    return next && isEmpty(next.state) ? undefined : next;
  });
  return { ...(merged ?? { state: {}, metadata: {} }), version: before.version + 1 };
}

/** Numbers beyond a double's precision are equal when their text is equal. */
function isSame(a: Value, b: Value): boolean {
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  }
  if (isExactNumber(a)) return isExactNumber(b) && a.rawJSON === b.rawJSON;
  if (!isObject(a)) return a === b;
  if (!isObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]))
  );
}

function difference(desired: Branch, reported: Value): Branch | undefined {
  if (isObject(desired.state) && isObject(reported)) {
    // Any reported value satisfies an empty desired object.
    return gather(Object.keys(desired.state), (name) =>
      difference(childOf(desired, name)!, memberOf(reported, name)),
    );
  }
  return isSame(desired.state, reported) ? undefined : desired;
}

export interface Delta {
  readonly state: ObjectValue;
  /** The timestamps of the desired values. */
  readonly metadata: ObjectValue;
}

/** Desired values that are not reported, or reported differently; undefined when there are none. */
export function deltaOf(document: ShadowDocument): Delta | undefined {
  const desired = branchOf(document, 'desired');
  return desired && (difference(desired, document.state.reported) as Delta | undefined);
}

/** Bytes of the state as AWS counts them, without metadata. */
export function stateBytes({ state }: ShadowDocument): number {
  let bytes = 0;
  for (const section of sections) {
    if (state[section]) bytes += Buffer.byteLength(JSON.stringify(state[section]));
  }
  return bytes;
}
