// Small readers that every part of the template needs: a mapping with known keys, a text, a list of texts.

import type { Entry, MapNode, Node, Place } from './document.ts';
import { StartError } from '../start-error.ts';

/** Stops the start with a line of the template. */
export type Fail = (place: Place, message: string) => never;

export const failIn =
  (file: string): Fail =>
  (place, message) => {
    throw new StartError(`${file}:${place.line}: ${message}`);
  };

export function mapOf(node: Node, what: string, fail: Fail): MapNode {
  if (node.kind === 'map') return node;
  const found = node.kind === 'call' ? `the intrinsic ${node.name}` : `a ${node.kind}`;
  return fail(node.place, `${what} must be a mapping, not ${found}`);
}

/** The entries of a mapping whose keys are all in `known`. */
export function entriesOf(node: Node, what: string, known: readonly string[], fail: Fail) {
  const { entries } = mapOf(node, what, fail);
  for (const [key, { place }] of entries) {
    if (!known.includes(key)) fail(place, `${what} has no ${key}: it may have ${known.join(', ')}`);
  }
  return entries;
}

/** The entries of an optional section. */
export function sectionOf(
  entries: ReadonlyMap<string, Entry<Node>>,
  name: string,
  fail: Fail,
): ReadonlyMap<string, Entry<Node>> {
  const section = entries.get(name);
  return section ? mapOf(section.value, name, fail).entries : new Map<string, Entry<Node>>();
}

export function literal(node: Node, what: string, fail: Fail): string {
  if (node.kind === 'scalar') return node.text;
  return fail(node.place, `${what} must be plain text`);
}

export function literals(node: Node, what: string, fail: Fail): string[] {
  if (node.kind === 'list') return node.items.map((item) => literal(item, `each item of ${what}`, fail));
  return fail(node.place, `${what} must be a list`);
}
