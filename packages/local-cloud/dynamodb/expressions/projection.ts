// Takes from an item the parts that a projection names, in their structure.

import { valueAt, type AttributeValue, type Item, type Path } from '../values/attribute-value.ts';

interface Container {
  M?: Record<string, AttributeValue>;
  /** With gaps in place of the other members of the list. */
  L?: AttributeValue[];
}

function childOf(container: Container, step: string | number): Container {
  if (typeof step === 'number') return ((container.L ??= [])[step] ??= {});
  return ((container.M ??= {})[step] ??= {});
}

function put(root: Container, path: Path, value: AttributeValue, lists: Set<Container>): void {
  let container = root;
  for (const step of path.slice(0, -1)) {
    if (typeof step === 'number') lists.add(container);
    container = childOf(container, step);
  }
  const last = path.at(-1)!;
  if (typeof last === 'number') {
    lists.add(container);
    (container.L ??= [])[last] = value;
  } else (container.M ??= {})[last] = value;
}

/** The values at `paths`. A list has only the members that are named, in their order. */
export function project(paths: readonly Path[], item: Item): Item {
  const root: { M: Record<string, AttributeValue> } = { M: {} };
  const lists = new Set<Container>();
  for (const path of paths) {
    const value = valueAt(path, item);
    if (value) put(root, path, value, lists);
  }
  for (const container of lists) container.L = container.L!.filter((each) => each !== undefined);
  return root.M;
}
