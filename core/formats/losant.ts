// State messages of Losant, single or in an array.
//
// @see https://docs.losant.com/mqtt/overview/

import {
  hasOnly,
  isObject,
  isObjects,
  type Draft,
  type Format,
  type Json,
  type Path,
  type Surroundings,
  type TimeLeaf,
} from './draft.ts';
import { measuredAt } from './samples.ts';

const MEMBERS = new Set(['data', 'time', 'flowVersion']);

/** An object `data` with `time`, and nothing else except `flowVersion`. The least specific shape, so it is tried last. */
export const losant: Format = {
  name: 'losant',
  read(payload, surroundings) {
    if (isObject(payload)) return isState(payload) ? readState(payload, [], surroundings) : undefined;
    if (!isObjects(payload) || !payload.every(isState)) return undefined;
    return payload.flatMap((state, index) => readState(state, [String(index)], surroundings));
  },
};

const isState = (value: Json) =>
  isObject(value['data']) && value['time'] !== undefined && hasOnly(value, MEMBERS);

function readState(state: Json, at: Path, { readInner }: Surroundings): readonly Draft[] {
  const times = timesOf(state['time'], [...at, 'time']);
  return readInner(state['data'], [...at, 'data']).map((draft) => ({
    ...draft,
    times: [...draft.times, ...times],
  }));
}

/** A negative number is milliseconds before now; `{"$date": ..}` is a date in MongoDB's JSON. */
function timesOf(time: unknown, path: Path): TimeLeaf[] {
  if (typeof time === 'number' && time < 0)
    return [{ path, value: time / 1000, isStrict: true, isRelative: true }];
  if (isObject(time)) return [measuredAt([...path, '$date'], time['$date'])];
  return [measuredAt(path, time)];
}
