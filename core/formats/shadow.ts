// Documents of the AWS IoT device shadow: the reported state is measured, the desired state is not.
//
// @see https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html

import {
  hasOnly,
  isObject,
  leavesOf,
  type Draft,
  type Format,
  type Json,
  type Path,
  type Surroundings,
} from './draft.ts';
import { draftsOf, timeIn } from './samples.ts';

const MEMBERS = new Set(['state', 'metadata', 'version', 'timestamp', 'clientToken', 'previous', 'current']);
const STATES = new Set(['reported', 'desired', 'delta']);

export const shadow: Format = { name: 'aws-shadow', read };

/**
 * `state` with no other members than `reported`, `desired` and `delta`, or `previous` and `current` with such a state. A
 * delta message, whose `state` is desired, has `version`, `timestamp` and `metadata` beside it.
 */
function read(payload: unknown, surroundings: Surroundings): readonly Draft[] | undefined {
  if (!isObject(payload) || !hasOnly(payload, MEMBERS)) return undefined;
  const { state, current, metadata, version } = payload;
  const times = timeIn(payload, 'timestamp', []);
  if (isObject(current) && isState(current['state'])) {
    return readState(current['state'], current['metadata'], ['current'], times, surroundings);
  }
  if (isState(state)) return readState(state, metadata, [], times, surroundings);
  const isDelta = isObject(state) && isObject(metadata) && typeof version === 'number' && times.length > 0;
  return isDelta ? [] : undefined;
}

function isState(value: unknown): value is Json {
  return (
    isObject(value) &&
    Object.keys(value).length > 0 &&
    hasOnly(value, STATES) &&
    Object.values(value).every(isPart)
  );
}

const isPart = (value: unknown) => value === null || isObject(value);

function readState(
  state: Json,
  metadata: unknown,
  at: Path,
  times: Draft['times'],
  { readInner }: Surroundings,
): readonly Draft[] {
  const { reported } = state;
  if (!isObject(reported)) return [];
  const path = [...at, 'state', 'reported'];
  const known = isObject(metadata) ? metadata['reported'] : undefined;
  if (!isObject(known))
    return readInner(reported, path).map((draft) => ({ ...draft, times: [...draft.times, ...times] }));
  // Members that did not change keep their old time.
  const samples = leavesOf(reported, path).map((leaf) => {
    const found = memberAt(known, leaf.name);
    const own = isObject(found)
      ? timeIn(found, 'timestamp', [...at, 'metadata', 'reported', ...leaf.name])
      : [];
    return { ...leaf, times: own.length > 0 ? own : times };
  });
  return draftsOf(samples);
}

const memberAt = (value: Json, path: Path) =>
  path.reduce<unknown>((part, member) => (isObject(part) ? part[member] : undefined), value);
