// What a format makes of a payload: drafts of readings, with the path of every value, so that everything left out can be named.

/** Member names and positions, from the root of the payload. */
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

/** A member that may hold the time of the reading. */
export interface TimeLeaf {
  readonly path: Path;
  /** In a form that `parseTimestamp` reads. */
  readonly value: unknown;
  /** The format defines that text without an offset is UTC. Otherwise its time zone is unknown, and the time is not used. */
  readonly isUtc?: boolean;
  /** If this time cannot be used, the reading is rejected; otherwise the next one is tried, and at last the arrival is used. */
  readonly isStrict?: boolean;
  /** It is a time, but not known to be the reading's. */
  readonly isUnused?: boolean;
  /** `value` is in seconds relative to the arrival; negative means before it. */
  readonly isRelative?: boolean;
}

/** A reading in preparation. */
export interface Draft {
  /** The part of the payload that the draft was made from; absent: the whole payload. */
  readonly at?: Path;
  /** The sensor behind the device that measured it; absent: the device itself. */
  readonly child?: string;
  readonly id?: { readonly path: Path; readonly value: unknown };
  /** The first one that can be used is the time of the reading. */
  readonly times: readonly TimeLeaf[];
  readonly values: readonly Leaf[];
  /** Units by metric that people have set; they override those in the payload. */
  readonly units?: Readonly<Record<string, string>>;
  /** People want Fahrenheit and Kelvin converted to Celsius. */
  readonly inCelsius?: boolean;
  /** Parts in no draft that `unusedPaths` cannot find: inside a text that is JSON, or lines that cannot be read. */
  readonly unmeasured?: readonly Path[];
  /** For a reading without a measurement: what the sender can do about it, in one sentence. */
  readonly remedy?: string;
}

/** What a format may read besides the payload. */
export interface Surroundings {
  /** Topic levels below the device's. */
  readonly levels: readonly string[];
  /** Reads the content of an envelope, which may have another format; `path` is its place. */
  readonly readInner: (payload: unknown, path: Path) => readonly Draft[];
}

export interface Format {
  /** Such as `tasmota`. */
  readonly name: string;
  /** The readings of the payload; undefined if it does not have this format. Never throws. */
  readonly read: (payload: unknown, surroundings: Surroundings) => readonly Draft[] | undefined;
}

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Whether the object has no other members than these. */
export function hasOnly(value: Json, names: ReadonlySet<string>): boolean {
  return Object.keys(value).every((name) => names.has(name));
}

/** Whether it is an array of objects, at least one, and of nothing else. */
export function isObjects(value: unknown): value is readonly Json[] {
  return Array.isArray(value) && value.length > 0 && value.every(isObject);
}

/** Deeper members are not read. */
const MAX_DEPTH = 12;

/**
 * The values of an object, in its order: nested objects one by one, an array or an empty object as one value. `name` is put
 * before all their names; `isSkipped` says which members to leave out, including everything below them.
 */
export function leavesOf(
  value: Json,
  path: Path,
  name: Path = [],
  isSkipped: (member: string, depth: number) => boolean = () => false,
): Leaf[] {
  const leaves: Leaf[] = [];
  collect(value, path, name, 0);
  return leaves;

  function collect(object: Json, at: Path, called: Path, depth: number): void {
    for (const member of Object.keys(object)) {
      if (isSkipped(member, depth)) continue;
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

/** One name for a path, such as `rxInfo/0/rssi`, written as a JSON Pointer: https://www.rfc-editor.org/rfc/rfc6901 */
export function pathText(path: Path): string {
  return path.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
}

/** Unlike `pathText`, it distinguishes the root from a member with an empty name. */
const pathKey = (path: Path) =>
  path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** The paths of everything that no draft uses, as close to the root as possible; the root itself only if it has no members. */
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
  const visit = (value: unknown, path: Path): void => {
    const key = pathKey(path);
    if (used.has(key)) return;
    if (!above.has(key)) return void unused.push(path);
    // Anything below a text was read from the text.
    if (typeof value !== 'object' || value === null) return;
    for (const member of Object.keys(value)) {
      visit((value as Json)[member], [...path, member]);
    }
  };
  visit(payload, []);
  return unused;
}

const hasMembers = (value: unknown) =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

/** The draft of a part, with its paths from the root of the whole. */
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
