// An item during an update: each container is copied before it is changed, so the old item stays as it was.

import { validationError } from '../error.ts';
import { memberOf, valueAt, type AttributeValue, type Item, type Path } from '../values/attribute-value.ts';

export interface Draft {
  get(path: Path): AttributeValue | undefined;
  /** @throws ValidationException if the path leads through something that is not a map or list */
  set(path: Path, value: AttributeValue): void;
  remove(path: Path): void;
  /** @throws ValidationException as `set` does */
  checkPath(path: Path): void;
  finish(): Item;
}

type Members = Record<string, AttributeValue>;
/** `undefined` is a removed element: positions count as they were before the update. */
type Elements = (AttributeValue | undefined)[];
type Container = { M?: Members; L?: Elements };

const invalidPath = () =>
  validationError('The document path provided in the update expression is invalid for update');

/** A copy of the container, one level deep. */
function copyOf(value: AttributeValue): Container {
  const { M: map, L: list } = value as Container;
  if (map) return { M: { ...map } };
  return list ? { L: [...list] } : value;
}

function childOf({ M: map, L: list }: Container, step: string | number): AttributeValue | undefined {
  return typeof step === 'number' ? list?.[step] : map && memberOf(map, step);
}

/** A new element for the end of a list, at the position that the update names. */
interface Addition {
  readonly list: Container;
  readonly position: number;
  readonly value: AttributeValue;
}

interface State {
  readonly root: { M: Members };
  readonly copied: Set<Container>;
  /** Lists from which elements were removed. */
  readonly gapped: Set<Container>;
  readonly additions: Addition[];
}

/** The container of the path's last step, ready to be changed. */
function parentOf({ root, copied }: State, path: Path): Container {
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

function setAt(state: State, path: Path, value: AttributeValue): void {
  const parent = parentOf(state, path);
  const last = path.at(-1)!;
  if (typeof last === 'string') parent.M![last] = value;
  else if (last < parent.L!.length) parent.L![last] = value;
  else state.additions.push({ list: parent, position: last, value });
}

function removeAt(state: State, path: Path): void {
  const parent = parentOf(state, path);
  const last = path.at(-1)!;
  if (typeof last === 'string') delete parent.M![last];
  else if (last < parent.L!.length) {
    parent.L![last] = undefined;
    state.gapped.add(parent);
  }
}

function finish({ root, additions, gapped }: State): Item {
  for (const { list, value } of additions.sort((a, b) => a.position - b.position)) list.L!.push(value);
  for (const container of gapped) container.L = container.L!.filter((each) => each !== undefined);
  return root.M;
}

export function createDraft(item: Item): Draft {
  const root = { M: { ...item } };
  const state: State = { root, copied: new Set([root]), gapped: new Set(), additions: [] };
  return {
    get: (path) => valueAt(path, root.M),
    set: (path, value) => setAt(state, path, value),
    remove: (path) => removeAt(state, path),
    checkPath: (path) => void parentOf(state, path),
    finish: () => finish(state),
  };
}
