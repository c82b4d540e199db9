// An item while it is updated: what a path changes is copied first, so that the item as it was stays whole.

import { validationError } from '../error.ts';
import { memberOf, valueAt, type AttributeValue, type Item, type Path } from '../values/attribute-value.ts';

export interface Draft {
  get(path: Path): AttributeValue | undefined;
  /** @throws ValidationException where the path leads through what is not a map or list */
  set(path: Path, value: AttributeValue): void;
  remove(path: Path): void;
  /** @throws ValidationException as `set` does */
  checkPath(path: Path): void;
  finish(): Item;
}

type Members = Record<string, AttributeValue>;
/** A member of a list that is to go; positions count as they were before the update. */
type Elements = (AttributeValue | undefined)[];
type Container = { M?: Members; L?: Elements };

const invalidPath = () =>
  validationError('The document path provided in the update expression is invalid for update');

/** The container's copy, in place of it in its parent. */
function copyOf(value: AttributeValue): Container {
  const { M: map, L: list } = value as Container;
  if (map) return { M: { ...map } };
  return list ? { L: [...list] } : value;
}

function childOf({ M: map, L: list }: Container, step: string | number): AttributeValue | undefined {
  return typeof step === 'number' ? list?.[step] : map && memberOf(map, step);
}

export function createDraft(item: Item): Draft {
  const root: { M: Members } = { M: { ...item } };
  const copied = new Set<Container>([root]);
  /** Lists with members that are gone. */
  const gapped = new Set<Container>();
  /** What goes behind the end of lists, in the order of the positions that were named. */
  const behind: { readonly list: Container; readonly position: number; readonly value: AttributeValue }[] =
    [];

  /** What the last step of `path` is in, ready to be changed. */
  function parentOf(path: Path): Container {
    let container: Container = root;
    for (const step of path.slice(0, -1)) {
      const child = childOf(container, step);
      if (!child) throw invalidPath();
      const next = copied.has(child) ? child : copyOf(child);
      copied.add(next);
      if (typeof step === 'number') container.L![step] = next;
      else container.M![step] = next;
      container = next;
    }
    const fits = typeof path.at(-1) === 'number' ? container.L : container.M;
    if (!fits) throw invalidPath();
    return container;
  }

  return {
    get: (path) => valueAt(path, root.M),
    set(path, value) {
      const parent = parentOf(path);
      const last = path.at(-1)!;
      if (typeof last === 'string') parent.M![last] = value;
      else {
        const list = parent.L!;
        if (last < list.length) list[last] = value;
        else behind.push({ list: parent, position: last, value });
      }
    },
    remove(path) {
      const parent = parentOf(path);
      const last = path.at(-1)!;
      if (typeof last === 'string') delete parent.M![last];
      else if (last < parent.L!.length) {
        parent.L![last] = undefined;
        gapped.add(parent);
      }
    },
    checkPath: (path) => void parentOf(path),
    finish() {
      for (const { list, value } of behind.sort((a, b) => a.position - b.position)) list.L!.push(value);
      for (const container of gapped) container.L = container.L!.filter((each) => each !== undefined);
      return root.M;
    },
  };
}
