// Builds parts of a template, as SAM does where one resource is short for several; each part keeps the line of its source.

import type { Entry, MapNode, Node, Place } from './document.ts';

export const textNode = (text: string, place: Place): Node => ({ kind: 'scalar', value: text, text, place });

export const refNode = (logicalId: string, place: Place): Node => ({
  kind: 'call',
  name: 'Ref',
  argument: textNode(logicalId, place),
  place,
});

export const attributeNode = (logicalId: string, attribute: string, place: Place): Node => ({
  kind: 'call',
  name: 'Fn::GetAtt',
  argument: textNode(`${logicalId}.${attribute}`, place),
  place,
});

export const listNode = (items: readonly Node[], place: Place): Node => ({ kind: 'list', items, place });

/** Undefined values are left out; a value from the template has the line of its key. */
export function mapNode(
  members: Readonly<Record<string, Node | Entry<Node> | undefined>>,
  place: Place,
): MapNode {
  const entries = new Map<string, Entry<Node>>();
  for (const [key, member] of Object.entries(members)) {
    if (!member) continue;
    entries.set(key, 'kind' in member ? { place: member.place, value: member } : member);
  }
  return { kind: 'map', entries, place };
}

/** The mapping without some of its keys. */
export const without = (node: MapNode, keys: readonly string[]): MapNode => ({
  ...node,
  entries: new Map([...node.entries].filter(([key]) => !keys.includes(key))),
});

/** The mapping with further members; one of the same key is replaced. */
export const withMembers = (node: MapNode, members: MapNode): MapNode => ({
  ...node,
  entries: new Map([...node.entries, ...members.entries]),
});
