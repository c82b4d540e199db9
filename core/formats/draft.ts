// What a format makes of a payload: readings in the making, with the path of every value, so that whatever is left out has a name.

/** Member names and positions from the root of the payload. */
export type Path = readonly string[];

/** A value of the payload. */
export interface Leaf {
  readonly path: Path;
  /** The parts of the metric's name. */
  readonly name: Path;
  readonly value: unknown;
  /** As the payload or the format gives it, such as `Cel` or `hPa`. */
  readonly unit?: string;
}

/** A member that may have the time of the reading. */
export interface TimeLeaf {
  readonly path: Path;
  /** As `parseTimestamp` takes it. */
  readonly value: unknown;
  /** The format says that text without an offset is UTC. Otherwise nobody knows where the device is, and it is not used. */
  readonly isUtc?: boolean;
  /** A time that cannot be used rejects the reading; otherwise the next is tried, and at last the arrival counts. */
  readonly isStrict?: boolean;
  /** It is one, but nobody knows of what. */
  readonly isUnused?: boolean;
  /** `value` is a number of seconds after the arrival, negative for what was before it. */
  readonly isRelative?: boolean;
}

/** A reading in the making. */
export interface Draft {
  /** The part of the payload that it is; the whole, if absent. */
  readonly at?: Path;
  /** Which sensor behind the device measured it; absent: the device itself. */
  readonly child?: string;
  readonly id?: { readonly path: Path; readonly value: unknown };
  /** The first that can be used is the time of the reading. */
  readonly times: readonly TimeLeaf[];
  readonly values: readonly Leaf[];
  /** What people say of units, by metric; it counts more than what the payload says. */
  readonly units?: Readonly<Record<string, string>>;
  /** People want Celsius of what is in Fahrenheit or Kelvin. */
  readonly inCelsius?: boolean;
  /** Parts that are in no draft and that `unusedPaths` cannot see: of a text that is JSON, or lines that cannot be read. */
  readonly unmeasured?: readonly Path[];
  /** One sentence for a reading without a measurement: what the sender can do about it. */
  readonly remedy?: string;
}

/** What a format may look at beside the payload. */
export interface Surroundings {
  /** Topic levels below the device's. */
  readonly levels: readonly string[];
  /** Reads what an envelope holds, which may be of another format; `path` is where it is. */
  readonly readInner: (payload: unknown, path: Path) => readonly Draft[];
}

export interface Format {
  /** Such as `tasmota`. */
  readonly name: string;
  /** The readings of the payload; undefined when it is not of this format. Never throws. */
  readonly read: (payload: unknown, surroundings: Surroundings) => readonly Draft[] | undefined;
}

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Whether all members have one of the names. */
export function hasOnly(value: Json, names: ReadonlySet<string>): boolean {
  return Object.keys(value).every((name) => names.has(name));
}

/** Whether it is an array of one object at least, and of nothing else. */
export function isObjects(value: unknown): value is readonly Json[] {
  return Array.isArray(value) && value.length > 0 && value.every(isObject);
}

/** Deeper members are not looked into. */
const MAX_DEPTH = 12;

/**
 * The values of an object, in its order: nested objects one by one, an array or an empty object as a whole. `name` stands
 * before the names of all of them; `isLeft` tells which members to leave out, with what is below them.
 */
export function leavesOf(
  value: Json,
  path: Path,
  name: Path = [],
  isLeft: (member: string, depth: number) => boolean = () => false,
): Leaf[] {
  const leaves: Leaf[] = [];
  collect(value, path, name, 0);
  return leaves;

  function collect(object: Json, at: Path, called: Path, depth: number): void {
    for (const member of Object.keys(object)) {
      if (isLeft(member, depth)) continue;
      const inner = object[member];
      const leaf = { path: [...at, member], name: [...called, member], value: inner };
      if (isObject(inner) && depth < MAX_DEPTH && Object.keys(inner).length > 0) {
        collect(inner, leaf.path, leaf.name, depth + 1);
      } else {
        leaves.push(leaf);
      }
    }
  }
}

/** One name for a path, such as `rxInfo/0/rssi`, as a JSON Pointer writes it: https://www.rfc-editor.org/rfc/rfc6901 */
export function pathText(path: Path): string {
  return path.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
}

/** Tells the root from a member without a name, which `pathText` does not. */
const pathKey = (path: Path) =>
  path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** The paths of all that no draft has, each as high up as it can be named; the root only where it has no members. */
export function unusedPaths(payload: unknown, drafts: readonly Draft[]): Path[] {
  const used = new Set<string>();
  const above = new Set<string>(hasMembers(payload) ? [''] : []);
  const use = (path: Path) => {
    used.add(pathKey(path));
    for (let length = path.length - 1; length >= 0; length -= 1) above.add(pathKey(path.slice(0, length)));
  };
  for (const { id, times, values } of drafts) {
    if (id) use(id.path);
    for (const { path } of times) use(path);
    for (const { path } of values) use(path);
  }
  const unused: Path[] = [];
  const look = (value: unknown, path: Path): void => {
    const key = pathKey(path);
    if (used.has(key)) return;
    if (!above.has(key)) return void unused.push(path);
    // What is below a text was read out of it.
    if (typeof value !== 'object' || value === null) return;
    for (const member of Object.keys(value)) {
      look((value as Json)[member], [...path, member]);
    }
  };
  look(payload, []);
  return unused;
}

const hasMembers = (value: unknown) =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

/** The draft of a part, as one of the whole. */
export function below(draft: Draft, path: Path): Draft {
  const moved = <Part extends { readonly path: Path }>(part: Part): Part => ({
    ...part,
    path: [...path, ...part.path],
  });
  return {
    ...draft,
    at: [...path, ...(draft.at ?? [])],
    ...(draft.id && { id: moved(draft.id) }),
    times: draft.times.map(moved),
    values: draft.values.map(moved),
    ...(draft.unmeasured && { unmeasured: draft.unmeasured.map((unmeasured) => [...path, ...unmeasured]) }),
  };
}
