// Evaluates the intrinsic functions of template values, and keeps the line of each result.

import type { Entry, Node, Place, ScalarNode } from './document.ts';

/** A value without intrinsics. `AWS::NoValue` leaves none: evaluation gives undefined and its key is dropped. */
export type Value =
  | ScalarNode
  | { readonly kind: 'list'; readonly items: readonly Value[]; readonly place: Place }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Entry<Value>>; readonly place: Place };

/** The meaning of names at a place of a template: a resource may refer to others, a condition only to parameters. */
export interface Scope {
  /** Intrinsics allowed here, by long name. */
  readonly functions: ReadonlyMap<string, Intrinsic>;
  /** The value of `Ref`; undefined for `AWS::NoValue`. */
  ref(name: string, place: Place): Value | undefined;
  attribute(logicalId: string, attribute: string, place: Place): Value;
  condition(name: string, place: Place): boolean;
  mapping(map: string, top: string, second: string, place: Place): Value;
  /** Stops the start with the template line and `message`. */
  fail(place: Place, message: string): never;
}

export type Intrinsic = (argument: Node, scope: Scope, place: Place) => Value | undefined;

export const textAt = (text: string, place: Place): Value => ({ kind: 'scalar', value: text, text, place });

/**
 * Evaluates `node`; undefined where it is `AWS::NoValue`.
 * @throws StartError naming the line, for an intrinsic that is unknown or not allowed here, or that cannot be evaluated.
 */
export function evaluate(node: Node, scope: Scope): Value | undefined {
  if (node.kind === 'scalar') return node;
  if (node.kind === 'list') {
    const items = node.items.map((item) => evaluate(item, scope)).filter((item) => item !== undefined);
    return { kind: 'list', items, place: node.place };
  }
  if (node.kind === 'map') {
    const entries = new Map<string, Entry<Value>>();
    for (const [key, entry] of node.entries) {
      const value = evaluate(entry.value, scope);
      if (value) entries.set(key, { place: entry.place, value });
    }
    return { kind: 'map', entries, place: node.place };
  }
  const intrinsic = scope.functions.get(node.name);
  if (intrinsic) return intrinsic(node.argument, scope, node.place);
  const known = [...scope.functions.keys()].join(', ');
  return scope.fail(node.place, `${node.name} is not supported here: use one of ${known}`);
}

/** The text of a scalar, after evaluation. `what` names it in the message when it is not a scalar. */
export function textOf(node: Node, scope: Scope, what: string): string {
  const value = evaluate(node, scope);
  if (value?.kind === 'scalar') return value.text;
  return scope.fail(node.place, `${what} must be text, not ${value ? `a ${value.kind}` : 'AWS::NoValue'}`);
}

/** The items of a list, after evaluation when the list itself comes from an intrinsic. */
export function itemsOf(node: Node, scope: Scope, what: string): readonly Node[] {
  const list = node.kind === 'call' ? evaluate(node, scope) : node;
  if (list?.kind === 'list') return list.items;
  return scope.fail(node.place, `${what} must be a list`);
}

/** As `itemsOf`, for an argument list with a fixed number of parts, which `shape` describes. */
export function partsOf(node: Node, count: number, scope: Scope, shape: string): readonly Node[] {
  if (node.kind === 'list' && node.items.length === count) return node.items;
  return scope.fail(node.place, `must be written ${shape}`);
}

/** The plain JavaScript value: objects, arrays, strings, numbers and booleans. */
export function plain(value: Value): unknown {
  if (value.kind === 'scalar') return value.value;
  if (value.kind === 'list') return value.items.map(plain);
  return Object.fromEntries([...value.entries].map(([key, entry]) => [key, plain(entry.value)]));
}

/** One text for each distinct value, with scalars compared as CloudFormation does: by their text. */
export function comparable(value: Value | undefined): string {
  if (!value) return 'null';
  if (value.kind === 'scalar') return JSON.stringify(value.text);
  if (value.kind === 'list') return `[${value.items.map(comparable).join()}]`;
  const entries = [...value.entries].map(
    ([key, entry]) => `${JSON.stringify(key)}:${comparable(entry.value)}`,
  );
  return `{${entries.sort().join()}}`;
}
