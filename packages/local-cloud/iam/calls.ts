// The calls that functions made: each kind once with a count, so that memory does not grow with the traffic.

import type { Need } from './need.ts';
import type { Verdict } from './role.ts';

/** One kind of call of one function: the first such call, and how many there were. */
export interface RecordedCall extends Need {
  /** Logical ID of the function. */
  readonly function: string;
  /** The statement that decided, as in `Verdict`. */
  readonly by: string;
  readonly allowed: boolean;
  readonly count: number;
}

export interface Calls {
  /** @returns true for the first of its kind */
  note(functionId: string, need: Need, verdict: Pick<Verdict, 'allowed' | 'by'>): boolean;
  /** Adds calls counted by another thread. @returns those that are the first of their kind here */
  add(calls: readonly RecordedCall[]): RecordedCall[];
  all(): RecordedCall[];
  /** All calls noted since the last `take`. */
  take(): RecordedCall[];
}

/** Kinds of one function; beyond this number, calls are distinguished only by action and service. */
const MOST_KINDS = 1_000;

// Objects are grouped by first folder, depth and extension: `bucket/raw/*/*.gz`.
function objectShape(bucket: string, key: string): string {
  const [first = '', ...rest] = key.split('/');
  if (rest.length === 0) return `${bucket}/${first}`;
  const ending = /\.[a-z]+$/i.exec(rest.at(-1)!)?.[0] ?? '';
  return [bucket, first, ...rest.slice(1).map(() => '*'), `*${ending}`].join('/');
}

/** Groups things, certificates, topics and so on by their kind; resources of the template keep their names. */
function shapeOf(resource: string): string {
  const [, , service, , , ...rest] = resource.split(':');
  const name = rest.join(':');
  if (service === 's3' && name.includes('/')) {
    const slash = name.indexOf('/');
    return objectShape(name.slice(0, slash), name.slice(slash + 1));
  }
  if (service === 'iot') return `${service}:${name.split('/', 1)[0]}`;
  return resource;
}

type Counted = { -readonly [K in keyof RecordedCall]: RecordedCall[K] };

const coarse = (call: RecordedCall) => `${call.action.split(':')[0]} ${call.resource.split(':')[2]}`;

export function createCalls(): Calls {
  const kinds = new Map<string, Counted>();
  const sizes = new Map<string, number>();
  const fresh = new Map<string, Counted>();

  function keyOf(call: RecordedCall): string {
    const about = `${call.function} ${call.action} ${call.allowed} ${call.by}`;
    const key = `${about} ${shapeOf(call.resource)}`;
    if (kinds.has(key) || (sizes.get(call.function) ?? 0) < MOST_KINDS) return key;
    return `${about} ${coarse(call)}`;
  }

  function put(map: Map<string, Counted>, key: string, call: RecordedCall): boolean {
    const known = map.get(key);
    if (known) known.count += call.count;
    else map.set(key, { ...call });
    return !known;
  }

  function addOne(call: RecordedCall): boolean {
    const key = keyOf(call);
    const isFirst = put(kinds, key, call);
    if (isFirst) sizes.set(call.function, (sizes.get(call.function) ?? 0) + 1);
    put(fresh, key, call);
    return isFirst;
  }

  return {
    note: (functionId, need, { allowed, by }) =>
      addOne({ function: functionId, ...need, by, allowed, count: 1 }),
    add: (calls) => calls.filter(addOne),
    all: () => [...kinds.values()].map((call) => ({ ...call })),
    take() {
      const taken = [...fresh.values()];
      fresh.clear();
      return taken;
    },
  };
}
